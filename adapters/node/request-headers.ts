import type { IncomingMessage } from 'node:http';
import { type ForwardedHeaders, forward, isPomeriumHeader } from '../../core/adapter.ts';

/** Names and values, which Node.js has by turns. */
export function pairsOf<Item>(list: readonly Item[]): [name: Item, value: Item][] {
  return list.flatMap((name, i): [Item, Item][] => (i % 2 === 0 ? [[name, list[i + 1] ?? name]] : []));
}

/**
 * Leaves the headers that may go on, and those that the gate writes, wherever Node.js shows them: in `headers`,
 * `headersDistinct` and `rawHeaders`. A name of which one line may not go on goes with all of its lines.
 */
export function forwardHeaders(req: IncomingMessage, forwarded: ForwardedHeaders): void {
  const { headers, headersDistinct = {}, rawHeaders } = req;
  const lines = pairsOf(rawHeaders);
  // What a middleware before this one has set is in `headers` alone.
  const parsed = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  // As bytes: what Node.js would show, had Pomerium sent them.
  const added = [...forward(new Headers(), forwarded)];
  const refused = [...lines, ...parsed].filter(([name, value]) => !forwarded.keeps(name, value));
  const removed = new Set([...refused, ...added].map(([name]) => name.toLowerCase()));
  if (removed.size === 0) return;
  for (const name of removed) {
    delete headers[name];
    delete headersDistinct[name];
  }
  for (const [name, value] of added) {
    headers[name] = value;
    headersDistinct[name] = [value];
  }
  const kept = lines.filter(([name]) => !removed.has(name.toLowerCase()));
  rawHeaders.splice(0, rawHeaders.length, ...[...kept, ...added].flat());
}

/**
 * Removes trailers that may not go on as headers, and every one of Pomerium's, which has verified none: before anybody else hears
 * of `end`, from which on they are there. A name of which one line may not go on goes with all of its lines.
 */
export function forwardTrailers(req: IncomingMessage, { keeps, added }: ForwardedHeaders): void {
  const removeTrailers = () => {
    // All before one is changed: Node.js makes the others of `rawTrailers` when they are first read. HTTP/2 has no distinct ones.
    const { trailers = {}, trailersDistinct = {}, rawTrailers = [] } = req;
    const lines = pairsOf(rawTrailers);
    const refused = lines.filter(([name, value]) => isPomeriumHeader(name) || !keeps(name, value));
    const removed = new Set([...refused, ...added].map(([name]) => name.toLowerCase()));
    for (const name of removed) {
      delete trailers[name];
      delete trailersDistinct[name];
    }
    const kept = lines.filter(([name]) => !removed.has(name.toLowerCase()));
    rawTrailers.splice(0, rawTrailers.length, ...kept.flat());
  };
  if (req.complete) removeTrailers();
  else req.prependOnceListener('end', removeTrailers);
}
