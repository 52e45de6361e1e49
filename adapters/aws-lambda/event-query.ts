import { type Member, textOf, toMember } from './member.ts';

/**
 * The query of an event whose path has none, percent-encoded; empty where there is none. As it was sent for Function URLs and HTTP
 * APIs 2.0. The others have its parameters, an ALB as they were sent, API Gateway decoded, VPC Lattice in the path or beside it.
 */
export function readQuery(event: Member, { caller, url }: { caller: string; url: string }): string {
  const raw = textOf(event['rawQueryString']);
  if (raw !== undefined || url.includes('?')) return raw ?? '';
  const parameters = event['query_string_parameters'] ?? event['queryStringParameters'];
  const entries = Object.entries({ ...toMember(parameters), ...toMember(event['multiValueQueryStringParameters']) });
  const pairs = entries.flatMap(([name, values]) => [values].flat().map((value) => [name, textOf(value) ?? '']));
  if (caller === 'alb') return pairs.map((one) => one.join('=')).join('&');
  return new URLSearchParams(pairs).toString();
}
