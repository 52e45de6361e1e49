import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { parseClaims } from '../../core/claims.ts';
import { isCanonical } from '../../core/gate/path.ts';
import { toIdentity } from '../../core/identity.ts';
import { compilePolicy } from '../../core/index.ts';
import { toBase64url, userClaims } from '../support/issuer.ts';
import { interpret } from './interpreted-policy.ts';

const RUNS = 20_000;
const seed = Number(process.env['PROPERTY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Few words, so that matchers often meet what they are about. */
const word = fc.constantFrom(
  '',
  'a',
  'ab',
  'a,b',
  'b',
  'A',
  'é',
  '/a',
  '/a/b',
  'GET',
  'OPTIONS',
  'x@a',
  'x@a@b',
  '@',
  'グ',
);
const words = fc.array(word, { maxLength: 3 });
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

const stringMatcher = fc.oneof(
  word,
  fc.record(
    { is: word, not: word, contains: word, starts_with: word, ends_with: word, in: words, not_in: words },
    { requiredKeys: [] },
  ),
);
const listMatcher = (withIs: boolean) =>
  fc.oneof(word, fc.record({ has: word, exclude: word, ...(withIs && { is: word }) }, { requiredKeys: [] }));

const anything = fc.constantFrom<unknown>(true, 1, null, 'x', {}, []);
const criterion = fc.oneof(
  ...['accept', 'reject', 'authenticated_user', 'cors_preflight'].map((name) =>
    anything.map((data) => ({ [name]: data })),
  ),
  ...['user', 'email', 'domain', 'http_method', 'http_path', 'email/ignored'].map((name) =>
    stringMatcher.map((data) => ({ [name]: data })),
  ),
  listMatcher(false).map((data) => ({ groups: data })),
  ...['claim/single', 'claim/joined', 'claim/a/b', 'claim/absent'].map((name) =>
    listMatcher(true).map((data) => ({ [name]: data })),
  ),
);
const criteria = fc.array(criterion, { maxLength: 3 });
const body = fc.record(
  { and: criteria, or: criteria, not: criteria, nor: criteria, action: anything },
  { requiredKeys: [] },
);
const rule = fc.record({ allow: body, deny: body }, { requiredKeys: [] });
const document = fc.oneof(rule, fc.array(rule, { maxLength: 3 }));

const facts = fc.record({
  claims: fc.record({
    sub: word,
    email: optional(word),
    groups: words,
    single: optional(word),
    joined: optional(words.map((list) => list.join(','))),
    'a/b': optional(word),
  }),
  method: word,
  // Others are refused before any criterion is asked.
  path: word.map((name) => `/${name}`).filter((path) => isCanonical(path) && !path.includes('?')),
  headers: fc.record({ origin: word, 'access-control-request-method': word }, { requiredKeys: [] }),
});

describe('compiled against interpreted', () => {
  test(`${RUNS} policies and requests (PROPERTY_SEED=${seed}): the same decision`, { timeout: 120_000 }, () => {
    const tally = { allowed: 0, denied: 0 };
    const property = fc.property(document, facts, (ppl, { claims, ...request }) => {
      const all = userClaims({ ...claims, user: claims.sub });
      const parsed = parseClaims(toBase64url(JSON.stringify(all)));
      const identity = toIdentity({ ...parsed, iss: parsed.iss ?? '' });
      const { allowed } = compilePolicy(ppl, { listClaims: ['joined'] }).decide({ identity, ...request });
      assert.equal(allowed, interpret(ppl, { claims: JSON.parse(JSON.stringify(all)), ...request }, ['joined']));
      tally[allowed ? 'allowed' : 'denied'] += 1;
    });
    fc.assert(property, { seed, numRuns: RUNS });
    console.info(`PROPERTY_SEED=${seed}:`, tally);
    assert.isAbove(tally.allowed, RUNS / 20);
    assert.isAbove(tally.denied, RUNS / 20);
  });
});
