'use client';

import { pomeriumUrls, useIdentity } from 'pomerium-edge/react';
import { useEffect, useState } from 'react';

export function Who() {
  const identity = useIdentity();
  const [isHydrated, setHydrated] = useState(false);
  useEffect(() => setHydrated(true), []);
  const urls = pomeriumUrls();
  return (
    <p data-hydrated={isHydrated}>
      {identity ? `${identity.name} (${Object.keys(identity).join()})` : 'Nobody'} <a href={urls.signOut}>Sign out</a>
    </p>
  );
}
