import { getIdentity } from 'pomerium-edge/next';

export const runtime = 'edge';

export async function GET() {
  return Response.json({ identity: (await getIdentity())?.subject });
}
