import { requireIdentity } from 'pomerium-edge/next';

export default async function LeftOutAdmin() {
  const identity = await requireIdentity({ policy: { allow: { or: [{ groups: 'admins' }] } } });
  return <p>secret for {identity.subject}</p>;
}
