import { type Member, textOf, toMember } from './member.ts';

/**
 * The query of an event whose path has none, percent-encoded; empty where there is none. As it was sent for Function URLs and HTTP
 * APIs 2.0. The others have its parameters, an ALB as they were sent, API Gateway decoded. A path of VPC Lattice has its query.
 */
export function readQuery(event: Member, caller: string): string {
  const raw = textOf(event['rawQueryString']);
  if (raw !== undefined) return raw;
  if (caller.startsWith('lattice')) return '';
  const { queryStringParameters, multiValueQueryStringParameters } = event;
  const pairs = Object.entries({ ...toMember(queryStringParameters), ...toMember(multiValueQueryStringParameters) });
  const parameters = pairs.flatMap(([name, values]) => [values].flat().map((value) => [name, textOf(value) ?? '']));
  if (caller === 'alb') return parameters.map((one) => one.join('=')).join('&');
  return new URLSearchParams(parameters).toString();
}
