import { ASSERTION_FOR_HEADER, ASSERTION_HEADER, type Identity, isPomeriumHeader } from '../../core/adapter.ts';

/** The headers without unverified Pomerium headers, in whatever shape the event has them. */
export function keepVerified<Lines>(
  headers: Readonly<Record<string, Lines>>,
  { onBehalfOf }: Identity,
): Record<string, Lines> {
  const verified = new Set([ASSERTION_HEADER, ...(onBehalfOf ? [ASSERTION_FOR_HEADER] : [])]);
  const isKept = (name: string) => verified.has(name.toLowerCase()) || !isPomeriumHeader(name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)));
}
