import { ASSERTION_FOR_HEADER, ASSERTION_HEADER, type Identity, isPomeriumHeader } from '../../core/index.ts';

/** The headers without those that pose as Pomerium's word, but with what was verified, whatever a header's lines look like. */
export function keepVerified<Lines>(
  headers: Readonly<Record<string, Lines>>,
  { onBehalfOf }: Identity,
): Record<string, Lines> {
  const verified = new Set([ASSERTION_HEADER, ...(onBehalfOf ? [ASSERTION_FOR_HEADER] : [])]);
  const isKept = (name: string) => verified.has(name.toLowerCase()) || !isPomeriumHeader(name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)));
}
