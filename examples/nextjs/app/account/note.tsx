'use client';

import { useActionState } from 'react';
import type { Person } from '../person';
import { saveNote } from './actions';

/** A client component is given the person as a typed prop: it has no way to verify, and decides nothing. */
export function Note({ person }: { person: Person }) {
  const [saved, save, isPending] = useActionState(saveNote, undefined);
  return (
    <form action={save}>
      <p>
        <label htmlFor="note">A note by {person.name ?? person.user}</label>
      </p>
      <input id="note" name="note" required />{' '}
      <button type="submit" disabled={isPending}>
        Save
      </button>
      <p role="status">{saved && `Saved “${saved.note}” for ${saved.by}.`}</p>
    </form>
  );
}
