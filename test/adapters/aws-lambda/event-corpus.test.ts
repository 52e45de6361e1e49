import { readdirSync, readFileSync } from 'node:fs';
import middy from '@middy/core';
import { assert, describe, test } from 'vitest';
import {
  createAuthorizer,
  createEdgeHandler,
  type LambdaOptions,
  pomeriumMiddleware,
  withPomerium,
} from '../../../adapters/aws-lambda/index.ts';
import { compilePolicy, type Policy, staticKeys } from '../../../core/index.ts';
import { HOST, jwks, makeKey, NOW, sign } from '../../support/issuer.ts';

/** The events are written after those of each service (test/vectors/aws-events/README.md). */
const FOLDER = new URL('../../vectors/aws-events/', import.meta.url);
const PLACEHOLDER = '{{assertion}}';

const key = await makeKey();
const good = await sign(key);
const options = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false } satisfies LambdaOptions;

/** For an authorizer: how it answers. For a function: in which member the answer has its headers. */
type Form = 'policy' | 'simple' | 'appsync' | 'headers' | 'multiValueHeaders' | 'edge';

interface Expected {
  readonly method: string;
  /** Null: there is none, and a policy that asks for it refuses. */
  readonly path: string | null;
  readonly form: Form;
}

const EXPECTED: Readonly<Record<string, readonly [method: string, path: string | null, form: Form]>> = {
  'authorizer-rest-token': ['GET', '/orders/17', 'policy'],
  'authorizer-rest-token-bearer': ['DELETE', '/orders/17', 'policy'],
  'authorizer-rest-token-root': ['GET', '/', 'policy'],
  'authorizer-rest-token-test-stage': ['GET', '/', 'policy'],
  'authorizer-rest-request': ['GET', '/orders/17', 'policy'],
  'authorizer-rest-request-base-path': ['GET', '/orders/17', 'policy'],
  'authorizer-rest-request-govcloud': ['GET', '/orders/17', 'policy'],
  'authorizer-rest-request-china': ['GET', '/orders/17', 'policy'],
  'authorizer-rest-request-stage-variables': ['PUT', '/orders/a b', 'policy'],
  'authorizer-rest-request-client-certificate': ['GET', '/orders/17', 'policy'],
  'authorizer-rest-request-null-headers': ['GET', '/', 'policy'],
  'authorizer-websocket-connect': ['GET', '/', 'policy'],
  'authorizer-websocket-connect-domain': ['GET', '/', 'policy'],
  'authorizer-http-1': ['GET', '/orders/17', 'policy'],
  'authorizer-http-1-base-path': ['GET', '/orders/17', 'policy'],
  'authorizer-http-1-client-certificate': ['GET', '/orders/17', 'policy'],
  'authorizer-http-2': ['GET', '/orders/17', 'simple'],
  'authorizer-http-2-stage-cookies': ['GET', '/orders/17', 'simple'],
  'authorizer-http-2-ipv6': ['HEAD', '/orders/17', 'simple'],
  'authorizer-http-2-client-certificate': ['GET', '/orders/17', 'simple'],
  'authorizer-http-2-default-route': ['POST', '/files/a b', 'simple'],
  'authorizer-http-2-domain-stage': ['GET', '/orders/17', 'simple'],
  'authorizer-appsync': ['POST', '/graphql', 'appsync'],
  'authorizer-appsync-request-headers': ['POST', '/graphql', 'appsync'],
  'authorizer-appsync-null': ['POST', '/graphql', 'appsync'],
  'function-rest': ['POST', '/orders/17', 'headers'],
  'function-rest-proxy-resource': ['GET', '/files/李.png', 'headers'],
  'function-rest-base-path': ['GET', '/orders/17', 'headers'],
  'function-rest-behind-authorizer': ['GET', '/orders/17', 'headers'],
  'function-rest-null-headers': ['GET', '/', 'headers'],
  'function-rest-binary': ['PUT', '/photos/', 'headers'],
  'function-websocket-connect': ['GET', '/', 'headers'],
  'function-websocket-message': ['GET', null, 'headers'],
  'function-websocket-disconnect': ['GET', null, 'headers'],
  'function-http-1': ['PATCH', '/orders/17', 'headers'],
  'function-http-1-stage': ['GET', '/files/a b', 'headers'],
  'function-http-2': ['POST', '/orders/17', 'headers'],
  'function-http-2-stage': ['GET', '/reports/100%', 'headers'],
  'function-http-2-behind-authorizer': ['GET', '/orders/17', 'headers'],
  'function-http-2-client-certificate': ['GET', '/orders/17', 'headers'],
  'function-url': ['GET', '/', 'headers'],
  'function-url-iam': ['GET', '/orders/17', 'headers'],
  'function-url-binary': ['POST', '/a b/', 'headers'],
  'function-alb': ['GET', '/orders/17', 'headers'],
  'function-alb-multi-value': ['POST', '/orders', 'multiValueHeaders'],
  'function-alb-trailing-slash': ['GET', '/a b/', 'headers'],
  'function-alb-health-check': ['GET', '/healthz', 'headers'],
  'function-lattice-1': ['GET', '/orders/17', 'headers'],
  'function-lattice-1-post': ['POST', '/orders/', 'headers'],
  'function-lattice-2': ['GET', '/orders/17', 'headers'],
  'function-lattice-2-iam': ['PUT', '/orders/', 'headers'],
  'edge-viewer-request': ['GET', '/app/main.css', 'edge'],
  'edge-viewer-request-body': ['POST', '/upload', 'edge'],
  'edge-origin-request': ['GET', '/app/main.css', 'edge'],
};

/** Of nobody's: thrown back by all. */
const FOREIGN = /^(foreign-|edge-.*-response$)/;

const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace('.json', ''));

/** With the assertion in the place of the placeholder, or with no header for it and other text elsewhere. */
function readEvent(name: string, assertion?: string): object {
  const text = readFileSync(new URL(`${name}.json`, FOLDER), 'utf8');
  return JSON.parse(text, (member, value) => {
    if (assertion === undefined && /^x-pomerium-jwt-assertion$/i.test(member)) return undefined;
    return typeof value === 'string' ? value.replace(PLACEHOLDER, assertion ?? 'none') : value;
  });
}

/** An event that came without the assertion as it would be with it. */
function addAssertion(event: object, assertion: string): object {
  const { headers, multiValueHeaders } = event as Record<string, object | null | undefined>;
  return {
    ...event,
    headers: { ...headers, [VARY]: assertion },
    ...(multiValueHeaders !== undefined && { multiValueHeaders: { ...multiValueHeaders, [VARY]: [assertion] } }),
  };
}

type Call = (event: never, context: never) => Promise<unknown>;

/** Whom the function behind a gate saw. */
let seen: (string | undefined)[] = [];
const answerOrder = (identity: { email?: string | undefined }) => {
  seen.push(identity.email);
  return { statusCode: 200, body: 'the order' };
};

/** `own`: the beginning of the names of its events. */
const ENTRIES: Readonly<Record<string, { own: string; make(more: { policy?: Policy }): Call }>> = {
  createAuthorizer: {
    own: 'authorizer-',
    make: (more) => createAuthorizer({ ...options, ...more, allowBearer: true }),
  },
  withPomerium: {
    own: 'function-',
    make: (more) => withPomerium((_event, _context, identity) => answerOrder(identity), { ...options, ...more }),
  },
  pomeriumMiddleware: {
    own: 'function-',
    make: (more) => {
      const handler = middy()
        .use(pomeriumMiddleware({ ...options, ...more }))
        .handler(async ({ identity }) => answerOrder(identity));
      return handler;
    },
  },
  createEdgeHandler: {
    own: 'edge-',
    make: (more) => createEdgeHandler({ ...options, ...more, cachingDisabled: true }) as Call,
  },
};

type Outcome = Record<string, unknown> & { readonly thrown?: Error };

async function outcomeOf(call: Call, event: object): Promise<Outcome> {
  seen = [];
  try {
    return Object(await call(event as never, { awsRequestId: 'r' } as never));
  } catch (error) {
    return { thrown: error as Error };
  }
}

function assertAllowed(outcome: Outcome, { form }: Expected, event: object): void {
  const principal = { email: 'alice@example.com' };
  if (form === 'policy') {
    assert.nestedPropertyVal(outcome, 'policyDocument.Statement[0].Effect', 'Allow');
    assert.propertyVal(outcome, 'principalId', 'u-alice');
    assert.deepInclude(outcome['context'], principal);
  } else if (form === 'simple') {
    assert.deepNestedInclude(outcome, { isAuthorized: true, 'context.email': principal.email });
  } else if (form === 'appsync') {
    assert.deepNestedInclude(outcome, { isAuthorized: true, 'resolverContext.email': principal.email });
  } else if (form === 'edge') {
    const [{ cf }] = (event as { Records: [{ cf: { request: object } }] }).Records;
    assert.deepEqual<unknown>(outcome, cf.request);
  } else {
    assert.deepEqual(seen, [principal.email]);
    assert.deepInclude(outcome, { statusCode: 200, body: 'the order' });
    assert.deepInclude(outcome[form], { vary: form === 'headers' ? VARY : [VARY] });
  }
}

const VARY = 'x-pomerium-jwt-assertion';

type Refusal = 'missing_assertion' | 'malformed_assertion' | 'policy_denied';

function assertRefused(outcome: Outcome, { form }: Expected, code: Refusal): void {
  assert.deepEqual(seen, []);
  const status = code === 'policy_denied' ? 403 : 401;
  if (outcome.thrown) {
    // A REST or a WebSocket API makes 401 of it.
    assert.equal(outcome.thrown.message, 'Unauthorized');
    assert.deepEqual([form, status], ['policy', 401]);
  } else if (form === 'policy') {
    assert.nestedPropertyVal(outcome, 'policyDocument.Statement[0].Effect', 'Deny');
    assert.deepInclude(outcome['context'], { code });
  } else if (form === 'simple') {
    assert.deepInclude(outcome, { isAuthorized: false, context: { code } });
  } else if (form === 'appsync') {
    assert.deepInclude(outcome, { isAuthorized: false, resolverContext: { code } });
  } else if (form === 'edge') {
    assert.propertyVal(outcome, 'status', `${status}`);
  } else {
    assert.propertyVal(outcome, 'statusCode', status);
    assert.deepInclude(JSON.parse(String(outcome['body'])), { code });
    assert.property(outcome[form], 'content-type');
    assert.notProperty(outcome, form === 'headers' ? 'multiValueHeaders' : 'headers');
  }
}

test('the table has each file', () => {
  const known = NAMES.filter((name) => !FOREIGN.test(name));
  assert.deepEqual(known.sort(), Object.keys(EXPECTED).sort());
});

for (const [entry, { own, make }] of Object.entries(ENTRIES)) {
  const isOwn = (name: string) => name.startsWith(own) && !FOREIGN.test(name);
  const whole = make({});

  describe(`${entry}, with its own events`, () => {
    for (const name of NAMES.filter(isOwn)) {
      const [method = '', path = null, form = 'headers'] = EXPECTED[name] ?? [];
      const expected = { method, path, form };
      const filled = readEvent(name, good);
      const hasPlace = JSON.stringify(filled).includes(good);
      const event = hasPlace ? filled : addAssertion(filled, good);

      test(`${name}: whoever came through Pomerium is let in, anybody else is not`, async () => {
        assertAllowed(await outcomeOf(whole, event), expected, event);
        // AppSync's token cannot be left out: any other text is taken for the assertion.
        const code = form === 'appsync' ? 'malformed_assertion' : 'missing_assertion';
        assertRefused(await outcomeOf(whole, readEvent(name)), expected, code);
      });

      test(`${name}: policies see ${method} ${path ?? 'and no path'}`, async () => {
        const here = [{ http_method: method }, ...(path === null ? [] : [{ http_path: path }])];
        const allowed = make({ policy: compilePolicy({ allow: { and: here } }) });
        assertAllowed(await outcomeOf(allowed, event), expected, event);
        const others = [{ and: [{ http_method: 'TRACE' }] }, { and: [{ http_path: '/other' }] }];
        const anyPath = path === null ? [{ and: [{ http_path: '/' }] }, { not: [{ http_path: '/other' }] }] : [];
        for (const other of [...others, ...anyPath]) {
          const denied = make({ policy: compilePolicy({ allow: other }) });
          assertRefused(await outcomeOf(denied, event), expected, 'policy_denied');
        }
      });
    }
  });

  describe(`${entry} throws back`, () => {
    for (const name of NAMES.filter((one) => !isOwn(one))) {
      test(name, async () => {
        for (const assertion of [good, undefined]) {
          const { thrown } = await outcomeOf(whole, readEvent(name, assertion));
          assert.instanceOf(thrown, TypeError);
          assert.match(String(thrown?.message), /^pomerium-edge: this event /);
          assert.deepEqual(seen, []);
        }
      });
    }
    for (const event of [null, undefined, 'text', 17, [], {}]) {
      test(JSON.stringify(event) ?? 'undefined', async () => {
        const { thrown } = await outcomeOf(whole, event as never);
        assert.instanceOf(thrown, TypeError);
      });
    }
  });
}
