import { requireIdentity } from 'pomerium-edge/next';
import { Suspense } from 'react';

const policy = { allow: { or: [{ groups: 'admins' }] } };

export default function Admin() {
  return (
    <Suspense fallback={<p>…</p>}>
      <Welcome />
    </Suspense>
  );
}

async function Welcome() {
  const identity = await requireIdentity({ policy });
  return (
    <>
      <h1>Administration</h1>
      <p>Welcome, {identity.name ?? identity.user}.</p>
    </>
  );
}
