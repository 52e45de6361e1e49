const NAMED = /x-pomerium-jwt-assertion["']?\s*:\s*["']?([^\s"']+)/i;
const JWS = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/**
 * The assertion in what people copy: with the header's name, as a bearer token, in quotes, broken into lines, among the headers
 * that curl prints. A text without one, or with several, stays as it is: it is the verifier's to refuse.
 */
export function pickAssertion(text: string): string {
  const trimmed = text.trim();
  const value = trimmed.replace(/^x-pomerium-jwt-assertion:\s*/i, '').replace(/^(authorization:\s*)?bearer\s+/i, '');
  // Nothing stands around it, whether it is good or not.
  if (/^[\w.,=+/ -]*$/.test(value)) return value;
  const oneLine = value.replace(/\s*\n\s*/g, '');
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(oneLine)) return oneLine;
  const [, named] = NAMED.exec(trimmed) ?? [];
  const [only, ...others] = new Set(trimmed.match(JWS));
  return named ?? (others.length === 0 ? only : undefined) ?? value;
}
