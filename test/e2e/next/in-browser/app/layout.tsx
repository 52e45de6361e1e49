import { getIdentity } from 'pomerium-edge/next';
import { IdentityProvider, toClientIdentity } from 'pomerium-edge/react';
import { type ReactNode, Suspense } from 'react';
import './style.css';
import { Who } from './who';

export const metadata = { title: 'Behind Pomerium' };

/** Waits for nothing: who it is comes when it is known. */
export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <IdentityProvider identity={getIdentity().then(toClientIdentity)}>
          <header>
            <Suspense fallback="…">
              <Who />
            </Suspense>
          </header>
          <main>{children}</main>
        </IdentityProvider>
      </body>
    </html>
  );
}
