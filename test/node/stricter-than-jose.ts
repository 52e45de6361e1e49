import { NOW, sign, signText, type TestKey, userClaims } from '../support/issuer.ts';

/** A kind of token that jose's `jwtVerify` accepts with equal options, and we refuse. */
export interface Stricter {
  /** What our refusal says. */
  readonly message: RegExp;
  readonly reason: string;
  /** One such token. */
  example(key: TestKey): Promise<string>;
}

const HEADER = (key: TestKey) => JSON.stringify({ alg: 'ES256', kid: key.kid });
const PAYLOAD = JSON.stringify(userClaims());

export const STRICTER: readonly Stricter[] = [
  {
    message: /header with crit or b64/,
    reason: 'RFC 7797 forbids b64 that crit does not list; jose ignores it, another library might not.',
    example: (key) => sign(key, {}, { b64: false }),
  },
  {
    message: /header that is not a JSON object/,
    reason: 'RFC 8259 section 8.1: JSON has no byte order mark; jose drops it.',
    example: (key) => signText(key, `\uFEFF${HEADER(key)}`, PAYLOAD),
  },
  {
    message: /payload is not a JSON object/,
    reason: 'The same in the payload.',
    example: (key) => signText(key, HEADER(key), `\uFEFF${PAYLOAD}`),
  },
  {
    message: /signature that is not base64url/,
    reason: 'RFC 7515 section 2 and RFC 4648 section 3.5: one signature has one spelling. jose decodes it leniently.',
    example: async (key) => `${await sign(key)}==`,
  },
  {
    message: /longer than 65536 characters/,
    reason: 'A limit on size, as any that decides how long one request may take.',
    example: (key) => sign(key, { groups: ['x'.repeat(60_000)] }),
  },
  {
    message: /claim (exp|iat) is not a finite number/,
    reason: 'Pomerium always writes both; jose requires neither unless told, and takes 1e999.',
    example: (key) => sign(key, { exp: undefined }),
  },
  {
    message: /claim nbf is not a finite number/,
    reason: 'nbf: 1e-999 aside, jose takes an infinite one that is negative.',
    example: (key) => signText(key, HEADER(key), PAYLOAD.replace('{', '{"nbf":-1e999,')),
  },
  {
    message: /issued in the future/,
    reason: 'The seed document asks for iat with a minute of skew; jose looks at iat only with maxTokenAge.',
    example: (key) => sign(key, { iat: NOW + 61 }),
  },
  {
    message: /assertion is for nobody/,
    reason: 'A public route gets assertions with an empty sub; jose does not look at sub unless told.',
    example: (key) => sign(key, { sub: '' }),
  },
  {
    message: /claim (sub|user|email|name|sid|jti) is not a string/,
    reason: 'A claim of a wrong type in an identity is a bug that waits; jose does not know these claims.',
    example: (key) => sign(key, { email: ['a', 'b'] }),
  },
  {
    message: /claim (groups|aud) is not a list of strings/,
    reason: 'The same; in aud jose takes any list that holds ours.',
    example: (key) => sign(key, { groups: 'admin' }),
  },
];
