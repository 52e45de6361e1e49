import { assert, describe, test } from 'vitest';
import type { CloudflareOptions } from '../../../adapters/cloudflare/index.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { PROTECT } from './protected.ts';

interface WorkersWebSocket extends WebSocket {
  accept(): void;
}
type WorkersResponse = Response & { readonly webSocket?: WorkersWebSocket | null };
declare const WebSocketPair: new () => { 0: WorkersWebSocket; 1: WorkersWebSocket };

const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS: jwks(key) };
const options: CloudflareOptions = { now: () => NOW };
/** Of an assertion that is good for one more millisecond, tolerance included. */
const ending = { [ASSERTION]: await sign(key, { exp: NOW - 59.999 }) };

const SWITCHES: [name: string, options: CloudflareOptions, vars: object][] = [
  ['by the option', { endAtExpiry: true }, {}],
  ['by the variable', {}, { POMERIUM_END_AT_EXPIRY: 'true' }],
  ['by the variable as a boolean', {}, { POMERIUM_END_AT_EXPIRY: true }],
];
const NOT: [name: string, options: CloudflareOptions, vars: object][] = [
  ['by default', {}, {}],
  ['by the option', { endAtExpiry: false }, { POMERIUM_END_AT_EXPIRY: 'true' }],
];

for (const [name, protect] of Object.entries(PROTECT)) {
  describe(`${name}, when the assertion ends,`, () => {
    /** An answer with a WebSocket, and the end of it that the code holds. */
    async function upgrade(more: CloudflareOptions, vars: object, headers: Record<string, string>) {
      const { 0: client, 1: server } = new WebSocketPair();
      const init = { status: 101, webSocket: client, headers: { 'x-mine': '1' } };
      const worker = protect(() => new Response(null, init), { ...options, ...more });
      const request = new Request(`https://${HOST}/`, { headers: { ...headers, upgrade: 'websocket' } });
      const response: WorkersResponse = await worker(request, { ...env, ...vars });
      return { response, server, client };
    }

    for (const [how, more, vars] of SWITCHES) {
      test(`closes a WebSocket, asked for ${how}`, async () => {
        const { response, server } = await upgrade(more, vars, ending);
        assert.equal(response.status, 101);
        const closed = new Promise((resolve) => {
          server.addEventListener('close', ({ code, reason }) => resolve([code, reason]));
        });
        server.accept();
        response.webSocket?.accept();
        assert.deepEqual(await closed, [1008, 'The assertion expired']);
      });

      test(`ends a stream, asked for ${how}`, async () => {
        let cancelled: (reason: unknown) => void = () => {};
        const end = new Promise((resolve) => {
          cancelled = resolve;
        });
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('first')),
          cancel: (reason) => cancelled(reason),
        });
        const worker = protect(() => new Response(body), { ...options, ...more });
        const response = await worker(new Request(`https://${HOST}/`, { headers: ending }), { ...env, ...vars });
        assert.equal(response.headers.get('vary'), ASSERTION);
        assert.match(String(await response.text().catch((error) => error)), /The assertion expired/);
        assert.match(String(await end), /The assertion expired/);
      });
    }

    for (const [how, more, vars] of NOT) {
      test(`leaves a WebSocket as it is, ${how}`, async () => {
        const { response, client } = await upgrade(more, vars, ending);
        assert.equal(response.webSocket, client, 'the very one');
        assert.equal(response.headers.get('x-mine'), '1');
        assert.isNull(response.headers.get('vary'));
      });
    }

    test('leaves what is for nobody as it is', async () => {
      const more: CloudflareOptions = { endAtExpiry: true, rules: [{ prefix: '/', access: 'public' }] };
      const { response, client } = await upgrade(more, {}, {});
      assert.equal(response.webSocket, client);
    });

    test('lets an answer end by itself before', async () => {
      const worker = protect(() => new Response('whole', { status: 203 }), { ...options, endAtExpiry: true });
      const response = await worker(new Request(`https://${HOST}/`, { headers: SENDERS.alice }), env);
      assert.equal(response.status, 203);
      assert.equal(await response.text(), 'whole');
    });
  });
}
