import Link from 'next/link';
import { getIdentity } from 'pomerium-edge/next';
import { Suspense } from 'react';

/** For everybody; it knows who is signed in, if anybody is. */
export default function Home() {
  return (
    <>
      <Suspense fallback={<p>…</p>}>
        <Greeting />
      </Suspense>
      <nav>
        {/* No prefetching: of a page that is refused it would only make noise. */}
        <Link href="/account" prefetch={false}>
          Your account
        </Link>
        <Link href="/admin" prefetch={false}>
          Administration
        </Link>
        <a href="/api/me">The API</a>
      </nav>
    </>
  );
}

async function Greeting() {
  const identity = await getIdentity();
  return (
    <>
      <h1>{identity ? `Hello, ${identity.name ?? identity.email ?? identity.user}` : 'Hello, whoever you are'}</h1>
      <p>
        {identity
          ? 'You came through Pomerium.'
          : 'You did not come through Pomerium: this page is all there is for you.'}
      </p>
    </>
  );
}
