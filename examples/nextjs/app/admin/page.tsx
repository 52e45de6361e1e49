import { requireIdentity } from 'pomerium-edge/next';

const policy = { allow: { or: [{ groups: 'admins' }] } };

export default async function Admin() {
  const identity = await requireIdentity({ policy });
  return (
    <>
      <h1>Administration</h1>
      <p>Welcome, {identity.name ?? identity.user}.</p>
    </>
  );
}
