import { assert, describe, test } from 'vitest';
import {
  createMiddleware,
  createRefreshRoute,
  edgeConfigStore,
  runtimeCacheStore,
  withPomerium,
} from '../../../adapters/vercel/index.ts';
import { HOST } from '../../support/issuer.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { assertMisconfigured, errorOf } from '../../support/verifying.ts';
import { TESTED_OPTIONS, testEveryOption } from './option-cases.ts';
import { ASSERTION, logOf, loud, passedHeaders, requestWith, token } from './support.ts';

const handler = () => new Response();
const makers = {
  createMiddleware: (given: object) => createMiddleware(given),
  withPomerium: (given: object) => withPomerium(handler, given),
};

describe('createMiddleware()', () => {
  testEveryOption(async (given, { path, ...init }) => {
    const answer = await createMiddleware(given)(new Request(`https://app.vercel.app${path}`, init));
    return { status: answer.status, behind: passedHeaders(answer), answer: answer.headers };
  });
});

describe('withPomerium()', () => {
  testEveryOption(async (given, { path, ...init }) => {
    let behind = {};
    const GET = withPomerium((request) => {
      behind = Object.fromEntries(request.headers);
      return new Response();
    }, given);
    const answer = await GET(new Request(`https://app.vercel.app${path}`, init));
    return { status: answer.status, behind, answer: answer.headers };
  });
});

for (const [name, make] of Object.entries(makers)) {
  describe(`what ${name}() refuses`, () => {
    test('is refused at once, whether or not the environment has the audience', () => {
      const mistakes: [given: object, message: RegExp][] = [
        [{ audience: 'https://a.test/' }, /audience/],
        [{ rules: [{ path: 'x', access: 'public' }] }, /rules\[0\]/],
        [{ rules: [{ path: '/admin/:path*', access: 'authenticated' }] }, /write prefix: '\/admin'/],
        [{ optional: 'false' }, /optional must be true or false/],
        [{ optional: true, rules: [] }, /optional and rules exclude each other/],
        [{ onRefused: 'page' }, /onRefused must be a function/],
        [{ onRefused: null }, /onRefused must be a function/],
        [{ corsOrigins: 'https://a.test' }, /corsOrigins must be a list/],
        [{ allowBearer: 'false' }, /There is no option "allowBearer"/],
        [{ endAtExpiry: true }, /endAtExpiry cannot be had here: .*expiresAt/],
      ];
      for (const [given, message] of mistakes) assertMisconfigured(() => make(given), message);
    });

    test('allowAnonymous is refused with what to write instead', () => {
      assertMisconfigured(() => make({ allowAnonymous: true }), /allowAnonymous .*optional: true.*rules/);
    });

    test('an option that is misspelt is refused with the names of all that there are, and no others', async () => {
      const error = await errorOf(() => make({ maxAge: 1 }));
      const [, names = ''] = /There is no option "maxAge"; there are (.*)\./.exec(error?.message ?? '') ?? [];
      const own = name === 'createMiddleware' ? ['keepAssertionOnRewrite'] : [];
      // issuers excludes the keys that all these cases have; test/node/gate-table.test.ts has it.
      assert.sameMembers(names.split(', '), [...TESTED_OPTIONS, 'issuers', ...own]);
    });
  });
}

test('what is to be wrapped must be a function', () => {
  for (const wrong of [undefined, null, {}, new Response()]) {
    assertMisconfigured(() => withPomerium(wrong as never, { audience: HOST }), /The handler must be a function/);
  }
  for (const wrong of [null, {}, 'next']) {
    assertMisconfigured(() => createMiddleware({ audience: HOST }, wrong as never), /next must be a function/);
  }
});

test('the cron route and the stores refuse what they do not have, at once, with the names of what there is', () => {
  const mistakes: [make: () => unknown, message: RegExp][] = [
    [
      () => createRefreshRoute({ rewriteAftr: 60 } as never),
      /"rewriteAftr"; there are audience, issuer, routes, listClaims, leaveToPomerium, onEvent, now, rewriteAfter, api\.$/,
    ],
    [() => createRefreshRoute({ store: runtimeCacheStore() } as never), /There is no option "store"/],
    [() => edgeConfigStore({ clent: {} } as never), /no option of edgeConfigStore\(\) "clent"; there are client\.$/],
    [
      () => runtimeCacheStore({ name: 'x' } as never),
      /no option of runtimeCacheStore\(\) "name"; there are namespace\.$/,
    ],
    [() => runtimeCacheStore('x' as never), /Options must be a plain object/],
  ];
  for (const [make, message] of mistakes) assertMisconfigured(make, message);
});

/** The status of a good request, and the lines that the log then has. */
async function askWith(variables: Record<string, string>, given = {}) {
  const good = () => requestWith({ [ASSERTION]: token });
  const { result, lines } = await logOf(() =>
    withProcessEnvironment(variables, async () => createMiddleware(given)(good())),
  );
  return { status: result.status, code: result.ok ? undefined : (await result.json()).code, log: lines.join('\n') };
}

describe('what is wrong with the environment', () => {
  const { audience, ...rest } = loud;
  const mistakes: [variables: Record<string, string>, message: RegExp][] = [
    [{}, /POMERIUM_AUDIENCE is not set/],
    [{ POMERIUM_AUDIENCE: HOST, POMERIUM_POLICYY: '{}' }, /no variable POMERIUM_POLICYY; write POMERIUM_POLICY/],
    [{ POMERIUM_AUDIENCE: HOST, POMERIUM_POLICY: '' }, /POMERIUM_POLICY is set and empty/],
    [{ POMERIUM_AUDIENCE: HOST, POMERIUM_RULES: '' }, /POMERIUM_RULES is set and empty/],
    [{ POMERIUM_AUDIENCE: HOST, POMERIUM_ALLOW_BEARER: 'true' }, /POMERIUM_ALLOW_BEARER is set and cannot be honoured/],
    [{ POMERIUM_AUDIENCE: HOST, POMERIUM_END_AT_EXPIRY: 'true' }, /POMERIUM_END_AT_EXPIRY is set and cannot be/],
    [{ POMERIUM_AUDIENCE: HOST, POMERIUM_OPTIONAL: 'yes' }, /POMERIUM_OPTIONAL must be true or false/],
  ];
  for (const [variables, message] of mistakes) {
    test(`${message} refuses every request with a 500, and the log says it`, async () => {
      const { status, code, log } = await askWith(variables, rest);
      assert.deepEqual([status, code], [500, 'invalid_configuration']);
      assert.match(log, message);
    });
  }

  test('refuses requests of public paths, too', async () => {
    const rules = [{ prefix: '/', access: 'public' }];
    const { status, log } = await askWith({}, { rules });
    assert.equal(status, 500);
    assert.match(log, /POMERIUM_AUDIENCE is not set/);
  });

  test('does not include POMERIUM_ variables that other software sets', async () => {
    const { status } = await askWith(
      {
        POMERIUM_AUDIENCE: HOST,
        POMERIUM_PROXY_SERVICE_HOST: '10.0.0.1',
        POMERIUM_PORT_443_TCP: 'tcp://10.0.0.1:443',
        POMERIUM_ZERO_TOKEN: 't',
        POMERIUM_EDGE_CONFIG_TOKEN: 't',
      },
      rest,
    );
    assert.equal(status, 200);
  });
});
