import type { Gate } from '../../core/adapter.ts';
import type { Caller } from './events.ts';
import { toMember } from './member.ts';
import { statusText } from './status-text.ts';

/** An answer of a function behind HTTP, in the form that all of its callers take. */
export interface ProxyAnswer {
  readonly statusCode: number;
  readonly statusDescription?: string;
  readonly headers?: Record<string, string>;
  readonly multiValueHeaders?: Record<string, string[]>;
  /** HTTP APIs 2.0 and function URLs take cookies in this member. */
  readonly cookies?: string[];
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** What called the function, and with what. */
export interface Call {
  readonly caller: Caller;
  readonly event: unknown;
}

export async function toProxyAnswer(response: Response, call: Call): Promise<ProxyAnswer> {
  return {
    statusCode: response.status,
    statusDescription: `${response.status} ${response.statusText || statusText(response.status)}`,
    ...headersOf(response, call),
    body: await response.text(),
    isBase64Encoded: false,
  };
}

function headersOf(response: Response, call: Call): Pick<ProxyAnswer, 'headers' | 'multiValueHeaders' | 'cookies'> {
  const cookies = response.headers.getSetCookie();
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'set-cookie'));
  const list = { ...(cookies.length > 0 && { 'set-cookie': cookies }) };
  const members = membersRead(call);
  if (!members.includes('headers')) return { multiValueHeaders: { ...toLists(headers), ...list } };
  if (infersAnswers(call)) return { headers, ...(cookies.length > 0 && { cookies }) };
  if (members.includes('multiValueHeaders') && cookies.length > 0) return { headers, multiValueHeaders: list };
  const [cookie] = cookies;
  return { headers: cookie === undefined ? headers : { ...headers, 'set-cookie': cookie } };
}

/**
 * The function's own answer with the headers that keep it out of shared caches, in a member that the caller reads. What is no
 * answer of this caller's stays as it is.
 */
export function withAnswerHeaders<Answer>(
  answer: Answer,
  call: Call,
  answerHeaders: Gate['answerHeaders'],
): Answer | ProxyAnswer {
  const inferred = infersAnswers(call) ? inferredAnswer(answer) : undefined;
  if (inferred) return withAnswerHeaders(inferred, call, answerHeaders);
  const own = toMember(answer);
  if (own['statusCode'] === undefined) return answer;
  const members = membersRead(call);
  const lines = members.flatMap((member) => Object.entries(toMember(own[member])));
  const added = answerHeaders((wanted) => {
    const values = lines.flatMap(([name, value]) => (name.toLowerCase() === wanted ? [value].flat() : []));
    return [...new Set(values.filter((value) => value !== undefined && value !== null).map(String))].join(', ');
  });
  if (added.length === 0) return answer;
  const set = Object.fromEntries(added);
  // In both where the answer has both: API Gateway takes the lists.
  const present = members.filter((member) => own[member]);
  const written = (present.length > 0 ? present : members.slice(0, 1)).map((member) => [
    member,
    { ...without(own[member], set), ...(member === 'headers' ? set : toLists(set)) },
  ]);
  return { ...answer, ...Object.fromEntries(written) };
}

/**
 * An HTTP API with payload 2.0 and a function URL take a value without `statusCode` for the body ("Lambda function response
 * for format 2.0"). Undefined where there is nothing to infer: a stream is no body.
 */
function inferredAnswer(answer: unknown): ProxyAnswer | undefined {
  const { statusCode, pipe } = toMember(answer);
  if (answer === undefined || answer === null || statusCode !== undefined || pipe !== undefined) return undefined;
  const body: string | undefined = typeof answer === 'string' ? answer : JSON.stringify(answer);
  if (body === undefined) return undefined;
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body, isBase64Encoded: false };
}

function infersAnswers({ caller }: Call): boolean {
  return caller === 'http-2.0' || caller === 'function-url';
}

type HeaderMember = 'headers' | 'multiValueHeaders';

/** What of an answer the caller reads; it ignores the other. An ALB reads one, by a setting that its event shows. */
function membersRead({ caller, event }: Call): readonly HeaderMember[] {
  if (caller === 'rest' || caller === 'http-1.0') return ['headers', 'multiValueHeaders'];
  const { headers, multiValueHeaders } = toMember(event);
  return caller === 'alb' && multiValueHeaders && !headers ? ['multiValueHeaders'] : ['headers'];
}

function toLists(headers: Record<string, string>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

/** The headers but for those that are set anew, in any case. */
function without(headers: unknown, set: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(toMember(headers)).filter(([name]) => !(name.toLowerCase() in set)));
}
