import { getIdentity } from 'pomerium-edge/next';
import { Suspense } from 'react';

export async function generateMetadata() {
  return { title: `Page of ${(await getIdentity())?.email}` };
}

export default function Titled() {
  return (
    <Suspense fallback={<p>…</p>}>
      <Subject />
    </Suspense>
  );
}

async function Subject() {
  return <p>subject {(await getIdentity())?.subject}</p>;
}
