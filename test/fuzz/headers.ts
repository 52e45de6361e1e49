import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { assert } from 'chai';
import fc from 'fast-check';
import { pomerium } from '../../adapters/node/index.ts';
import { forward } from '../../core/adapter.ts';
import { cleanHeaders, staticKeys } from '../../core/index.ts';
import { ASSERTION, key, makeGateRig, SENDERS } from '../support/gate.ts';
import { HOST, jwks, NOW } from '../support/issuer.ts';
import { cgiName, forgedName } from './header-names.ts';
import { PLACES } from './header-places.ts';
import { defineTarget } from './target.ts';

type Lines = readonly (readonly [name: string, value: string])[];

const base = { audience: HOST, keys: staticKeys(jwks(key)), now: () => NOW, log: false };
const CONFIGURATIONS = {
  plain: {},
  'with names to remove': { removeHeaders: ['x-user', 'Remote_User'] },
  'with claims to write': { claimHeaders: { 'x-user': 'email' } },
  'without the assertion': { keepAssertion: false },
};
type ConfigurationName = keyof typeof CONFIGURATIONS;

interface Input {
  readonly configuration: ConfigurationName;
  readonly lines: Lines;
  /** Before which line the assertion stands. */
  readonly at: number;
}

/** What goes on, in each of the places where somebody may look; by the name of the place. */
type Views = Readonly<Record<string, Lines>>;
type Pass = (lines: Lines, configuration: ConfigurationName) => Promise<Views>;

const assertion = SENDERS.alice[ASSERTION];

const harmless = fc.constantFrom(
  'x-forwarded-for',
  'X-Kept',
  'cookie',
  'x-pomeriumish',
  'xpomerium-claim-email',
  'pomerium',
);
const named = fc.constantFrom('x-user', 'X_USER', 'remote-user', 'REMOTE.USER', 'Remote_User', 'X-Remote-User');
const evil = fc.constantFrom('evil', 'evil,evil', ' evil', 'evil\t', 'evil;q=1', 'é evil', '');
const line = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(forgedName, evil) },
  { weight: 2, arbitrary: fc.tuple(named, evil) },
  { weight: 2, arbitrary: fc.tuple(harmless, fc.constantFrom('kept', 'kept, too', '')) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom('authorization', 'Authorization'),
      fc.constantFrom(
        'Pomerium evil',
        'pomerium  evil',
        'Bearer Pomerium-evil',
        'bearer pomerium-evil',
        'Bearer kept',
        `Bearer ${'{{assertion}}'}`,
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom('Connection'),
      fc.oneof(forgedName, named, fc.constant(ASSERTION)).map((name) => `keep-alive, ${name}`),
    ),
  },
);
const inputs: fc.Arbitrary<Input> = fc.record({
  configuration: fc.constantFrom(...(Object.keys(CONFIGURATIONS) as ConfigurationName[])),
  lines: fc.array(line, { maxLength: 5 }),
  at: fc.nat(5),
});

const servers = new Map<ConfigurationName, Promise<Server>>();
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** A server of Node.js that shows what it sees behind `pomerium()`. It keeps no process alive. */
function serverOf(name: ConfigurationName): Promise<Server> {
  const started = servers.get(name) ?? start(name);
  servers.set(name, started);
  return started;
}

function start(name: ConfigurationName): Promise<Server> {
  const gate = pomerium({ ...base, ...CONFIGURATIONS[name] });
  const server = createServer((req, res) => void gate(req, res, () => res.end(JSON.stringify(viewsOf(req)))));
  // However long a busy machine takes from one input to the next, the agent's connection stays open.
  server.keepAliveTimeout = 0;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.unref())));
}

function viewsOf({ headers, headersDistinct, rawHeaders }: IncomingMessage): Views {
  const pairs = (object: object) =>
    Object.entries(object).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)] as const));
  const raw = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as const] : []));
  return { headers: pairs(headers), headersDistinct: pairs(headersDistinct), rawHeaders: raw };
}

async function passNode(lines: Lines, configuration: ConfigurationName): Promise<Views> {
  const { port } = (await serverOf(configuration)).address() as AddressInfo;
  const headers = [['host', HOST], ...lines].flat();
  const body = await new Promise<string>((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, agent, headers, path: '/' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    sent.on('error', reject).end();
  });
  return JSON.parse(body);
}

async function passFetch(lines: Lines, configuration: ConfigurationName): Promise<Views> {
  const headers = new Headers(lines.map(([name, value]): [string, string] => [name, value]));
  const { gate } = makeGateRig({ ...base, ...CONFIGURATIONS[configuration] });
  const result = await gate.authorize({ method: 'GET', url: `https://${HOST}/`, headers });
  if (result.type === 'refuse') throw result.error;
  const { removeHeaders } = { removeHeaders: [], ...CONFIGURATIONS[configuration] };
  const cleaned = cleanHeaders(headers, removeHeaders);
  const isAssertion = ([name]: readonly [string, string]) => name === ASSERTION;
  assert.isFalse([...cleaned].some(isAssertion), 'cleanHeaders leaves no assertion');
  const views: Record<string, Lines> = { Fetch: [...forward(headers, result.headers)] };
  for (const [place, pass] of placesOf(configuration)) {
    const behind = await pass(new Request(`https://${HOST}/`, { headers }));
    if (!behind) throw new Error(`${place} refuses what the gate lets on`);
    views[place] = [...behind];
  }
  return views;
}

const places = new Map<ConfigurationName, [string, ReturnType<(typeof PLACES)[string]>][]>();

function placesOf(name: ConfigurationName) {
  const made =
    places.get(name) ??
    Object.entries(PLACES).map(([place, make]): [string, ReturnType<typeof make>] => [
      place,
      make({ ...base, ...CONFIGURATIONS[name] }),
    ]);
  places.set(name, made);
  return made;
}

const ours: Pass = async (lines, configuration) => ({
  ...(await passFetch(lines, configuration)),
  ...(await passNode(lines, configuration)),
});

/** Whatever a server could take for a header of Pomerium's, or for one that the options name, is gone or verified. */
function assertClean(lines: Lines, configuration: ConfigurationName): void {
  const isRemoved = (variable: string) =>
    (configuration === 'with names to remove' && /^HTTP_(X|REMOTE)_USER$/.test(variable)) ||
    (configuration === 'with claims to write' && variable === 'HTTP_X_USER');
  for (const [name, value] of lines) {
    const variable = cgiName(name);
    if (name.toLowerCase() === ASSERTION && configuration !== 'without the assertion') {
      assert.equal(value, assertion);
    } else if (
      configuration === 'with claims to write' &&
      /^HTTP_X_(USER|POMERIUM_CLAIM_(USER|EMAIL|NAME|GROUPS))$/.test(variable)
    ) {
      assert.match(name, /^[a-z-]+$/, 'only what the gate wrote');
      assert.notInclude(value, 'evil');
    } else {
      assert.isFalse(variable.startsWith('HTTP_X_POMERIUM_'), name);
      assert.isFalse(isRemoved(variable), name);
    }
    if (variable === 'HTTP_AUTHORIZATION') assert.notMatch(value, /pomerium/i);
    if (configuration === 'without the assertion') assert.notInclude(value, assertion);
    if (variable === 'HTTP_CONNECTION') {
      const dropped = value.split(',').map((one) => cgiName(one.trim()));
      assert.isFalse(
        dropped.some((one) => one.startsWith('HTTP_X_POMERIUM_') || isRemoved(one)),
        value,
      );
    }
  }
}

/** What goes on behind a gate: on Node.js over a socket, and behind each adapter for Fetch. */
export const headerTarget = defineTarget<Input, Pass>({
  name: 'headers',
  inputs,
  subject: ours,
  broken: {
    'that knows one spelling': async (lines) => ({
      lenient: lines.filter(([name]) => name === ASSERTION || !name.toLowerCase().startsWith('x-pomerium-')),
    }),
    'that writes its own and leaves theirs': async (lines, configuration) => {
      const { Fetch = [] } = await passFetch(lines, configuration);
      return { lenient: [...Fetch, ...lines.filter(([name]) => name.toLowerCase() === 'x-user')] };
    },
    'that forgets what was removed on the way': async (lines, configuration) => ({
      lenient: [
        ...((await passFetch(lines, configuration))['Fetch'] ?? []),
        ...lines.filter(([name]) => name === 'Connection'),
      ],
    }),
  },
  async check({ configuration, lines: some, at }, pass, count) {
    const filled = some.map(([name, value]) => [name, value.replace('{{assertion}}', assertion)] as const);
    const lines: Lines = [...filled.slice(0, at), [ASSERTION, assertion], ...filled.slice(at), ['x-kept-on', 'kept']];
    const views = await pass(lines, configuration);
    for (const [place, view] of Object.entries(views)) {
      try {
        assertClean(view, configuration);
        assert.isTrue(view.some(([name, value]) => name.toLowerCase() === 'x-kept-on' && value === 'kept'));
      } catch (error) {
        throw new Error(`${place}: ${(error as Error).message} ${JSON.stringify(view)}`);
      }
      count(`${place}: ${configuration}`);
    }
  },
  runs: 2_000,
  seen: Object.fromEntries(
    Object.keys(CONFIGURATIONS).flatMap((name) =>
      ['rawHeaders', ...Object.keys(PLACES)].map((place) => [`${place}: ${name}`, 0.1]),
    ),
  ),
});
