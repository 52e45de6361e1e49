import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { startProcess, stopProcesses } from '../../scripts/processes.ts';
import { median } from '../../test/support/cost.ts';
import { HOST, jwks, makeKey, sign } from '../../test/support/issuer.ts';

/** `npm run bench -- server`: the same Hono app behind two middlewares, under 64 connections that send tokens which are all different. */
const NAMES = ['ours', 'jose', 'nothing'] as const;
const CONNECTIONS = 64;
const ROUNDS = 9;
/** Milliseconds. */
const TURN = 2_500;
/** More than any memo here holds. */
const TOKENS = 4_096;

interface Turn {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds, of all requests of the turn. */
  readonly p50: number;
  readonly p99: number;
}

const key = await makeKey();
const now = Math.floor(Date.now() / 1000);
const tokens = await Promise.all(
  Array.from({ length: TOKENS }, () => sign(key, { iat: now, nbf: now, exp: now + 86_400 })),
);

let next = 0;
const isPinnable = availableParallelism() > 1 && canPin();
console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node.js ${process.versions.node}\n`);
console.log(`| cores of the server | middleware | requests a second | of jose | p50, ms | p99, ms |`);
console.log('| --- | --- | ---: | ---: | ---: | ---: |');
try {
  // The clients have the other core; then everything shares all of them.
  if (isPinnable) print('one', await measure({ server: ['taskset', '-c', '0'], clients: '1' }));
  print('all', await measure({ server: [], clients: `0-${availableParallelism() - 1}` }));
} finally {
  await stopProcesses();
}
if (!isPinnable) console.log('\nNot measured: one core (no taskset here, or only one core)');

function canPin(): boolean {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** In rounds, so that a slow moment of the machine falls on all of them. */
async function measure({ server, clients }: { server: string[]; clients: string }): Promise<Map<string, Turn[]>> {
  if (isPinnable) execFileSync('taskset', ['-apc', clients, `${process.pid}`], { stdio: 'ignore' });
  const app = fileURLToPath(new URL('app.ts', import.meta.url));
  const pools = new Map<string, Pool>();
  for (const name of NAMES) {
    const command = [...server, process.execPath, app, name, HOST, JSON.stringify(jwks(key))];
    const port = await startProcess(command[0] ?? '', command.slice(1)).printed(/port (\d+)/);
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
    pools.set(name, pool);
    await load(pool, TURN);
  }
  const turns = new Map<string, Turn[]>(NAMES.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, pool] of pools) turns.get(name)?.push(await load(pool, TURN));
  }
  await Promise.all([...pools.values()].map((pool) => pool.close()));
  await stopProcesses();
  return turns;
}

/** Each connection sends its next request when it has the answer to its last one. */
async function load(pool: Pool, milliseconds: number): Promise<Turn> {
  const times: number[] = [];
  const start = performance.now();
  const connection = async () => {
    for (let before = start; before - start < milliseconds; ) {
      const headers = { 'x-pomerium-jwt-assertion': tokens[next++ % TOKENS] ?? '' };
      const { statusCode, body } = await pool.request({ path: '/', method: 'GET', headers });
      await body.dump();
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      const after = performance.now();
      times.push(after - before);
      before = after;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  const seconds = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  const quantile = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { rate: times.length / seconds, p50: quantile(0.5), p99: quantile(0.99) };
}

/** Medians of the rounds; the ratio is that of what each round gave. */
function print(cores: string, turns: ReadonlyMap<string, readonly Turn[]>): void {
  const jose = turns.get('jose') ?? [];
  for (const [name, all] of turns) {
    const of = (read: (turn: Turn) => number) => median(all.map(read));
    const ratio = median(all.map(({ rate }, i) => rate / (jose[i]?.rate ?? Number.NaN)));
    const cells = [of(({ rate }) => rate).toFixed(0), ratio.toFixed(2)];
    const times = [of(({ p50 }) => p50), of(({ p99 }) => p99)].map((time) => time.toFixed(1));
    console.log(`| ${cores} | ${name} | ${[...cells, ...times].join(' | ')} |`);
  }
}
