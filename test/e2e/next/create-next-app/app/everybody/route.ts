import { connection } from 'next/server';
import { getIdentity } from 'pomerium-edge/next';

/** A mistake: what is cached is for everybody. */
async function subjectOf() {
  'use cache';
  return (await getIdentity())?.subject;
}

export async function GET() {
  await connection();
  return Response.json({ subject: await subjectOf() });
}
