import { toHex } from '../core/hex.ts';
import { seedBytes } from './seed.ts';

/** What can be wrong with the endpoint that publishes the keys. */
export type Fault = 'down' | 'slow' | 'garbage' | 'html' | 'redirect' | 'keys-null' | 'too-large' | 'error';

export interface JwksAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer of `internal/handlers/jwks.go`: an ETag of the document, 304 for who has it, a minute's `max-age`, CORS. */
export async function answerJwks(document: object, ifNoneMatch: string | null | undefined): Promise<JwksAnswer> {
  const body = JSON.stringify(document);
  const etag = `"${toHex((await seedBytes(body)).slice(0, 8))}"`;
  const headers = {
    'access-control-allow-origin': '*',
    'cache-control': 'max-age=60',
    'content-type': 'application/json',
    etag,
    vary: 'Accept-Encoding,Origin',
  };
  return ifNoneMatch === etag ? { status: 304, headers, body: '' } : { status: 200, headers, body };
}

/** The same with a fault that is an answer; `down` and `slow` are none. */
export function answerFaulty(fault: Exclude<Fault, 'down' | 'slow'>): JwksAnswer {
  const json = { 'content-type': 'application/json', 'cache-control': 'max-age=60' };
  switch (fault) {
    case 'garbage':
      return { status: 200, headers: json, body: '{"keys":[{"kty"' };
    case 'html':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' };
    case 'redirect':
      return { status: 302, headers: { location: 'https://elsewhere.invalid/jwks.json' }, body: '' };
    case 'keys-null':
      return { status: 200, headers: json, body: '{"keys":null}' };
    case 'too-large':
      return { status: 200, headers: json, body: `{"keys":[],"padding":"${'x'.repeat(100_000)}"}` };
    case 'error':
      return { status: 500, headers: { 'content-type': 'text/html' }, body: 'Internal Server Error' };
  }
}
