import { unstable_cache } from 'next/cache';
import { getIdentity } from 'pomerium-edge/next';

/** A mistake: what it keeps is for everybody. */
const keptSubject = unstable_cache(async () => (await getIdentity())?.subject);

/** It asks before, as a layout may, so that React remembers the identity. */
export default async function Kept() {
  const identity = await getIdentity();
  return (
    <p>
      {identity?.subject}, {await keptSubject()}
    </p>
  );
}
