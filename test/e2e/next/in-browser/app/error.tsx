'use client';

import { isSignedOut } from 'pomerium-edge/react';
import { useEffect, useState } from 'react';

/** Shows what the error says, so that tests can read it. */
export default function Failure({ error, reset }: { error: Error; reset: () => void }) {
  const [signedOut, setSignedOut] = useState<boolean>();
  useEffect(() => void isSignedOut(error).then(setSignedOut), [error]);
  return (
    <>
      <h1>{signedOut ? 'You are signed out' : 'Something went wrong'}</h1>
      <p role="status">{signedOut === undefined ? '…' : error.message}</p>
      <button type="button" onClick={signedOut ? () => window.location.reload() : reset}>
        {signedOut ? 'Sign in again' : 'Try again'}
      </button>
    </>
  );
}
