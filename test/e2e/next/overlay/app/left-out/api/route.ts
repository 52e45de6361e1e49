import { requireIdentity } from 'pomerium-edge/next';

export async function GET() {
  const { subject } = await requireIdentity();
  return Response.json({ secret: subject });
}
