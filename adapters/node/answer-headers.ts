import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pairsOf } from './request-headers.ts';

type GivenHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * Calls `set` when the headers are written: `end`, `write`, `flushHeaders` and pipes call `writeHead` of the answer itself. What
 * goes around it is in docs/frameworks.md.
 */
export function beforeHeaders(res: ServerResponse & { writeHeader?: unknown }, set: () => void): void {
  const { writeHead } = res;
  res.writeHead = (status: number, ...rest: unknown[]) => {
    const given = rest.find((one): one is GivenHeaders => typeof one === 'object' && one !== null);
    // Node.js' own error.
    if (given && isOddList(given)) return writeHead.call(res, status, given);
    if (given) setGiven(res, given);
    set();
    const [message] = rest.filter((one) => typeof one === 'string');
    return message === undefined ? writeHead.call(res, status) : writeHead.call(res, status, message as never);
  };
  // Deprecated (DEP0063), of HTTP/1 alone, and not an alias of what has replaced `writeHead`.
  if (res.writeHeader) res.writeHeader = res.writeHead;
}

function isOddList(given: GivenHeaders): boolean {
  return Array.isArray(given) && !Array.isArray(given[0]) && given.length % 2 === 1;
}

/** As `writeHead` itself adds them to those that are set: a name may be there several times, in several spellings. */
function setGiven(res: ServerResponse, given: GivenHeaders): void {
  const headers = new Map<string, [name: string, value: OutgoingHttpHeader]>();
  for (const [name, value] of entriesOf(given)) {
    const key = name.toLowerCase();
    const earlier = headers.get(key);
    headers.set(key, earlier ? [earlier[0], [earlier[1], value].flat().map(String)] : [name, value]);
  }
  for (const [name, value] of headers.values()) res.setHeader(name, value);
}

function entriesOf(given: GivenHeaders): [name: string, value: OutgoingHttpHeader][] {
  if (!Array.isArray(given)) return Object.entries(given) as [string, OutgoingHttpHeader][];
  return pairsOf(Array.isArray(given[0]) ? given.flat() : given) as [string, OutgoingHttpHeader][];
}
