import Link from 'next/link';
import { requireIdentity } from 'pomerium-edge/next';
import { Suspense } from 'react';
import { toPerson } from '../person';
import { Note } from './note';

/** What does not depend on who asks is made by the build; what does comes when it is known, from below `<Suspense>`. */
export default function Account() {
  return (
    <>
      <h1>Your account</h1>
      <Suspense fallback={<p>…</p>}>
        <Profile />
      </Suspense>
      <nav>
        <Link href="/">Home</Link>
      </nav>
    </>
  );
}

async function Profile() {
  const identity = await requireIdentity();
  return (
    <>
      <dl>
        <dt>Name</dt>
        <dd>{identity.name ?? '–'}</dd>
        <dt>E-mail</dt>
        <dd>{identity.email ?? '–'}</dd>
        <dt>Groups</dt>
        <dd>{identity.groups.join(', ') || 'none'}</dd>
        <dt>Known until</dt>
        <dd>{new Date(identity.expiresAt * 1000).toISOString()}</dd>
      </dl>
      <Note person={toPerson(identity)} />
    </>
  );
}
