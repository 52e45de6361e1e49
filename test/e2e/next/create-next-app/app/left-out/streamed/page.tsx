import { requireIdentity } from 'pomerium-edge/next';
import { Suspense } from 'react';

/** The matcher leaves this path out: nothing guards it but this, which comes after the status. */
export default function Streamed() {
  return (
    <Suspense fallback={<p>…</p>}>
      <Secret />
    </Suspense>
  );
}

async function Secret() {
  return <p>secret for {(await requireIdentity()).subject}</p>;
}
