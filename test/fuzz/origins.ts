import { assert } from 'chai';
import fc from 'fast-check';
import { type KeySource, remoteKeys } from '../../core/index.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import { errorOf, makeRig } from '../support/verifying.ts';
import { type Change, change, changed } from './odd-json.ts';
import { defineTarget } from './target.ts';

const KEYS = { a: await makeKey(), b: await makeKey(), c: await makeKey('RS256') };
type KeyName = keyof typeof KEYS;
/** That always hold, so that only the keys' own bounds count. */
const TOKENS: Readonly<Record<KeyName, string>> = {
  a: await sign(KEYS.a, { iat: 0, exp: 9e9 }),
  b: await sign(KEYS.b, { iat: 0, exp: 9e9 }),
  c: await sign(KEYS.c, { iat: 0, exp: 9e9 }),
};
const NAMES: readonly KeyName[] = ['a', 'b', 'c'];

/** What the origin says whenever it is asked in one step. */
interface Answer {
  readonly status: number;
  readonly keys: readonly KeyName[];
  readonly changes: readonly Change[];
  /** Around the document. */
  readonly before: string;
  readonly after: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of each part of the body. */
  readonly part: number;
  readonly failure: 'none' | 'throws' | 'throws something odd' | 'breaks off' | 'never answers' | 'never ends';
}

interface Step {
  readonly answer: Answer;
  /** By how many seconds the clock goes on before it. */
  readonly advance: number;
  readonly asked: KeyName;
}

const headers = fc.record(
  {
    etag: fc.constantFrom('"x"', '"y"', 'W/"x"', 'x', '""', '"\u00e9"', `"${'e'.repeat(300)}"`, '*', '"x", "y"'),
    'cache-control': fc.constantFrom(
      'max-age=60',
      'max-age=0',
      'no-store',
      'max-age=-1',
      'max-age=1e9',
      'max-age="7"',
      'MAX-AGE=99999999999999999999',
      'max-age',
      ',',
      'private, max-age=5',
    ),
    age: fc.constantFrom('0', '59', '-1', '7, 8', '99999999999', 'x', ''),
    'content-type': fc.constantFrom('application/json', 'text/html', 'image/png'),
    'content-encoding': fc.constantFrom('gzip', 'br', 'identity'),
    'content-length': fc.constantFrom('0', '5', '99999999999', 'x'),
    location: fc.constantFrom('/', 'https://evil.test/jwks.json'),
    'retry-after': fc.constantFrom('0', '9e9', 'x'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;

const mostly = <T>(value: T, others: fc.Arbitrary<T>, weight = 5) =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: others });

const answers: fc.Arbitrary<Answer> = fc.record({
  status: mostly(
    200,
    fc.constantFrom(201, 203, 204, 206, 300, 301, 302, 304, 304, 304, 307, 400, 401, 404, 429, 500, 503, 599),
    4,
  ),
  keys: fc.oneof(fc.subarray([...NAMES]), fc.constantFrom<KeyName[]>(['a'], ['a', 'b'], ['b', 'a'], ['a', 'a'])),
  changes: mostly<Change[]>([], fc.array(change, { minLength: 1, maxLength: 3 })),
  before: mostly(
    '',
    fc.constantFrom(' ', '\uFEFF', '<!DOCTYPE html>', ' '.repeat(65_000), ' '.repeat(66_000), '\0'),
    8,
  ),
  after: mostly('', fc.constantFrom('\n', 'x', '{}', ' '.repeat(65_000), ' '.repeat(66_000), '\ud800'), 8),
  headers,
  part: mostly(1_000_000, fc.constantFrom(1, 7, 100), 3),
  failure: fc.oneof(
    { weight: 40, arbitrary: fc.constant('none' as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom('throws' as const, 'throws something odd' as const, 'breaks off' as const),
    },
    { weight: 1, arbitrary: fc.constantFrom('never answers' as const, 'never ends' as const) },
  ),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    answer: answers,
    advance: fc.constantFrom(0, 0, 1, 31, 59, 61, 301, 360, 421, 3_601, 7_199, 7_201, -1, -100, -10_000),
    asked: fc.constantFrom('a', 'a', 'b', 'c'),
  }),
  { minLength: 1, maxLength: 5 },
);

function bodyOf({ keys, changes, before, after }: Answer): Uint8Array {
  const document = changed(jwks(...keys.map((name) => KEYS[name])), changes);
  return new TextEncoder().encode(before + (JSON.stringify(document) ?? '') + after);
}

const ODD_ERRORS: readonly (() => unknown)[] = [
  () => null,
  () => undefined,
  () => 'text',
  () => Object.assign(new Error('round'), { cause: undefined }),
  () => {
    const error = new Error('round');
    error.cause = error;
    return error;
  },
  () => new DOMException('aborted', 'AbortError'),
  () => Object.freeze(Object.create(null)),
];

/** Of a body that is nobody's any more, nothing is left waiting. */
function streamOf(answer: Answer): ReadableStream<Uint8Array> {
  const bytes = bodyOf(answer);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      // Not many parts: a long body of single bytes tries nothing but patience.
      const end = at + Math.max(answer.part, Math.ceil(bytes.length / 500));
      if (at >= bytes.length) {
        if (answer.failure === 'never ends') return new Promise(() => {});
        if (answer.failure === 'breaks off') controller.error(new TypeError('terminated'));
        else controller.close();
        return undefined;
      }
      controller.enqueue(bytes.slice(at, end));
      at = end;
      return undefined;
    },
  });
}

async function respond(answer: Answer, index: number): Promise<Response> {
  if (answer.failure === 'throws') throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
  if (answer.failure === 'throws something odd') throw ODD_ERRORS[index % ODD_ERRORS.length]?.();
  if (answer.failure === 'never answers') return new Promise(() => {});
  const isBare = [204, 205, 304].includes(answer.status);
  return new Response(isBare ? null : streamOf(answer), { status: answer.status, headers: answer.headers });
}

/** Whether anybody could take it for the key set that it was made from. */
const isWhole = ({ status, changes, before, after, failure }: Answer) =>
  status === 200 && changes.length === 0 && failure === 'none' && `${before}${after}`.length < 60_000;
const isGood = (answer: Answer) =>
  isWhole(answer) &&
  answer.keys.length > 0 &&
  answer.before.trim() + answer.after.trim() === '' &&
  answer.before !== '\uFEFF' &&
  // One that cannot be read means that the keys are too old.
  !('age' in answer.headers);

const isDocument = ({ status, failure }: Answer) => status === 200 && failure === 'none';

type Make = (fetch: typeof globalThis.fetch) => KeySource;

const ours: Make = (fetch) => remoteKeys('https://app.test/jwks.json', { fetch, timeout: 0.05 });

const UNANSWERED: readonly string[] = ['keys_unavailable', 'unknown_key'];
/** What a token gets whose key id a changed document gives to another key. */
const OTHER_KEY: readonly string[] = ['unsupported_algorithm', 'invalid_signature'];

/** The longest time for which keys may be used: maxTtl and staleIfError. */
const BOUND = 3_600 + 3_600;

/** However the origin answers: keys that it published, no longer than their bounds; or a refusal; never anything else, and in time. */
export const originTarget = defineTarget<Step[], Make>({
  name: 'origins',
  inputs: steps,
  subject: ours,
  broken: {
    'that takes any status': (fetch) =>
      ours(async (...request) => {
        const { body, headers: sent } = await fetch(...request);
        return new Response(body, { headers: sent });
      }),
    'that keeps its first keys for ever': (fetch) => {
      let first: ArrayBuffer | undefined;
      return ours(async (...request) => {
        if (first) return new Response(first);
        const response = await fetch(...request);
        const bytes = await response.clone().arrayBuffer();
        if (response.ok && bytes.byteLength > 100) first = bytes;
        return response;
      });
    },
    'that throws what it gets': (fetch) => {
      const source = ours(fetch);
      return {
        ready: (context) => source.ready(context),
        find: async (selector, context) => {
          const key = await source.find(selector, context);
          await fetch('https://app.test/jwks.json');
          return key;
        },
      };
    },
  },
  async check(all, make, count) {
    let answer: Answer | undefined;
    let now = 0;
    let asks = 0;
    /** What the source may hold, at most, and since when. */
    let held = new Map<KeyName, number>();
    let latest = new Set<KeyName>();
    const source = make(async (_url, init) => {
      if (!answer) throw new Error('asked outside of a step');
      asks += 1;
      const names = new Set<KeyName>(isDocument(answer) ? answer.keys : []);
      const isRevalidation = answer.status === 304 && new Headers(init?.headers).has('if-none-match');
      if (isGood(answer)) held = new Map();
      for (const name of isRevalidation ? [...held.keys()] : names) {
        held.set(name, Math.max(now, held.get(name) ?? now));
        latest.add(name);
      }
      return respond(answer, asks);
    });
    const rig = makeRig(source, { algorithms: ['ES256', 'RS256'] });
    for (const [i, step] of all.entries()) {
      ({ answer } = step);
      now += step.advance;
      rig.advance(step.advance);
      latest = new Set();
      const before = new Map(held);
      const error = await errorOf(() => rig.verify(TOKENS[step.asked]));
      await rig.settle();
      if (!error) {
        const since = before.get(step.asked);
        const isHeld = since !== undefined && now - since <= BOUND;
        assert.isTrue(isHeld || latest.has(step.asked), `${step.asked} is taken, which the origin does not publish`);
      } else {
        const mayMixKeys = all.slice(0, i + 1).some(({ answer: { changes } }) => changes.length > 0);
        assert.include(mayMixKeys ? [...UNANSWERED, ...OTHER_KEY] : UNANSWERED, error.code);
        const isNew = i === 0 && isGood(answer) && answer.keys.includes(step.asked);
        assert.isFalse(isNew, `${step.asked} is refused: ${error.message}`);
      }
      count(error?.code ?? 'valid');
    }
  },
  runs: 1_500,
  seen: { valid: 0.2, keys_unavailable: 0.2, unknown_key: 0.1 },
});
