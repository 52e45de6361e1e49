import { Sentence } from './run.ts';
import { startGuards } from './start/guards.ts';
import { liveScenarios } from './start/live.ts';
import { play } from './start/play.ts';
import { RECORDED_JWKS, recordedScenarios } from './start/recorded.ts';
import { startStandIn } from './start/stand-in.ts';
import { renderTable } from './start/table.ts';
import { startUpstream } from './start/upstream.ts';

/**
 * The main job: a stand-in for Pomerium, the guard in real workerd, a tiny upstream; good and bad requests through
 * all of them, as a table; then it goes on serving until Ctrl-C. With --once it ends after the table.
 */
const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--once');
if (unknown) throw new Sentence(`There is no argument ${unknown}; "npm start -- --once" ends after the table.`);
await import('./build.ts');

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

const guard = guards.url(live[0]?.guard ?? { audience: '' });
standIn.proxyTo(guard);
console.log(`
Still serving; Ctrl-C ends it.
  through Pomerium (you are Alice):  ${standIn.url}/
  around it, straight to the guard:  ${guard}/
  the upstream, unguarded:           ${upstream.url}/
  the stand-in's keys:               ${standIn.jwksUrl()}
`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await close();
    process.exit(0);
  });
}
