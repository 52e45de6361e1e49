import { requireIdentity } from 'pomerium-edge/next';

export async function GET() {
  const { user, email, groups } = await requireIdentity();
  return Response.json({ user, email, groups }, { headers: { 'cache-control': 'private, no-store' } });
}
