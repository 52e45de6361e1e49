import { toSafeJson } from '../core/errors.ts';

/** Foreign text, safe on a terminal and on a page: control characters and direction marks are escaped, the rest stays. */
export function safeText(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => toSafeJson(character).slice(1, -1));
}

/** The same for text of several lines. */
export function safeLines(text: string): string {
  return text.split('\n').map(safeText).join('\n');
}

/** A message that may quote foreign text: each line after the first is indented, so that none of them looks like one of ours. */
export function safeMessage(text: string): string {
  return safeLines(text).replace(/\n(?=\S)/g, '\n  ');
}

/** A claim or a header member, as JSON; a number that JSON has no form for (`1e999`) as JavaScript writes it. */
export function safeJson(value: unknown): string {
  return typeof value === 'number' ? String(value) : toSafeJson(value);
}

/** `expires in 4 minutes`, `issued 3 minutes ago`; undefined for a time that no calendar has. Both in seconds. */
export function describeTime(verb: 'expires' | 'issued', time: number, now: number): string | undefined {
  return toIsoTime(time) === undefined ? undefined : inWords(verb, time - now);
}

/** A time in seconds as ISO 8601; undefined beyond what `Date` can hold. */
export function toIsoTime(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** `expires in 4 minutes`, `expired 3 minutes ago`. `seconds` from now. */
export function inWords(verb: 'expires' | 'issued', seconds: number): string {
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ];
  const [unit, size] = units.find(([, one]) => Math.abs(seconds) >= one) ?? (['second', 1] as const);
  const when = new Intl.RelativeTimeFormat('en', { numeric: 'always' }).format(Math.trunc(seconds / size), unit);
  return `${verb === 'expires' && seconds <= 0 ? 'expired' : verb} ${when}`;
}
