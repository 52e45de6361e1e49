import { Hono } from 'hono';
import { streamSSE, streamText } from 'hono/streaming';
import { assert, test } from 'vitest';
import { pomerium } from '../../../adapters/hono/index.ts';
import { staticKeys } from '../../../core/index.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW } from '../../support/issuer.ts';

/** An app whose answer goes on when the reader says so. */
function makeApp() {
  let goOn = () => {};
  const read = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const app = new Hono()
    .use(pomerium({ audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW }))
    .get('/text', (c) =>
      streamText(c, async (stream) => {
        await stream.write(c.var.identity.subject);
        await read;
        await stream.write('end');
      }),
    )
    .get('/events', (c) =>
      streamSSE(c, async (stream) => {
        await stream.writeSSE({ data: c.var.identity.subject });
        await read;
        await stream.writeSSE({ data: 'end' });
      }),
    );
  return { app, goOn };
}

for (const [path, first, last] of [
  ['/text', 'u-alice', 'end'],
  ['/events', 'data: u-alice\n\n', 'data: end\n\n'],
] as const) {
  test(`an answer that streams goes through as it comes, marked for one identity: ${path}`, async () => {
    const { app, goOn } = makeApp();
    const response = await app.request(path, { headers: SENDERS.alice });
    assert.equal(response.headers.get('vary'), ASSERTION);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader?.read())?.value, first);
    goOn();
    assert.equal((await reader?.read())?.value, last);
    assert.equal((await reader?.read())?.done, true);
  });
}
