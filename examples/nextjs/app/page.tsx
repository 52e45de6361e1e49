import { getIdentity } from 'pomerium-edge/next';

/** For everybody; it knows who is signed in, if anybody is. */
export default async function Home() {
  const identity = await getIdentity();
  return (
    <>
      <h1>{identity ? `Hello, ${identity.name ?? identity.email ?? identity.user}` : 'Hello, whoever you are'}</h1>
      <p>
        {identity
          ? 'You came through Pomerium.'
          : 'You did not come through Pomerium: this page is all there is for you.'}
      </p>
      <nav>
        {/* Plain links: a prefetch of a page that is refused would only make noise. */}
        <a href="/account">Your account</a>
        <a href="/admin">Administration</a>
        <a href="/api/me">The API</a>
      </nav>
    </>
  );
}
