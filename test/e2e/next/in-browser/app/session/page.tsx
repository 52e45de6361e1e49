import { requireIdentity } from 'pomerium-edge/next';
import { Suspense } from 'react';
import { Session } from './session';

export default function Page() {
  return (
    <Suspense>
      <Guarded />
    </Suspense>
  );
}

async function Guarded() {
  await requireIdentity();
  return <Session />;
}
