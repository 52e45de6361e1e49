import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { startProcess, stopProcesses } from '../../../scripts/processes.ts';
import { HOST, jwks, makeKey, sign } from '../issuer.ts';

/**
 * What stands before the app: the whole gate of `pomerium-edge/hono`, the same lines with the verifier and with jose, or
 * nothing.
 */
export type Name = 'pomerium' | 'createVerifier' | 'jwtVerify' | 'nothing';

/** What came of some seconds of load. */
export interface Turn {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds, of all requests of the turn. */
  readonly p50: number;
  readonly p99: number;
}

export interface LoadOptions {
  readonly names: readonly Name[];
  /** Whether the servers have one core and the clients another; else all of them share all cores. */
  readonly onOneCore: boolean;
  readonly rounds: number;
  /** Milliseconds of each turn. */
  readonly turn: number;
}

const CONNECTIONS = 64;
/** More than any memo here holds. */
const TOKENS = 4_096;
const APP = fileURLToPath(new URL('app.ts', import.meta.url));

const key = await makeKey();
const now = Math.floor(Date.now() / 1000);
const tokens = await Promise.all(Array.from({ length: TOKENS }, () => sign(key, { iat: now, exp: now + 86_400 })));
let next = 0;

/** Whether this machine can keep processes on a core. */
export function canPin(): boolean {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    return cpus().length > 1;
  } catch {
    return false;
  }
}

/** The turns of each server, in rounds, so that a slow moment of the machine falls on all of them. */
export async function loadServers({ names, onOneCore, rounds, turn }: LoadOptions): Promise<Map<Name, Turn[]>> {
  if (canPin()) pin(process.pid, onOneCore ? '1' : `0-${cpus().length - 1}`);
  const pools = new Map<Name, Pool>();
  const turns = new Map<Name, Turn[]>(names.map((name) => [name, []]));
  try {
    for (const name of names) {
      const command = [process.execPath, APP, name, HOST, JSON.stringify(jwks(key))];
      const [program = '', ...args] = onOneCore ? ['taskset', '-c', '0', ...command] : command;
      const port = await startProcess(program, args).printed(/port (\d+)/);
      const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
      pools.set(name, pool);
      await load(pool, turn);
    }
    for (let round = 0; round < rounds; round++) {
      for (const [name, pool] of pools) turns.get(name)?.push(await load(pool, turn));
    }
  } finally {
    await Promise.all([...pools.values()].map((pool) => pool.close()));
    await stopProcesses();
  }
  return turns;
}

function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['-apc', cores, `${pid}`], { stdio: 'ignore' });
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
