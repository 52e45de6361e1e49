import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

/** What 256 MB get of a CPU outside of init: Lambda gives a whole one for 1,769 MB. */
const SHARE = 256 / 1769;
/** Microseconds. */
const PERIOD = 20_000;

export interface Quota {
  /** What it does, in words. */
  readonly name: string;
  limit(pid: number): void;
  remove(): void;
}

/** By a control group of its own, version 2 or 1, where this process may make one. */
export function makeQuota(): Quota {
  for (const [root, write] of [
    ['/sys/fs/cgroup', setMax],
    ['/sys/fs/cgroup/cpu', setQuota],
  ] as const) {
    const folder = `${root}/pomerium-edge-${process.pid}`;
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      write(folder);
      return {
        name: `init with all of the CPU, then ${(SHARE * 100).toFixed(1)} % of one, as with 256 MB`,
        limit: (pid) => writeFileSync(`${folder}/cgroup.procs`, `${pid}`),
        remove: () => rmdirSync(folder),
      };
    } catch {
      rmdirSync(folder);
    }
  }
  return { name: 'no CPU quota: this machine lets us make no control group', limit() {}, remove() {} };
}

function setMax(folder: string): void {
  if (!existsSync(`${folder}/cpu.max`)) throw new Error('not version 2');
  writeFileSync(`${folder}/cpu.max`, `${Math.round(SHARE * PERIOD)} ${PERIOD}`);
}

function setQuota(folder: string): void {
  writeFileSync(`${folder}/cpu.cfs_period_us`, `${PERIOD}`);
  writeFileSync(`${folder}/cpu.cfs_quota_us`, `${Math.round(SHARE * PERIOD)}`);
}
