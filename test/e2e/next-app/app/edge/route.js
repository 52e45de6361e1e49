import { subject } from '../../verify.js';

export const runtime = 'edge';
export const GET = async () => new Response(await subject());
