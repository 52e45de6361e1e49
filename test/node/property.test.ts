import { createPublicKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { type JWTHeaderParameters, jwtVerify } from 'jose';
import { assert, describe, test } from 'vitest';
import { createVerifier, type PomeriumError, staticKeys } from '../../core/index.ts';
import { HOST, jwks, makeKey, NOW, signText, toBase64url, userClaims } from '../support/issuer.ts';
import { errorOf } from '../support/verifying.ts';
import { STRICTER } from './stricter-than-jose.ts';

const RUNS = 20_000;
const seed = Number(process.env['PROPERTY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const es256 = await makeKey('ES256');
const rs256 = await makeKey('RS256');
const stranger = await makeKey('ES256');
const ALGORITHMS = ['ES256', 'RS256'] as const;
const published = jwks(es256, rs256);

/**
 * The yardstick's keys, imported by Node.js and not by jose, which imports ours. A header without `kid` means the only key
 * for its algorithm, as in a JWKS.
 */
const joseKeys = [es256, rs256].map(({ kid, algorithm, spki }) => ({ kid, algorithm, key: createPublicKey(spki) }));

function joseKey({ kid, alg }: JWTHeaderParameters): KeyObject {
  const [entry] = joseKeys.filter((one) => one.algorithm === alg && (kid === undefined || kid === one.kid));
  if (!entry) throw new Error('no such key');
  return entry.key;
}

async function joseAccepts(token: string): Promise<boolean> {
  try {
    // Pomerium v0.10 wrote kid: "" for none, which jose looks up as it is.
    await jwtVerify(token, (header) => joseKey(header.kid === '' ? { alg: header.alg } : header), {
      algorithms: [...ALGORITHMS],
      audience: HOST,
      issuer: [HOST, `https://${HOST}/`],
      clockTolerance: 60,
      currentDate: new Date(NOW * 1000),
    });
    return true;
  } catch {
    return false;
  }
}

/** A new verifier each time: no memo, so that every token is judged from its first byte. */
function refusalOf(token: string): Promise<PomeriumError | undefined> {
  const verifier = createVerifier({
    audience: HOST,
    algorithms: ALGORITHMS,
    keys: staticKeys(published),
    now: () => NOW,
  });
  return errorOf(() => verifier.verify(token));
}

const times = fc.constantFrom(-301, -61, -60, -59, 0, 59, 60, 61, 300).map((offset) => NOW + offset);
const oddValues = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, true, [], {}, HOST, [HOST], `https://${HOST}/`, [HOST, 1], '1e999'),
  fc.string({ maxLength: 4 }),
  fc.double(),
  times,
);
const claimNames = fc.constantFrom(...Object.keys(userClaims()), 'nbf', '__proto__', 'x');
const headerNames = fc.constantFrom('alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'zip', 'cty');
const headerValues = fc.oneof(
  fc.constantFrom<unknown>(
    'ES256',
    'RS256',
    'none',
    'HS256',
    'EdDSA',
    '',
    es256.kid,
    rs256.kid,
    stranger.kid,
    ['b64'],
    true,
    null,
    7,
  ),
  fc.string({ maxLength: 4 }),
);

/** Changes to the JSON before it is signed: most tokens have none or one, so that many stay good. */
const jsonChanges = (names: fc.Arbitrary<string>, values: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<[string, unknown][]>([]) },
    {
      weight: 3,
      arbitrary: fc.array(fc.tuple(names, fc.oneof(values, fc.constant(undefined))), { minLength: 1, maxLength: 2 }),
    },
  );

/** Changes to the JSON's bytes before they are signed: their index counts from either end. */
const byteChanges = fc.oneof(
  { weight: 8, arbitrary: fc.constant<[number, number][]>([]) },
  { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 2 }) },
);

/** Changes to the token's text, after it is signed. */
const textChange = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('replace', 'insert', 'delete', 'append', 'prepend', 'case', 'cut', 'twice', 'reencode'),
      at: fc.nat(),
      text: fc.constantFrom('=', '==', '.', ',', ' ', '\n', '+', '/', '-', '_', 'A', 'B', 'é', '\0', '%3D', '~'),
    }),
  },
);

const tokens = fc.record({
  signer: fc.constantFrom(es256, es256, es256, rs256, stranger),
  header: jsonChanges(headerNames, headerValues),
  claims: jsonChanges(claimNames, oddValues),
  headerBytes: byteChanges,
  payloadBytes: byteChanges,
  text: textChange,
});
type Recipe = typeof tokens extends fc.Arbitrary<infer T> ? T : never;

async function build(recipe: Recipe): Promise<string> {
  const { signer } = recipe;
  const header = apply({ alg: signer.algorithm, kid: signer.kid, typ: 'JWT' }, recipe.header);
  const claims = apply(userClaims({ jti: 'fixed' }), recipe.claims);
  const token = await signText(signer, mutate(header, recipe.headerBytes), mutate(claims, recipe.payloadBytes));
  return recipe.text ? change(token, recipe.text) : token;
}

function apply(base: Record<string, unknown>, changes: [string, unknown][]): string {
  const json = JSON.stringify({ ...base, ...Object.fromEntries(changes) });
  return json.replace('"1e999"', '1e999');
}

function mutate(json: string, changes: [number, number][]): Uint8Array {
  const bytes = new TextEncoder().encode(json);
  for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
  return bytes;
}

function change(token: string, { kind, at, text }: NonNullable<Recipe['text']>): string {
  const index = at % token.length;
  const [before, character = '', after] = [token.slice(0, index), token[index], token.slice(index + 1)];
  switch (kind) {
    case 'replace':
      return before + text + after;
    case 'insert':
      return before + text + character + after;
    case 'delete':
      return before + after;
    case 'append':
      return token + text;
    case 'prepend':
      return text + token;
    case 'case':
      return (
        before + (character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase()) + after
      );
    case 'cut':
      return before;
    case 'twice':
      return `${token}${text}${token}`;
    default: {
      const segments = token.split('.');
      segments[at % 3] = toBase64url(atob((segments[at % 3] ?? '').replaceAll('-', '+').replaceAll('_', '/')));
      return segments.join('.');
    }
  }
}

describe('held against jose’s jwtVerify with equal options', () => {
  test(`${RUNS} mutated tokens (PROPERTY_SEED=${seed}): we accept nothing that jose refuses`, {
    timeout: 300_000,
  }, async () => {
    const tally = { both: 0, neither: 0, stricter: new Map<string, number>() };
    const property = fc.asyncProperty(tokens, async (recipe) => {
      const token = await build(recipe);
      const [refusal, accepted] = await Promise.all([refusalOf(token), joseAccepts(token)]);
      if (!refusal) {
        assert.isTrue(accepted, 'jose refuses what we accept');
        tally.both += 1;
      } else if (!accepted) {
        tally.neither += 1;
      } else {
        const kind = STRICTER.find(({ message }) => message.test(refusal.message));
        assert.isDefined(kind, `jose accepts, and the list has no reason for "${refusal.message}"`);
        tally.stricter.set(refusal.code, (tally.stricter.get(refusal.code) ?? 0) + 1);
      }
    });
    await fc.assert(property, { seed, numRuns: RUNS });
    console.info(
      `PROPERTY_SEED=${seed}: ${tally.both} accepted by both, ${tally.neither} by neither, by jose alone`,
      tally.stricter,
    );
    assert.isAbove(tally.both, RUNS / 20, 'too few good tokens to say anything');
    assert.isAbove(tally.neither, RUNS / 20, 'too few bad tokens to say anything');
  });

  for (const { message, reason, example } of STRICTER) {
    test(`stricter than jose: ${reason}`, async () => {
      const token = await example(es256);
      assert.match((await refusalOf(token))?.message ?? 'accepted', message);
      assert.isTrue(await joseAccepts(token), 'jose refuses it, too: it does not belong on the list');
    });
  }
});
