import { requireIdentity } from 'pomerium-edge/next';

/** The matcher leaves this path out: nothing guards it but this. */
export default async function LeftOut() {
  const identity = await requireIdentity();
  return <p>secret for {identity.subject}</p>;
}
