'use client';

import Link from 'next/link';
import { isSignedOut } from 'pomerium-edge/react';
import { useState } from 'react';

/** What `fetch` says, and whether that means that nobody is signed in. */
async function ask(accept?: string): Promise<string> {
  try {
    const { status } = await fetch('/api/me', accept === undefined ? {} : { headers: { accept } });
    return `answered ${status}`;
  } catch (error) {
    return `${error}, signed out: ${await isSignedOut(error)}`;
  }
}

export function Session() {
  const [result, setResult] = useState('');
  return (
    <>
      <h1>Session</h1>
      <button type="button" onClick={async () => setResult(await ask())}>
        Ask
      </button>
      <button type="button" onClick={async () => setResult(await ask('application/json'))}>
        Ask for JSON
      </button>
      <Link href="/account" prefetch={false}>
        Go to your account
      </Link>
      <p role="status">{result}</p>
    </>
  );
}
