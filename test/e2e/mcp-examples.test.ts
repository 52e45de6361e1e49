import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { startProcess } from '../../scripts/processes.ts';
import { startStandIn } from '../../scripts/start/stand-in.ts';
import { installProject } from '../support/example-project.ts';
import { HOST, sign } from '../support/issuer.ts';
import { startWrangler } from './wrangler.ts';

const standIn = await startStandIn({});
const now = Math.floor(Date.now() / 1000);
const assertionOf = (claims: object) => sign(standIn.key, { iat: now, exp: now + 3600, ...claims });
const ALICE = await assertionOf({});
/** Alice as well, with a later assertion: she has become an admin. */
const ALICE_LATER = await assertionOf({ groups: ['admins'] });
const BOB = await assertionOf({ sub: 'u-bob', user: 'u-bob', email: 'bob@example.com', groups: ['admins'] });
const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await standIn.close();
});

/** The real MCP client of who has this assertion; with `sessionId` in a session that was begun before. */
async function connect(url: string, assertion?: string, sessionId?: string) {
  const headers = assertion === undefined ? {} : { 'x-pomerium-jwt-assertion': assertion };
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    ...(sessionId !== undefined && { sessionId }),
  });
  const client = new Client({ name: 'test', version: '1.0.0' });
  closers.push(() => client.close());
  await client.connect(transport as Parameters<Client['connect']>[0]);
  return {
    sessionId: transport.sessionId,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name: string, input = {}) => {
      const { content, isError = false } = await client.callTool({ name, arguments: input });
      return { text: (content as { text: string }[])[0]?.text, isError };
    },
    end: () => transport.terminateSession(),
  };
}

/** That each person is known to each tool, and that one tool is for admins. */
async function assertTools(url: string): Promise<void> {
  const [alice, bob] = await Promise.all([connect(url, ALICE), connect(url, BOB)]);
  // Both lists, so that both clients go on with the same request id.
  for (const person of [alice, bob]) assert.deepEqual(await person.tools(), ['whoami', 'restart']);
  assert.deepEqual(await Promise.all([alice.call('whoami'), bob.call('whoami')]), [
    { text: 'alice@example.com', isError: false },
    { text: 'bob@example.com', isError: false },
  ]);
  const service = { service: 'billing' };
  assert.deepEqual(await alice.call('restart', service), { text: 'Only admins restart services.', isError: true });
  assert.deepEqual(await bob.call('restart', service), { text: 'billing restarts.', isError: false });
}

async function assertRefused(url: string, sessionId?: string): Promise<void> {
  const call = connect(url, undefined, sessionId).then((nobody) => nobody.call('whoami'));
  assert.equal(await codeOf(call), 401);
}

/** The status with which the transport of the client fails; undefined where it does not. */
function codeOf(work: Promise<unknown>): Promise<number | undefined> {
  return work.then(
    () => undefined,
    ({ code }) => code,
  );
}

describe('examples/cloudflare-mcp, under wrangler dev', () => {
  let url: string;
  beforeAll(async () => {
    const project = await installProject('examples/cloudflare-mcp');
    const wrangler = await startWrangler(['dev', '--var', `POMERIUM_JWKS_URL:${standIn.jwksUrl()}`], project);
    closers.push(async () => {
      await wrangler.stop();
      project.remove();
    });
    url = wrangler.url;
  });

  for (const path of ['/mcp', '/session']) {
    test(`${path} tells each tool who calls`, () => assertTools(url + path));
    test(`${path} is for nobody who did not come through Pomerium`, () => assertRefused(url + path));
  }

  test('a session is of no use to anybody else', async () => {
    const { sessionId = '', ...alice } = await connect(`${url}/session`, ALICE);
    assert.match(sessionId, /^[0-9a-f]{64}$/);
    const bob = await connect(`${url}/session`, BOB, sessionId);
    for (const use of [bob.tools, () => bob.call('whoami'), bob.end]) assert.equal(await codeOf(use()), 404);
    await assertRefused(`${url}/session`, sessionId);
    assert.deepEqual(await alice.call('whoami'), { text: 'alice@example.com', isError: false });
  });

  test('tools see the identity of the request, not that of the session’s first', async () => {
    const { sessionId } = await connect(`${url}/session`, ALICE);
    const later = await connect(`${url}/session`, ALICE_LATER, sessionId);
    assert.deepEqual(await later.call('restart', { service: 'billing' }), {
      text: 'billing restarts.',
      isError: false,
    });
  });
});

describe('examples/hono-mcp, on Node.js', () => {
  let url: string;
  beforeAll(async () => {
    const project = await installProject('examples/hono-mcp');
    const env = { POMERIUM_AUDIENCE: HOST, POMERIUM_JWKS_URL: standIn.jwksUrl(), PORT: '0' };
    const server = startProcess(process.execPath, ['server.ts'], { cwd: project.folder, env });
    closers.push(async () => {
      await server.stop();
      project.remove();
    });
    url = `${await server.printed(/(http:\/\/127\.0\.0\.1:\d+)/)}/mcp`;
  });

  test('tells each tool who calls', () => assertTools(url));
  test('is for nobody who did not come through Pomerium', () => assertRefused(url));
});
