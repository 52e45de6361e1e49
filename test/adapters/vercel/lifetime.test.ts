import { assert, describe, test } from 'vitest';
import { createMiddleware } from '../../../adapters/vercel/index.ts';
import type { PomeriumEvent } from '../../../core/index.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';
import { ASSERTION, key, requestWith } from './support.ts';

const CONTEXT = Symbol.for('@vercel/request-context');

describe('a refresh in the background', () => {
  /** Keys that are fresh at `NOW` and stale two minutes later, and what a request then does with `context`. */
  async function refreshes(context: object | undefined, lent: object | undefined) {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    let now = NOW;
    const events: PomeriumEvent[] = [];
    process.env['POMERIUM_JWKS_URL'] = origin.url;
    Object.assign(globalThis, { [CONTEXT]: lent && { get: () => lent } });
    try {
      const middleware = createMiddleware({ audience: HOST, now: () => now, onEvent: (event) => events.push(event) });
      const late = await sign(key, { exp: NOW + 900 });
      await middleware(requestWith({ [ASSERTION]: late }), context as never);
      now += 120;
      const answer = await middleware(requestWith({ [ASSERTION]: late }), context as never);
      assert.equal(answer.status, 200);
      return { count: () => origin.count(), refreshed: events.filter(({ type }) => type === 'keys_refreshed').length };
    } finally {
      delete process.env['POMERIUM_JWKS_URL'];
      Reflect.deleteProperty(globalThis, CONTEXT);
    }
  }

  class Lender {
    readonly #promises: Promise<unknown>[] = [];
    /** Called off its object it throws, as the platform's own does. */
    waitUntil(promise: Promise<unknown>) {
      this.#promises.push(promise);
    }
    async settle() {
      const { length } = this.#promises;
      await Promise.all(this.#promises);
      return length;
    }
  }

  test('is given to the waitUntil of the context', async () => {
    const context = new Lender();
    const { count } = await refreshes(context, undefined);
    assert.isAtLeast(await context.settle(), 1);
    assert.equal(await count(), 2);
  });

  test('is given to the waitUntil that Vercel lends to the request', async () => {
    const lent = new Lender();
    const { count } = await refreshes(undefined, lent);
    assert.isAtLeast(await lent.settle(), 1);
    assert.equal(await count(), 2);
  });

  test('is waited for where nobody lends one', async () => {
    const { refreshed } = await refreshes({}, undefined);
    assert.equal(refreshed, 2, 'when the answer is there, the keys are');
  });
});
