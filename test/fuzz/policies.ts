import { assert } from 'chai';
import fc from 'fast-check';
import { parseClaims } from '../../core/claims.ts';
import { isCanonical } from '../../core/gate/path.ts';
import { toIdentity } from '../../core/identity.ts';
import { compilePolicy, type Policy, PomeriumError } from '../../core/index.ts';
import { interpret } from '../node/interpreted-policy.ts';
import { toBase64url, userClaims } from '../support/issuer.ts';
import { type Change, change, changed } from './odd-json.ts';
import { defineTarget } from './target.ts';

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

interface Input {
  readonly document: unknown;
  /** Mistakes in it. */
  readonly changes: readonly Change[];
  readonly facts: typeof facts extends fc.Arbitrary<infer T> ? T : never;
}

const inputs: fc.Arbitrary<Input> = fc.record({
  document,
  changes: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 1, maxLength: 2 }) },
  ),
  facts,
});

type Compile = (document: unknown) => Pick<Policy, 'decide'>;

const LIST_CLAIMS = ['joined'];
const ours: Compile = (document) => compilePolicy(document, { listClaims: LIST_CLAIMS });

/** Compiled against interpreted: the same decision. What has mistakes is refused as such, or means the same to both. */
export const policyTarget = defineTarget<Input, Compile>({
  name: 'policies',
  inputs,
  subject: ours,
  broken: {
    'whose denials do not count': (whole) => {
      const policy = ours(whole);
      const allows = [whole].flat().map((one) => ('allow' in Object(one) ? { allow: (one as Json)['allow'] } : {}));
      const lenient = ours(allows);
      return { decide: (input) => (policy.decide(input).allow ? lenient : policy).decide(input) };
    },
    'that knows no method': (whole) => {
      const policy = ours(whole);
      return { decide: (input) => policy.decide({ ...input, method: 'GET' }) };
    },
    'that trips over mistakes': (whole) => {
      for (const one of [whole].flat()) Object.keys((one as Json)['allow'] ?? (one as Json)['deny'] ?? {});
      return ours(whole);
    },
  },
  check({ document: right, changes, facts: { claims, ...request } }, compile, count) {
    const document = changed(right, changes);
    const all = userClaims({ ...claims, user: claims.sub });
    const policy = orRefused(() => compile(document));
    if (!policy) {
      assert.isNotEmpty(changes, 'it has no mistake');
      count('refused');
      return;
    }
    const parsed = parseClaims(toBase64url(JSON.stringify(all)));
    const identity = toIdentity({ ...parsed, iss: parsed.iss ?? '' });
    const { allowed } = policy.decide({ identity, ...request });
    assert.equal(allowed, interpret(document, { claims: JSON.parse(JSON.stringify(all)), ...request }, LIST_CLAIMS));
    count(allowed ? 'allowed' : 'denied');
  },
  runs: 10_000,
  seen: { allowed: 0.05, denied: 0.05, refused: 0.05 },
});

type Json = Record<string, unknown>;

function orRefused<T>(compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (error instanceof PomeriumError && error.code === 'invalid_configuration') return undefined;
    throw error;
  }
}
