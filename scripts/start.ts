import { DEFAULT_IDENTITIES } from '../cli/dev/identities.ts';
import { startDevServer } from '../cli/dev/server.ts';
import { createDevState } from '../cli/dev/state.ts';
import { HOST } from '../test/support/issuer.ts';
import { createTestIssuer } from '../testing/issuer.ts';
import { stopProcesses } from './processes.ts';
import { UserError } from './run.ts';
import { startGuards } from './start/guards.ts';
import { liveScenarios } from './start/live.ts';
import { openLog } from './start/log.ts';
import { type Outcome, play } from './start/play.ts';
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

const log = openLog();
/** Ctrl-C in a terminal, `kill`, the terminal that is closed. Before the page is served they end a start that is not done. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let exitCode = 130;
let ending: Promise<void> | undefined;
onSignals();
try {
  await main();
} catch (error) {
  await stopProcesses();
  throw error;
}

async function main(): Promise<void> {
  const outcomes = await playScenarios();
  const wrong = outcomes.filter(({ asExpected }) => !asExpected).length;
  const passedOn = outcomes.filter(({ received }) => received !== undefined).length;
  console.log(renderTable(outcomes, process.stdout.columns ?? 100));
  console.log(`
${outcomes.length} requests, ${wrong === 0 ? 'every verdict as expected' : `${wrong} verdicts NOT as expected`}.
${passedOn} reached the upstream, with the assertion and its claims, but no forged header of Pomerium's.
The guard's own log: ${log.name}`);
  if (args.includes('--once') || wrong > 0) process.exit(wrong === 0 ? 0 : 1);
  await serve();
}

async function playScenarios(): Promise<Outcome[]> {
  console.error('Bundling the guard with wrangler and starting it in workerd …\n');
  const upstream = await startUpstream();
  const standIn = await startStandIn(RECORDED_JWKS);
  const scenarios = [...(await liveScenarios(standIn.key)), ...recordedScenarios()];
  const setups = scenarios.map(({ guard }) => guard);
  const guards = await startGuards(setups, standIn, upstream.url, log.from('guard'));
  onSignals();
  const outcomes = [];
  for (const scenario of scenarios)
    outcomes.push(await play(scenario, guards.url(scenario.guard), upstream.takeReceived));
  await Promise.all([guards.close(), standIn.close(), upstream.close()]);
  return outcomes;
}

async function serve(): Promise<void> {
  console.error('\nStarting a service behind each adapter …');
  const issuer = await createTestIssuer({ host: HOST });
  const state = createDevState({ issuer, to: '', identities: DEFAULT_IDENTITIES });
  const dev = await startDevServer(state, 0);
  const services = await startServices(dev.jwksUrl, log, (name) => {
    if (ending === undefined) console.error(`${name} has ended; ${log.name} has what it said. The others go on.`);
  });
  state.services = services;
  state.to = new URL(services[0]?.url ?? '').origin;
  onSignals();
  exitCode = 0;
  const urls = [
    ...services.map(({ name, url }) => [name, url]),
    ...(services.some(({ name }) => name === 'Next.js')
      ? []
      : [['Next.js', 'run "npx next build examples/nextjs" first']]),
    ['through Pomerium, as who is signed in', `${dev.url}/`],
    ['around it, straight to the guard', `${state.to}/`],
    ['the log of all services', log.name],
  ];
  console.log(`
Still serving; Ctrl-C ends it.
${urls.map(([name = '', url]) => `  ${`${name}:`.padEnd(40)}${url}`).join('\n')}

See what each service says of the same assertion: ${dev.url}/.pomerium/`);
}

/**
 * Ends the processes that were started, then this one. Called again after Miniflare was, whose own listener ends this
 * process at once; npm hands Ctrl-C on, so that it comes twice.
 */
function onSignals(): void {
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      ending ??= stopProcesses().finally(() => process.exit(exitCode));
    });
  }
}
