import { DEFAULT_IDENTITIES } from '../cli/dev/identities.ts';
import { startDevServer } from '../cli/dev/server.ts';
import { createDevState } from '../cli/dev/state.ts';
import { HOST } from '../test/support/issuer.ts';
import { createTestIssuer } from '../testing/issuer.ts';
import { UserError } from './run.ts';
import { startGuards } from './start/guards.ts';
import { liveScenarios } from './start/live.ts';
import { play } from './start/play.ts';
import { RECORDED_JWKS, recordedScenarios } from './start/recorded.ts';
import { startServices } from './start/services.ts';
import { startStandIn } from './start/stand-in.ts';
import { renderTable } from './start/table.ts';
import { startUpstream } from './start/upstream.ts';

/**
 * The main job: a stand-in for Pomerium, the guard in real workerd, a tiny upstream; good and bad requests through
 * all of them, as a table; then a service behind each adapter and the page that shows them side by side, until Ctrl-C.
 * With --once it ends after the table.
 */
const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--once');
if (unknown) throw new UserError(`There is no argument ${unknown}; "npm start -- --once" ends after the table.`);

const upstream = await startUpstream();
const standIn = await startStandIn(RECORDED_JWKS);
const live = await liveScenarios(standIn.key);
const scenarios = [...live, ...recordedScenarios()];
console.log('Bundling the guard with wrangler and starting it in workerd …\n');
const guards = await startGuards(
  scenarios.map(({ guard }) => guard),
  standIn,
  upstream.url,
);
const close = () => Promise.all([guards.close(), standIn.close(), upstream.close()]);

const outcomes = [];
for (const scenario of scenarios)
  outcomes.push(await play(scenario, guards.url(scenario.guard), upstream.takeReceived));
const wrong = outcomes.filter(({ asExpected }) => !asExpected).length;
console.log(renderTable(outcomes));
console.log(
  `\n${outcomes.length} requests, ${wrong === 0 ? 'every verdict as expected' : `${wrong} verdicts NOT as expected`}.`,
);

if (args.includes('--once') || wrong > 0) {
  await close();
  process.exit(wrong === 0 ? 0 : 1);
}

await close();
console.log('\nStarting a service behind each adapter …');
const issuer = await createTestIssuer({ host: HOST });
const state = createDevState({ issuer, to: '', identities: DEFAULT_IDENTITIES });
const dev = await startDevServer(state, 0);
const { services, close: closeServices } = await startServices(dev.jwksUrl);
state.services = services;
state.to = new URL(services[0]?.url ?? '').origin;
console.log(`
Still serving; Ctrl-C ends it.
  the page, who you are for each:    ${dev.url}/.pomerium/
  through Pomerium (you are Alice):  ${dev.url}/
  around it, straight to the guard:  ${state.to}/
${services.map(({ name, url }) => `  ${`${name}:`.padEnd(34)} ${url}`).join('\n')}
${services.some(({ name }) => name === 'Next.js') ? '' : '  (Next.js, too, after "npx next build examples/nextjs")\n'}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Before Miniflare's own listener, which ends this process at once: by then the services have been told to end.
  process.prependOnceListener(signal, async () => {
    await Promise.all([closeServices(), dev.close()]);
    process.exit(0);
  });
}
