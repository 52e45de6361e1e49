import { readText } from '../input.ts';
import { UsageError } from '../output.ts';
import type { Attack } from './attacks.ts';
import type { Finding } from './finding.ts';
import { isOfPomerium } from './pomerium.ts';
import type { Answer } from './send.ts';

const PATH = '/.pomerium/jwt';

/** Somebody's session at Pomerium. */
export interface Session {
  /** Of the route. */
  readonly origin: string;
  /** The value of the Cookie header. */
  readonly cookie: string;
}

/**
 * A cookie as it is given: `name=value`, or else a file that holds it, which no list of processes shows.
 * @throws {UsageError}
 */
export async function readCookie(given: string): Promise<string> {
  // A value without its name is no file, either, and is not shown.
  const text = given.includes('=') ? given : await readText(given).catch(() => '');
  const cookie = text.trim().replace(/^cookie:\s*/i, '');
  if (/^[\x20-\x7e]+=[\x20-\x7e]*$/.test(cookie)) return cookie;
  throw new UsageError('--cookie takes a line such as "_pomerium=…", or a file that can be read and holds it.');
}

/** Somebody's request for an assertion, straight from Pomerium. */
export function requestForAssertion(cookie: string): Attack {
  return { name: `${PATH}, with a session`, path: PATH, headers: [['Cookie', cookie]], expect: 'refused' };
}

const FIX =
  'Take the runtime flag pomerium_jwt_endpoint away (Pomerium before 0.27 has it always), or let the endpoint ask for a policy itself (POMERIUM_ROUTES, POMERIUM_POLICY), and accept this with --public /.pomerium/jwt';

/** Pomerium's deprecated endpoint signs for everybody who is signed in, also for those whom the route's policy refuses. */
export function judgeAssertionGiven({ name }: Attack, answer: Answer): Finding {
  const { status, body } = answer;
  const finding = (verdict: Finding['verdict'], detail: string): Finding => ({ name, verdict, status, detail });
  if (isOfPomerium(answer) && status < 400)
    return finding('unclear', 'the cookie is of no session: sign in, and copy it again');
  if (status >= 400 && status < 500) return finding('as it should', 'Pomerium gives no assertion away');
  const isAssertion = status >= 200 && status < 300 && /^\s*"?[\w-]+\.[\w-]+\.[\w-]+"?\s*$/.test(body);
  if (!isAssertion) return finding('unclear', 'neither an assertion nor a refusal: is this Pomerium?');
  return { ...finding('let in', 'Pomerium gives an assertion to whom the route’s policy refuses, too'), fix: FIX };
}
