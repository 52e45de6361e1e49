import {
  ASSERTION_FOR_HEADER,
  ASSERTION_HEADER,
  assertionsIn,
  holdsOneOf,
  isPomeriumHeader,
} from '../../core/adapter.ts';

/*
 * How middleware tells Vercel and Next.js what a request becomes: the names of all headers that it then has in
 * `x-middleware-override-headers`, their values in `x-middleware-request-<name>` (`NextResponse.next`, `next` of
 * `@vercel/functions`).
 */
const NEXT = 'x-middleware-next';
const REWRITE = 'x-middleware-rewrite';
const NAMES = 'x-middleware-override-headers';
const VALUE = 'x-middleware-request-';

/** The answer of middleware that has nothing to say. */
export function nextResponse(): Response {
  return new Response(null, { headers: { [NEXT]: '1' } });
}

/** Whether the answer lets the request on, to where it was sent or elsewhere (a rewrite). */
export function letsOn({ headers }: Response): boolean {
  return headers.has(NEXT) || headers.has(REWRITE);
}

/** Whether the answer sends the request to another origin than these. */
export function leavesOrigins({ headers }: Response, urls: readonly [string, ...string[]]): boolean {
  const target = headers.get(REWRITE);
  if (target === null) return false;
  const [base] = urls;
  return !URL.canParse(target, base) || !urls.some((url) => new URL(url).origin === new URL(target, base).origin);
}

/**
 * The headers with which the user's own middleware lets a request on. `forwarded`: those that the gate lets on. It may set
 * and leave out what it likes, but Pomerium's headers are those of the gate or none.
 */
export function requestHeaders({ headers }: Response, forwarded: Headers): Headers {
  const named = headers.get(NAMES);
  if (named === null) return forwarded;
  const wanted = new Headers();
  for (const name of named.split(',').map((one) => one.trim())) {
    const value = isPomeriumHeader(name) ? forwarded.get(name) : headers.get(VALUE + name);
    if (value !== null) wanted.set(name, value);
  }
  return wanted;
}

/** These headers without the assertion that `forwarded` has, in whichever header it stands. */
export function withoutAssertion(headers: Headers, forwarded: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of [ASSERTION_HEADER, ASSERTION_FOR_HEADER]) kept.delete(name);
  if (holdsOneOf(assertionsIn(forwarded), kept.get('authorization') ?? '')) kept.delete('authorization');
  return kept;
}

/** The answer that lets the request on with these headers and no others. `more`: headers of the answer. */
export function passOn(
  answer: Response,
  wanted: Headers,
  more: readonly (readonly [name: string, value: string])[],
): Response {
  const headers = new Headers(answer.headers);
  for (const name of answer.headers.keys()) if (name.startsWith(VALUE)) headers.delete(name);
  for (const [name, value] of wanted) headers.set(VALUE + name, value);
  // An empty list would be read as none, and let every header on: a name without a value is a header that is not there.
  headers.set(NAMES, [...wanted.keys()].join(',') || ASSERTION_HEADER);
  for (const [name, value] of more) headers.set(name, value);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}
