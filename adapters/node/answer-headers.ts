import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pairsOf } from './request-headers.ts';

type GivenHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** Calls `set` when the headers are written, however that comes about: everything of Node.js' calls `writeHead`. */
export function beforeHeaders(res: ServerResponse, set: () => void): void {
  const { writeHead } = res;
  res.writeHead = (status: number, ...rest: unknown[]) => {
    const given = rest.find((one): one is GivenHeaders => typeof one === 'object' && one !== null);
    if (given) setGiven(res, given);
    set();
    const [message] = rest.filter((one) => typeof one === 'string');
    return message === undefined ? writeHead.call(res, status) : writeHead.call(res, status, message as never);
  };
}

/** As `writeHead` itself adds them to those that are set: of a list, a name may be there several times. */
function setGiven(res: ServerResponse, given: GivenHeaders): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) res.setHeader(name, value as OutgoingHttpHeader);
    return;
  }
  const pairs = pairsOf(Array.isArray(given[0]) ? given.flat() : given) as [string, string][];
  for (const [name] of pairs) res.removeHeader(name);
  for (const [name, value] of pairs) res.appendHeader(name, value);
}
