import type { NextApiRequest, NextApiResponse } from 'next';
import { PomeriumError } from 'pomerium-edge';
import { requireIdentity } from 'pomerium-edge/next';

const policy = { allow: { or: [{ groups: 'admins' }] } };

export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  try {
    const identity = await ('bare' in req.query ? requireIdentity() : requireIdentity(req, { policy }));
    res.json({ subject: identity.subject });
  } catch (error) {
    if (!(error instanceof PomeriumError)) throw error;
    res.status(error.status).json({ code: error.code, ...(error.status === 500 && { message: error.message }) });
  }
}
