import type { ForwardedHeaders } from '../../core/adapter.ts';
import { type Member, toMember } from './member.ts';

/** A copy of the event whose headers are those that go on, in each of the shapes in which it has them. */
export function forwardEvent<Event>(event: Event, forwarded: ForwardedHeaders): Event {
  const { headers, multiValueHeaders } = toMember(event);
  // VPC Lattice has lists under the plain name.
  const areLists = Object.values(toMember(headers)).some(Array.isArray);
  return {
    ...event,
    ...(isSet(headers) && { headers: forwardLines(toMember(headers), forwarded, areLists) }),
    ...(isSet(multiValueHeaders) && { multiValueHeaders: forwardLines(toMember(multiValueHeaders), forwarded, true) }),
  };
}

/** An ALB has null for the shape that it does not use. */
function isSet(lines: unknown): boolean {
  return lines !== undefined && lines !== null;
}

function forwardLines(lines: Member, { keeps, added }: ForwardedHeaders, areLists: boolean): Member {
  // What is no text is no header line, and nobody can say what it would become.
  const goesOn = (name: string, value: unknown) => typeof value !== 'object' && keeps(name, String(value));
  const kept = Object.entries(lines).flatMap(([name, value]): [string, unknown][] => {
    if (!Array.isArray(value)) return goesOn(name, value) ? [[name, value]] : [];
    const values = value.filter((one) => goesOn(name, one));
    return values.length > 0 ? [[name, values]] : [];
  });
  return Object.fromEntries([...kept, ...added.map(([name, text]) => [name, areLists ? [text] : text])]);
}
