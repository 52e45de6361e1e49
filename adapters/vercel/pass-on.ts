import { ASSERTION_HEADER, isPomeriumHeader } from '../../core/adapter.ts';

/*
 * How middleware tells Vercel and Next.js what a request becomes: the names of all headers that it then has in
 * `x-middleware-override-headers`, their values in `x-middleware-request-<name>` (`NextResponse.next`, `next` of
 * `@vercel/functions`).
 */
const NAMES = 'x-middleware-override-headers';
const VALUE = 'x-middleware-request-';

/** The answer that lets a request on, with these headers and no others. */
export function passOn(headers: Headers): Response {
  return withRequestHeaders(new Response(null, { headers: { 'x-middleware-next': '1' } }), headers);
}

/**
 * What a user's own middleware answered, where that lets the request on (also elsewhere: a rewrite): its request headers as
 * it wants them, but of Pomerium's only the verified ones.
 */
export function keepVerified(answer: Response, verified: Headers): Response {
  if (!answer.headers.has('x-middleware-next') && !answer.headers.has('x-middleware-rewrite')) return answer;
  const named = answer.headers.get(NAMES);
  if (named === null) return withRequestHeaders(answer, verified);
  const wanted = new Headers();
  for (const name of named.split(',').map((one) => one.trim())) {
    const value = answer.headers.get(VALUE + name);
    if (value !== null && !isPomeriumHeader(name)) wanted.set(name, value);
  }
  for (const [name, value] of verified) if (isPomeriumHeader(name)) wanted.set(name, value);
  return withRequestHeaders(answer, wanted);
}

function withRequestHeaders(answer: Response, wanted: Headers): Response {
  const headers = new Headers(answer.headers);
  for (const name of answer.headers.keys()) if (name.startsWith(VALUE)) headers.delete(name);
  for (const [name, value] of wanted) headers.set(VALUE + name, value);
  // An empty list would be read as none, and let every header on: a name without a value is a header that is not there.
  headers.set(NAMES, [...wanted.keys()].join(',') || ASSERTION_HEADER);
  // What is answered to one identity is not for another, whatever cache stands before.
  headers.append('vary', ASSERTION_HEADER);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}
