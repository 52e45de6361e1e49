interface Term {
  readonly wrong: RegExp;
  readonly right: string;
}

/** One spelling for one thing, and no words that tell a reader how easy it is. */
const TERMS: readonly Term[] = [
  { wrong: /\bJwks\b|\bJWK set\b/g, right: 'JWKS, or key set' },
  { wrong: /\bkey-?sets?\b/gi, right: 'key set' },
  { wrong: /\bNode ?JS\b|\bnode\.js\b|\bNode(?= v?\d)/gi, right: 'Node.js' },
  { wrong: /\blog(?:ged|s)?[ -]?in\b/gi, right: 'sign in; the noun is sign-in' },
  { wrong: /\bsignin\b|\b(?:to|can|must|you|they|people|users?) sign-in\b/gi, right: 'sign in' },
  { wrong: /\b(?:an?|the|its) sign in\b/gi, right: 'sign-in' },
  { wrong: /\bhostname/gi, right: 'host name' },
  { wrong: /\bend[ -]points?\b/gi, right: 'endpoint' },
  { wrong: /\brun[ -]times?\b/gi, right: 'runtime' },
  { wrong: /\bwhitespace\b/gi, right: 'white space' },
  { wrong: /\bdata-?centres?\b/gi, right: 'data centre' },
  { wrong: /\bemail(?= address)/gi, right: 'e-mail' },
  { wrong: /\bthe license\b/gi, right: 'licence' },
  { wrong: /\b(?:simply|just|easily|obviously|basically|of course)\b/gi, right: 'nothing in its place' },
  { wrong: /\ba (?:API|AWS|ALB|ES\d+|HMAC|HTTPS?|MCP|RSA|SSM)\b/g, right: 'an' },
  { wrong: /\ban (?:JWKS?|JWS|JWT|URL|UUID)\b/g, right: 'a' },
  { wrong: /\b(?!that\b|had\b)(\p{L}+) \1\b/giu, right: 'the word once' },
];

// A dot matches a node.js that is spelt right, too.
const RIGHT = new Set(['Node.js']);

/** Each use of a term in this line that is not the project's, with what to write. */
export function findTerms(line: string): string[] {
  return TERMS.flatMap(({ wrong, right }) =>
    [...line.matchAll(wrong)].filter(([text]) => !RIGHT.has(text)).map(([text]) => `"${text}": write ${right}`),
  );
}
