import { requireIdentity } from 'pomerium-edge/next';
import { Suspense } from 'react';

async function emailOf() {
  'use cache: private';
  return (await requireIdentity()).email;
}

export default function Kept() {
  return (
    <Suspense fallback={<p>…</p>}>
      <Email />
    </Suspense>
  );
}

async function Email() {
  return <p>kept for {await emailOf()}</p>;
}
