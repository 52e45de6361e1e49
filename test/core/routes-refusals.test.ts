import { assert, describe, test } from 'vitest';
import { compileRoutes, type MaybeAnonymous, PomeriumError, type PomeriumErrorCode } from '../../core/index.ts';
import type { RoutedRequest } from '../../core/routes/targets.ts';
import { compiled, route } from '../support/judged-routes.ts';

const HOST = 'app.corp.example.com';
const APP = `https://${HOST}`;
const OTHER = 'other.corp.example.com';

const ALICE: MaybeAnonymous = {
  subject: 'u20',
  user: 'u20',
  email: 'alice@example.com',
  groups: ['admins'],
  issuer: HOST,
  audience: [HOST],
  issuedAt: 0,
  expiresAt: 0,
  claims: {},
};
const NOBODY: MaybeAnonymous = { ...ALICE, subject: undefined };
const closed = { allow_any_authenticated_user: false };
const GET = { method: 'GET', headers: {} };

function errorOf(judge: () => unknown): PomeriumError {
  try {
    judge();
  } catch (error) {
    assert.instanceOf(error, PomeriumError);
    return error as PomeriumError;
  }
  return assert.fail('nothing was thrown');
}

describe('a refusal says to the operator what is wrong:', () => {
  type Details = [code: PomeriumErrorCode, message: string, expected?: string, received?: string];

  const issued: [rule: string, aud: string[], iss: string | undefined, asked: string[], details: Details][] = [
    [
      'a host of no route, beside those that have one',
      ['a.test', 'b.test'],
      HOST,
      [],
      [
        'audience_mismatch',
        'The assertion is for another host than those of the routes.',
        `"${HOST}" or "${OTHER}"`,
        '"a.test", "b.test"',
      ],
    ],
    [
      'no host',
      [],
      HOST,
      [],
      [
        'audience_mismatch',
        'The assertion is for another host than those of the routes.',
        `"${HOST}" or "${OTHER}"`,
        'nothing',
      ],
    ],
    [
      'of many hosts the first five',
      ['1', '2', '3', '4', '5', '6'],
      HOST,
      [],
      [
        'audience_mismatch',
        'The assertion is for another host than those of the routes.',
        `"${HOST}" or "${OTHER}"`,
        '"1", "2", "3", "4", "5"',
      ],
    ],
    [
      'another host than the request',
      [HOST],
      HOST,
      [OTHER],
      ['audience_mismatch', 'The assertion is for another host than the request.', `"${OTHER}"`, `"${HOST}"`],
    ],
    [
      'an issuer of no route of its host',
      [HOST],
      'evil.test',
      [],
      [
        'issuer_mismatch',
        'The routes of this host have another issuer (jwt_issuer_format).',
        `"${HOST}" or "${APP}/"`,
        '"evil.test"',
      ],
    ],
    [
      'no issuer',
      [HOST],
      undefined,
      [],
      [
        'issuer_mismatch',
        'The routes of this host have another issuer (jwt_issuer_format).',
        `"${HOST}" or "${APP}/"`,
        'nothing',
      ],
    ],
  ];
  for (const [rule, aud, iss, asked, [code, message, expected, received]] of issued) {
    test(rule, () => {
      const routes = compiled([
        route('app', APP),
        route('uri', APP, { prefix: '/uri', jwt_issuer_format: 'uri' }),
        route('other', `https://${OTHER}`),
      ]);
      const error = errorOf(() => routes.requireIssued({ iss, aud }, asked));
      assert.deepEqual(
        [error.code, error.message, error.expected, error.received],
        [code, message, expected, received],
      );
    });
  }

  const checked: [
    rule: string,
    configuration: object,
    identity: MaybeAnonymous,
    request: RoutedRequest,
    details: Details,
    anyRoute?: boolean,
  ][] = [
    [
      'an issuer of another route',
      [route('uri', APP, { jwt_issuer_format: 'uri' }), route('host', APP, { prefix: '/host' })],
      ALICE,
      { ...GET, path: '/' },
      ['issuer_mismatch', 'The routes of this host have another issuer (jwt_issuer_format).', `"${APP}/"`, `"${HOST}"`],
    ],
    [
      'an issuer of none of the routes by which it may have come, each once',
      [
        route('a', APP, { prefix: '/a', prefix_rewrite: '/', jwt_issuer_format: 'uri' }),
        route('b', APP, { prefix: '/b', prefix_rewrite: '/', jwt_issuer_format: 'uri' }),
      ],
      ALICE,
      { ...GET, path: '/x' },
      ['issuer_mismatch', 'The routes of this host have another issuer (jwt_issuer_format).', `"${APP}/"`, `"${HOST}"`],
    ],
    [
      'a path that Pomerium answers itself',
      [route('app', APP)],
      ALICE,
      { ...GET, path: '/ping' },
      [
        'policy_denied',
        'No route of this host leads such a request to a service: Pomerium answers it itself.',
        'a path that a route with a to is for, and that Pomerium does not answer itself',
      ],
    ],
    [
      'a path with no one reading',
      [route('admin', APP, { prefix: '/admin' }), route('x', APP, { prefix: '/x' })],
      ALICE,
      { ...GET, path: '//admin' },
      [
        'policy_denied',
        'The routes differ by path, and servers could read that path in different ways.',
        'a path with one reading: no encoded slash, dot segment, empty segment or double encoding',
      ],
    ],
    [
      'a path that its reader could not read',
      [route('admin', APP, { prefix: '/admin' }), route('x', APP, { prefix: '/x' })],
      ALICE,
      { ...GET, path: null },
      [
        'policy_denied',
        'The routes differ by path, and servers could read that path in different ways.',
        'a path with one reading: no encoded slash, dot segment, empty segment or double encoding',
      ],
    ],
    [
      'no path',
      [route('admin', APP, { prefix: '/admin' }), route('x', APP, { prefix: '/x' })],
      ALICE,
      GET,
      [
        'invalid_configuration',
        'The routes differ by path, and none was given; use verifyRequest(request), or verify(assertion, { requestInfo: { method, path, headers } }).',
      ],
    ],
    [
      'nobody, where the route asks who it is',
      [route('app', APP)],
      NOBODY,
      { ...GET, path: '/' },
      [
        'anonymous',
        'The assertion is for nobody, and its route asks who it is.',
        'an assertion for somebody who is signed in',
      ],
    ],
    [
      'nobody, where every route does',
      [route('app', APP)],
      NOBODY,
      GET,
      [
        'anonymous',
        'The assertion is for nobody, and every route of this host asks who it is.',
        'an assertion for somebody who is signed in',
      ],
      true,
    ],
    [
      'somebody whom no allow of the route holds for',
      [route('app', APP, closed)],
      ALICE,
      { ...GET, path: '/' },
      [
        'policy_denied',
        `[0] (${APP}): The policy refuses it: no allow rule holds.`,
        'an allow rule that holds, and no deny rule that does',
        'no allow rule that holds',
      ],
    ],
    [
      'somebody whom a deny of the route holds for, with its place',
      [route('app', APP, { policy: [{ deny: { or: [{ groups: 'admins' }] } }] })],
      ALICE,
      { ...GET, path: '/' },
      [
        'policy_denied',
        `[0] (${APP}): The policy refuses it: [0].policy[0].deny holds.`,
        'an allow rule that holds, and no deny rule that does',
        '[0].policy[0].deny',
      ],
    ],
    [
      'somebody whom no route lets through',
      [route('app', APP, closed), route('x', APP, { prefix: '/x', ...closed })],
      ALICE,
      GET,
      ['policy_denied', 'No route of this host lets it through.', 'a route whose policy allows it'],
      true,
    ],
  ];
  for (const [rule, configuration, identity, request, details, anyRoute] of checked) {
    test(rule, () => {
      const [code, message, expected, received] = details;
      const error = errorOf(() => compiled(configuration).check(identity, request, anyRoute));
      assert.deepEqual(
        [error.code, error.message, error.expected, error.received],
        [code, message, expected, received],
      );
    });
  }
});

describe('trace', () => {
  const trace = (configuration: object, request: RoutedRequest, identity = ALICE) =>
    compileRoutes(configuration)
      .trace(identity, request)
      .map(({ at, end, explanation }) => [at, end, explanation?.allowed]);

  test('names the route by which a request came, and what its policy says', () => {
    const file = [route('admin', APP, { prefix: '/admin', ...closed }), route('all', APP)];
    assert.deepEqual(trace(file, { ...GET, path: '/x' }), [['[1]', 'upstream', true]]);
    assert.deepEqual(trace(file, { ...GET, path: '/admin' }), [['[0]', 'upstream', false]]);
    assert.deepEqual(trace(file, { ...GET, path: '/x' }, NOBODY), [['[1]', 'upstream', false]]);
  });

  test('names each by which it may have come once, with those of its targets and aliases', () => {
    const file = [
      route('rewritten', APP, { prefix: '/v1', prefix_rewrite: '/', ...closed }),
      route('admin', APP, { prefix: '/admin', ...closed }),
      route('all', APP),
    ];
    assert.deepEqual(trace(file, { ...GET, path: '/x' }), [
      ['[2]', 'upstream', true],
      ['[0]', 'upstream', false],
    ]);
    assert.deepEqual(trace(file, { ...GET, targets: ['/x', '/y'], aliases: ['/admin'] }), [
      ['[2]', 'upstream', true],
      ['[0]', 'upstream', false],
      ['[1]', 'upstream', false],
    ]);
  });

  test('names one that ends at Pomerium, of which no policy is asked', () => {
    const file = [route('moved', APP, { prefix: '/moved', redirect: {} }), route('all', APP)];
    assert.deepEqual(trace(file, { ...GET, path: '/moved' }), [['[0]', 'redirect', undefined]]);
    assert.deepEqual(trace(file, { ...GET, path: '/ping' }), []);
  });

  test('says which criteria hold', () => {
    const file = [route('app', APP, { ...closed, policy: { allow: { or: [{ groups: 'admins' }] } } })];
    const [traced] = compileRoutes(file).trace(ALICE, { ...GET, path: '/' });
    const operators = traced?.explanation?.rules.flatMap((rule) => rule.operators) ?? [];
    const criteria = operators.flatMap((operator) => operator.criteria).map(({ path, holds }) => [path, holds]);
    assert.deepEqual(criteria, [['[0].policy.allow.or[0].groups', true]]);
  });

  test('refuses what is for no host, and a path with no one reading', () => {
    const file = [route('admin', APP, { prefix: '/admin' }), route('x', APP, { prefix: '/x' })];
    assert.equal(errorOf(() => trace(file, { ...GET, path: '//x' })).code, 'policy_denied');
    const other = { ...ALICE, audience: ['evil.test'] };
    assert.equal(errorOf(() => trace(file, { ...GET, path: '/x' }, other)).code, 'audience_mismatch');
  });
});
