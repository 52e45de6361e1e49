import { requireIdentity } from 'pomerium-edge/next';
import { toPerson } from '../person.ts';
import { Note } from './note.tsx';

export default async function Account() {
  const identity = await requireIdentity();
  return (
    <>
      <h1>Your account</h1>
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
      <nav>
        <a href="/">Home</a>
      </nav>
    </>
  );
}
