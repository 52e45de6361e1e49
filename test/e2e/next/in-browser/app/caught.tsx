'use client';

import { isSignedOut } from 'pomerium-edge/react';
import { useState } from 'react';
import { saveNote } from './account/actions';

/** Calls the action by itself, and catches what it rejects with. */
export function Caught() {
  const [result, setResult] = useState('');
  const call = () =>
    saveNote(undefined, new FormData()).then(
      ({ by }) => setResult(`Saved by ${by}.`),
      async (error) => setResult(`Signed out: ${await isSignedOut(error)}`),
    );
  return (
    <>
      <button type="button" onClick={call}>
        Call
      </button>
      <p role="status">{result}</p>
    </>
  );
}
