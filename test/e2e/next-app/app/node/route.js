import { subject } from '../../verify.js';

export const dynamic = 'force-dynamic';
export const GET = async () => new Response(await subject());
