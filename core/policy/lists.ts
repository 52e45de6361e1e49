/**
 * A claim as the list that PPL's list matchers mean, without making one. It is really a list, or a single value, or
 * (`isJoined`) several that Pomerium joined with commas. Absent is empty, as in Pomerium.
 */
export function listHas(claim: unknown, isJoined: boolean, value: string): boolean {
  if (Array.isArray(claim)) return claim.includes(value);
  if (typeof claim === 'string') return isJoined ? joinedHas(claim, value) : claim === value;
  return isScalar(claim) && String(claim) === value;
}

/** Whether the value is the only element. */
export function listIsOnly(claim: unknown, isJoined: boolean, value: string): boolean {
  if (Array.isArray(claim)) return claim.length === 1 && claim[0] === value;
  if (typeof claim === 'string') return claim === value && !(isJoined && (claim === '' || claim.includes(',')));
  return isScalar(claim) && String(claim) === value;
}

function isScalar(claim: unknown): boolean {
  return typeof claim === 'number' || typeof claim === 'boolean';
}

/** No values joined are the empty string. A value with a comma in it cannot be told from two, so it never matches. */
function joinedHas(joined: string, value: string): boolean {
  if (joined === '') return false;
  for (let start = 0; ; ) {
    const comma = joined.indexOf(',', start);
    const end = comma < 0 ? joined.length : comma;
    if (end - start === value.length && joined.startsWith(value, start)) return true;
    if (comma < 0) return false;
    start = comma + 1;
  }
}
