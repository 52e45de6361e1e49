import { pomeriumUrls } from '../../core/pomerium-urls.ts';
import { SIGNED_OUT } from '../../core/signed-out.ts';

/** Ends the `digest` of an error of Next.js's `unauthorized()`, in the browser, too; its message is React's, and says nothing. */
const UNAUTHORIZED = /;401$/;

/**
 * Whether a server action or a `fetch` failed because nobody is signed in any more, so that a page can offer to sign in again:
 * `location.reload()`, which Pomerium answers with its sign-in. For the browser.
 *
 * The gate's own answer is told by its sentence, and that of `requireIdentity()` in a server action by its digest. What Pomerium
 * answers is a redirect to its sign-in on another host, which browsers report as a failed connection (`TypeError: Failed to fetch`):
 * then Pomerium is asked who is signed in (`/.pomerium/user`, of version 0.27 and later). False for every other error, and where
 * Pomerium cannot be reached. Never rejects.
 *
 * @example
 * ```tsx
 * // app/error.tsx
 * const [signedOut, setSignedOut] = useState(false);
 * useEffect(() => void isSignedOut(error).then(setSignedOut), [error]);
 * ```
 */
export async function isSignedOut(error: unknown): Promise<boolean> {
  if (!(error instanceof Error)) return false;
  const { digest = '' }: Error & { digest?: string } = error;
  if (error.message === SIGNED_OUT || UNAUTHORIZED.test(digest)) return true;
  if (error.name !== 'TypeError') return false;
  try {
    const { status } = await fetch(pomeriumUrls().user, {
      cache: 'no-store',
      redirect: 'manual',
      headers: { accept: 'application/json' },
    });
    return status === 401;
  } catch {
    return false;
  }
}
