import { assert, describe, test } from 'vitest';
import { compilePolicy } from '../../../core/index.ts';
import {
  ASSERTION,
  addAssertion,
  ENTRIES,
  FOREIGN,
  good,
  NAMES,
  type Outcome,
  outcomeOf,
  readEvent,
  seen,
} from './event-corpus.ts';

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
    assert.deepEqual(
      seen.map(({ email }) => email),
      [principal.email],
    );
    assert.deepInclude(outcome, { statusCode: 200, body: 'the order' });
    assert.deepInclude(outcome[form], { vary: form === 'headers' ? ASSERTION : [ASSERTION] });
  }
}

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
