import type { NextApiRequest, NextApiResponse } from 'next';
import { getIdentity } from 'pomerium-edge/next';

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  const identity = await getIdentity(req);
  res.status(identity ? 200 : 401).json({ subject: identity?.subject ?? null });
}
