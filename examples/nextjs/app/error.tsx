'use client';

import { isSignedOut } from 'pomerium-edge/react';
import { useEffect, useState } from 'react';

/** For a session that ended, and for all else, such as keys that cannot be had: nobody can tell then who it is. */
export default function Failure({ error, reset }: { error: Error; reset: () => void }) {
  const [signedOut, setSignedOut] = useState(false);
  useEffect(() => void isSignedOut(error).then(setSignedOut), [error]);
  return (
    <>
      <h1>{signedOut ? 'You are signed out' : 'Something went wrong'}</h1>
      <p>
        <button type="button" onClick={signedOut ? () => window.location.reload() : reset}>
          {signedOut ? 'Sign in again' : 'Try again'}
        </button>
      </p>
    </>
  );
}
