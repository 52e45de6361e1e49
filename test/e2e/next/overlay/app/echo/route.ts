import { getIdentity } from 'pomerium-edge/next';

/** What reaches the app's code. */
export async function GET(request: Request) {
  return Response.json({ headers: Object.fromEntries(request.headers), identity: (await getIdentity())?.subject });
}
