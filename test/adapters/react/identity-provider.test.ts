import { createElement, type ReactNode, Suspense } from 'react';
import { renderToReadableStream, renderToString } from 'react-dom/server';
import { assert, describe, test } from 'vitest';
import { type ClientIdentity, IdentityProvider, isSignedOut, useIdentity } from '../../../adapters/react/index.ts';
import { SIGNED_OUT } from '../../../core/signed-out.ts';

const ALICE: ClientIdentity = { user: 'u-alice', name: 'Alice' };

function Greeting(): ReactNode {
  const identity = useIdentity();
  return createElement('b', null, identity ? `Hello ${identity.name}` : 'Hello nobody');
}

type Given = Parameters<typeof IdentityProvider>[0]['identity'];
const provided = (identity: Given) =>
  createElement(IdentityProvider, { identity }, createElement(Suspense, { fallback: '…' }, createElement(Greeting)));

describe('useIdentity', () => {
  test('is who the provider was told', () => {
    assert.equal(renderToString(provided(ALICE)), '<!--$--><b>Hello Alice</b><!--/$-->');
  });

  test('is undefined where the provider was told of nobody', () => {
    assert.include(renderToString(provided(undefined)), '<b>Hello nobody</b>');
  });

  test('is that of the nearest provider', () => {
    const inner = provided({ user: 'u-bob', name: 'Bob' });
    assert.include(renderToString(createElement(IdentityProvider, { identity: ALICE }, inner)), '<b>Hello Bob</b>');
  });

  for (const [name, value, expected] of [
    ['somebody', ALICE, 'Hello Alice'],
    ['nobody', undefined, 'Hello nobody'],
  ] as const) {
    test(`waits for a promise of ${name}, while the rest of the page is there`, async () => {
      let resolve: (identity: ClientIdentity | undefined) => void = () => {};
      const promise = new Promise<ClientIdentity | undefined>((settle) => {
        resolve = settle;
      });
      // Without the whole document React has no place to stop at.
      const page = createElement('html', null, createElement('body', null, provided(promise)));
      const stream = await renderToReadableStream(page);
      const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
      const shell = (await reader.read()).value ?? '';
      assert.include(shell, '…');
      assert.notInclude(shell, expected);
      resolve(value);
      let rest = '';
      for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value;
      assert.include(rest, `<b>${expected}</b>`);
    });
  }

  test('without a provider says what is missing', () => {
    assert.throws(() => renderToString(createElement(Greeting)), /no provider; put <IdentityProvider/);
  });

  describe('refuses a whole identity', () => {
    const whole = { ...ALICE, groups: [], claims: { iss: 'x' } } as unknown as ClientIdentity;

    test('before its client component gets it, which would be sent to the browser', () => {
      assert.throws(() => IdentityProvider({ identity: whole }), /toClientIdentity\(identity\)/);
    });

    test('also of a promise', async () => {
      const { props } = IdentityProvider({ identity: Promise.resolve(whole) }) as { props: { identity: unknown } };
      const error = await Promise.resolve(props.identity).catch((thrown) => thrown);
      assert.match(String(error), /toClientIdentity\(identity\)/);
    });
  });

  test('gives its client component the same promise for the same', () => {
    const promise = Promise.resolve(ALICE);
    const [one, other] = [1, 2].map(() => IdentityProvider({ identity: promise }) as { props: { identity: unknown } });
    assert.equal(one?.props.identity, other?.props.identity);
  });
});

describe('isSignedOut, where Pomerium need not be asked:', () => {
  const cases: [name: string, error: unknown, expected: boolean][] = [
    ['the answer of the gate to a server action', new Error(SIGNED_OUT), true],
    ['another error', new Error('Something else'), false],
    [
      'an error of the server, which Next.js hides',
      Object.assign(new Error('An error occurred'), { digest: '1' }),
      false,
    ],
    [
      'unauthorized() in a server action',
      Object.assign(new Error('Minified React error #441'), { digest: 'NEXT_HTTP_ERROR_FALLBACK;401' }),
      true,
    ],
    ['forbidden() in it', Object.assign(new Error(''), { digest: 'NEXT_HTTP_ERROR_FALLBACK;403' }), false],
    ['text', SIGNED_OUT, false],
    ['nothing', undefined, false],
  ];
  for (const [name, error, expected] of cases) {
    test(`${name}: ${expected}`, async () => assert.equal(await isSignedOut(error), expected));
  }
});
