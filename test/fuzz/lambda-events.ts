import { assert } from 'chai';
import fc from 'fast-check';
import { PomeriumError } from '../../core/index.ts';
import {
  ASSERTION,
  addAssertion,
  type Call,
  ENTRIES,
  FOREIGN,
  NAMES,
  outcomeOf,
  readEvent,
  SENDERS,
  seen,
} from '../adapters/aws-lambda/event-corpus.ts';
import { cgiName, forgedName } from './header-names.ts';
import { type Change, change, changed, oddValue } from './odd-json.ts';
import { defineTarget } from './target.ts';

interface Input {
  /** An entry point's name, and an event's: its own, or of somebody else. */
  readonly entry: string;
  readonly event: string;
  readonly sender: keyof typeof SENDERS | 'nobody';
  /** Headers of Pomerium's that the client made up. */
  readonly forged: readonly (readonly [name: string, value: unknown])[];
  readonly changes: readonly Change[];
}

const isOwn = (entry: string, event: string) => event.startsWith(ENTRIES[entry]?.own ?? '?') && !FOREIGN.test(event);

const places = fc.constantFrom(...Object.keys(ENTRIES)).chain((entry) => {
  const own = NAMES.filter((name) => isOwn(entry, name));
  const event = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...own) },
    { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
  );
  return event.map((name) => ({ entry, event: name }));
});

const forged = fc.array(
  fc.tuple(
    forgedName,
    fc.oneof({ weight: 6, arbitrary: fc.constant<unknown>('evil') }, { weight: 1, arbitrary: oddValue }),
  ),
  { maxLength: 2 },
);

const inputs: fc.Arbitrary<Input> = fc
  .record({
    place: places,
    sender: fc.oneof(
      { weight: 3, arbitrary: fc.constant('good' as const) },
      { weight: 3, arbitrary: fc.constantFrom('nobody' as const, 'expired', 'stranger', 'for another host') },
    ),
    forged: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: forged }),
    changes: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 4 }) },
    ),
  })
  .map(({ place, ...others }) => ({ ...place, ...others }));

type Members = Record<string, unknown>;

const membersOf = (value: unknown): Members => Object(value);

/** The request in an event: of Lambda@Edge's, in its record. */
function requestOf(event: unknown): Members {
  const [record] = Object.values(membersOf(membersOf(event)['Records']));
  const { request } = membersOf(membersOf(record)['cf']);
  return request === undefined ? membersOf(event) : membersOf(request);
}

function build({ event: name, sender, forged: more, changes }: Input): unknown {
  const assertion = sender === 'nobody' ? undefined : SENDERS[sender];
  const filled = readEvent(name, assertion);
  const isLacking = assertion !== undefined && !JSON.stringify(filled).includes(assertion);
  const event = isLacking ? addAssertion(filled, assertion) : filled;
  const request = requestOf(event);
  for (const member of ['headers', 'multiValueHeaders']) {
    const headers = request[member];
    if (typeof headers !== 'object' || headers === null) continue;
    const isEdge = name.startsWith('edge-');
    const areLists = Object.values(headers).some(Array.isArray);
    for (const [forgedAs, value] of more) {
      const line = isEdge ? [{ key: forgedAs, value }] : areLists ? [value] : value;
      request[member] = { ...membersOf(request[member]), [isEdge ? forgedAs.toLowerCase() : forgedAs]: line };
    }
  }
  return changed(event, changes);
}

/** Whether an authorizer lets the request in. */
function allows(answer: Members): boolean {
  const { Statement } = membersOf(answer['policyDocument']);
  const statements = Array.isArray(Statement) ? Statement : [];
  return answer['isAuthorized'] === true || statements.some((one) => membersOf(one)['Effect'] !== 'Deny');
}

/** That no header of Pomerium's goes on but the verified assertion, in none of the shapes. */
function assertClean(event: unknown, sender: Input['sender']): void {
  const request = requestOf(event);
  for (const member of ['headers', 'multiValueHeaders']) {
    for (const [name, value] of Object.entries(membersOf(request[member]))) {
      if (!cgiName(name).startsWith('HTTP_X_POMERIUM_')) continue;
      assert.equal(name.toLowerCase(), ASSERTION, 'a forged header goes on');
      const values = [value].flat().map((one) => (typeof one === 'object' ? membersOf(one)['value'] : one));
      for (const one of values) assert.equal(one, Reflect.get(SENDERS, sender), 'another assertion goes on');
    }
  }
}

function assertKnown(error: unknown, entry: string): string {
  if (error instanceof PomeriumError) return error.code;
  assert.instanceOf(error, Error);
  const { name, message } = error as Error;
  if (entry === 'createAuthorizer' && message === 'Unauthorized') return message;
  assert.match(`${name}: ${message}`, /^TypeError: pomerium-edge: this event /, 'an error of nobody’s');
  return name;
}

type Make = (entry: string) => Call;

const makers = new Map(Object.entries(ENTRIES).map(([name, { make }]) => [name, make({})]));
const ours: Make = (entry) => makers.get(entry) as Call;
const lenient = new Map(
  Object.entries(ENTRIES).map(([name, { make }]) => [
    name,
    name === 'createAuthorizer' ? make({}) : make({ optional: true }),
  ]),
);

/** An answer as its caller takes it or an error that says what is wrong, and nothing allowed without a good assertion. */
export const lambdaTarget = defineTarget<Input, Make>({
  name: 'lambda-events',
  inputs,
  subject: ours,
  broken: {
    'that lets nobody pass': (entry) => lenient.get(entry) as Call,
    'that trips over an event without headers': (entry) => (event, context) => {
      Object.keys(requestOf(event)['headers'] as object);
      return ours(entry)(event, context);
    },
    'that lets forged headers pass': (entry) => async (event, context) => {
      const answer = await ours(entry)(event, context);
      const last = seen.at(-1);
      if (last) Object.assign(last, { event });
      return answer;
    },
  },
  async check(input, make, count) {
    const { entry, sender } = input;
    const event = build(input);
    const answer = await outcomeOf(make(entry), event as object);
    const isEdge = entry === 'createEdgeHandler';
    if (answer.thrown) count(assertKnown(answer.thrown, entry));
    const isAllowed = entry === 'createAuthorizer' ? allows(answer) : seen.length > 0;
    const isForwarded = isEdge && !answer.thrown && typeof answer['status'] !== 'string';
    if (isAllowed || isForwarded) {
      assert.equal(sender, 'good', 'it is let in without a good assertion');
      for (const one of seen) assertClean(one.event, sender);
      if (isEdge) assertClean(answer, sender);
      count('allowed');
      return;
    }
    if (input.changes.length === 0 && input.forged.length === 0 && isOwn(entry, input.event)) {
      assert.notEqual(sender, 'good', 'a good one is refused');
    }
    if (answer.thrown) return;
    // Nothing in it that JSON has not: Lambda sends it as such.
    assert.deepEqual(JSON.parse(JSON.stringify(answer)), answer);
    if (isEdge) assert.match(String(answer['status']), /^(401|403|500|503)$/);
    else if (entry !== 'createAuthorizer') assert.include([401, 403, 500, 503], answer['statusCode']);
    else if ('policyDocument' in answer) assert.isString(answer['principalId']);
    else assert.isFalse(answer['isAuthorized']);
    count('refused');
  },
  runs: 4_000,
  seen: { allowed: 0.1, refused: 0.1, TypeError: 0.02 },
});
