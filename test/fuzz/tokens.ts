import { createPublicKey, type KeyObject } from 'node:crypto';
import { assert } from 'chai';
import fc from 'fast-check';
import { type JWTHeaderParameters, jwtVerify } from 'jose';
import { createVerifier, type PomeriumErrorCode, staticKeys } from '../../core/index.ts';
import { STRICTER } from '../node/stricter-than-jose.ts';
import { HOST, jwks, makeKey, NOW, signText, toBase64url, userClaims } from '../support/issuer.ts';
import { errorOf } from '../support/verifying.ts';
import { defineTarget } from './target.ts';

const es256 = await makeKey('ES256');
const rs256 = await makeKey('RS256');
const stranger = await makeKey('ES256');
const SIGNERS = { es256, rs256, stranger };
const ALGORITHMS = ['ES256', 'RS256'] as const;
const published = jwks(es256, rs256);

/** The ES256 key of all that is accepted. */
export const tokenKey = es256;

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

export async function joseAccepts(token: string): Promise<boolean> {
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

interface Refusal {
  readonly code: PomeriumErrorCode;
  readonly message: string;
}

type RefusalOf = (token: string) => Promise<Refusal | undefined>;

const newVerifier = () =>
  createVerifier({ audience: HOST, algorithms: ALGORITHMS, keys: staticKeys(published), now: () => NOW });
const warm = newVerifier();

/** By a new verifier, which has no memo, so that every token is judged from its first byte; and by one that has seen all before. */
export const refusalOf: RefusalOf = async (token) => {
  const verifier = newVerifier();
  const [fresh, seen] = await Promise.all([errorOf(() => verifier.verify(token)), errorOf(() => warm.verify(token))]);
  assert.equal(seen?.message, fresh?.message, 'a verifier that has seen other tokens says something else');
  return fresh;
};

const times = fc.constantFrom(-301, -61, -60, -59, 0, 59, 60, 61, 300).map((offset) => NOW + offset);
const oddValues = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, true, [], {}, HOST, [HOST], `https://${HOST}/`, [HOST, 1], '1e999'),
  fc.constantFrom<unknown>(HOST.toUpperCase(), `${HOST}.`, ` ${HOST}`, [HOST, HOST], { 0: HOST, length: 1 }, '\ud800'),
  fc.string({ maxLength: 4 }),
  fc.double(),
  times,
);
const claimNames = fc.constantFrom(...Object.keys(userClaims()), 'nbf', '__proto__', 'constructor', 'Aud', 'x');
const headerNames = fc.constantFrom(
  ...['alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'x5u', 'zip', 'cty', 'enc', 'epk', '__proto__'],
);
/** `es256`, `rs256` and `stranger` stand for these keys' ids, `jwk:…` for the key. */
const headerValues = fc.oneof(
  fc.constantFrom<unknown>('ES256', 'RS256', 'none', 'HS256', 'EdDSA', 'ES384', 'PS256', 'es256 ', 'ES256 ', 'nOnE'),
  fc.constantFrom<unknown>('', 'es256', 'rs256', 'stranger', 'jwk:stranger', ['b64'], true, null, 7, ['ES256']),
  fc.string({ unit: 'binary', maxLength: 4 }),
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

/** Ways to write the same JSON, and some that are none. `twice`: a member before those of the same name, and after. */
const spelling = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: 'plain' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('first' as const, 'last' as const),
      name: fc.oneof(headerNames, claimNames),
      value: fc.oneof(headerValues, oddValues),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('escaped' as const, 'indented' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('around' as const),
      text: fc.constantFrom(' ', '\n', '\0', '\uFEFF', '\u00a0', '[', ']', '}', '//', ',', 'null', '\v'),
      after: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('padded' as const),
      size: fc.constantFrom(1_000, 48_000, 48_700, 48_800, 48_900, 70_000),
    }),
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
      kind: fc.constantFrom(
        ...(['replace', 'insert', 'delete', 'append', 'prepend', 'case', 'cut', 'twice', 'reencode'] as const),
        ...(['spare bits', 'empty', 'swap', 'standard alphabet', 'split'] as const),
      ),
      at: fc.nat(),
      text: fc.constantFrom('=', '==', '.', ',', ' ', '\n', '+', '/', '-', '_', 'A', 'B', 'é', '\0', '%3D', '~', 'ſ'),
    }),
  },
);

const tokens = fc.record({
  signer: fc.constantFrom('es256' as const, 'es256' as const, 'es256' as const, 'rs256' as const, 'stranger' as const),
  header: jsonChanges(headerNames, headerValues),
  claims: jsonChanges(claimNames, oddValues),
  headerSpelling: spelling,
  claimsSpelling: spelling,
  headerBytes: byteChanges,
  payloadBytes: byteChanges,
  text: textChange,
});
type Recipe = typeof tokens extends fc.Arbitrary<infer T> ? T : never;
type Spelling = Recipe['headerSpelling'];

async function build(recipe: Recipe): Promise<string> {
  const signer = SIGNERS[recipe.signer];
  const changes = recipe.header.map(([name, value]): [string, unknown] => [name, headerValue(value)]);
  const header = apply({ alg: signer.algorithm, kid: signer.kid, typ: 'JWT' }, changes);
  const claims = apply(userClaims({ jti: 'fixed' }), recipe.claims);
  const token = await signText(
    signer,
    mutate(spell(header, recipe.headerSpelling), recipe.headerBytes),
    mutate(spell(claims, recipe.claimsSpelling), recipe.payloadBytes),
  );
  return recipe.text ? change(token, recipe.text) : token;
}

function headerValue(value: unknown): unknown {
  if (value === 'jwk:stranger') return stranger.publicJwk;
  return value === 'es256' || value === 'rs256' || value === 'stranger' ? SIGNERS[value].kid : value;
}

/** A changed member keeps its place; `__proto__` is one as any other. */
function apply(base: Record<string, unknown>, changes: [string, unknown][]): string {
  const members = new Map([...Object.entries(base), ...changes]);
  const written = [...members].flatMap(([name, value]) => member(name, value) ?? []);
  return `{${written.join()}}`.replaceAll('"1e999"', '1e999');
}

function member(name: string, value: unknown): string | undefined {
  return value === undefined ? undefined : `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

function spell(json: string, spelling: Spelling): string {
  switch (spelling.kind) {
    case 'first':
      return `{${member(spelling.name, headerValue(spelling.value))},${json.slice(1)}`;
    case 'last':
      return `${json.slice(0, -1)},${member(spelling.name, headerValue(spelling.value))}}`;
    case 'escaped':
      return json.replace(/[a-z]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
    case 'indented':
      return json.replace(/([{},:])(?=["\d}[])/g, '$1\r\n\t ');
    case 'around':
      return spelling.after ? json + spelling.text : spelling.text + json;
    case 'padded':
      return json.replace('{', `{"pad":"${'x'.repeat(spelling.size)}",`);
    default:
      return json;
  }
}

function mutate(json: string, changes: [number, number][]): Uint8Array {
  const bytes = new TextEncoder().encode(json);
  for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
  return bytes;
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function change(token: string, { kind, at, text }: NonNullable<Recipe['text']>): string {
  const index = at % token.length;
  const [before, character = '', after] = [token.slice(0, index), token[index], token.slice(index + 1)];
  const inSegment = (map: (segment: string) => string) =>
    token
      .split('.')
      .map((segment, i) => (i === at % 3 ? map(segment) : segment))
      .join('.');
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
    case 'reencode':
      return inSegment((segment) => toBase64url(atob(segment.replaceAll('-', '+').replaceAll('_', '/'))));
    case 'spare bits':
      // The last character stands for the same bytes, but where it has no bits to spare.
      return inSegment((segment) => {
        const last = BASE64URL.indexOf(segment.at(-1) ?? 'A');
        return segment.slice(0, -1) + BASE64URL[last ^ (1 + (index % 3))];
      });
    case 'empty':
      return inSegment(() => '');
    case 'swap':
      return token.split('.').reverse().join('.');
    case 'standard alphabet':
      return token.replaceAll('-', '+').replaceAll('_', '/');
    case 'split':
      return inSegment((segment) => `${segment.slice(0, index)}${text}${segment.slice(index)}`);
  }
}

export const tokenTarget = defineTarget<Recipe, RefusalOf>({
  name: 'tokens',
  inputs: tokens,
  subject: refusalOf,
  broken: {
    'that does not look at the audience': ignoring('audience_mismatch'),
    'that does not look at the issuer': ignoring('issuer_mismatch'),
    'that does not look at the signature': ignoring('invalid_signature'),
    'that takes padding off': (token) => refusalOf(token.replaceAll('=', '').replaceAll('~', '')),
    'that knows nobody without a name': async (token) => {
      const refusal = await refusalOf(token);
      return refusal ?? { code: 'anonymous', message: 'It has a name.' };
    },
  },
  async check(recipe, refusalOfToken, count) {
    const token = await build(recipe);
    const [refusal, accepted] = await Promise.all([refusalOfToken(token), joseAccepts(token)]);
    if (!refusal) {
      assert.isTrue(accepted, 'jose refuses what we accept');
      count('accepted by both');
    } else if (!accepted) {
      count('refused by both');
    } else {
      const kind = STRICTER.find(({ message }) => message.test(refusal.message));
      assert.isDefined(kind, `jose accepts, and the list has no reason for "${refusal.message}"`);
      count(`by jose alone: ${refusal.code}`);
    }
  },
  runs: 5_000,
  seen: { 'accepted by both': 0.05, 'refused by both': 0.05 },
});

function ignoring(code: PomeriumErrorCode): RefusalOf {
  return async (token) => {
    const refusal = await refusalOf(token);
    return refusal?.code === code ? undefined : refusal;
  };
}
