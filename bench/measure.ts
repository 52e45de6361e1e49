import { median } from '../test/support/cost.ts';

/** One way to verify a token. `verify` is called with tokens that it has not seen for a long time. */
export interface Contestant {
  readonly name: string;
  verify(index: number): unknown;
}

export interface Measured {
  readonly name: string;
  /** Microseconds for one verification: the median over all rounds. */
  readonly alone: number;
  /** The same when 64 are started at once. */
  readonly together: number;
}

const ROUNDS = 15;
const AT_ONCE = 64;
/** Milliseconds: workerd's clock has steps of one, so that a turn must be long enough for one not to matter. */
const TURN = 60;

/**
 * Rounds in which each contestant has its turn, so that a slow moment of the machine falls on all of them. Their
 * order changes from round to round: what WebCrypto's threads leave behind costs whoever comes next a third more.
 */
export async function measure(contestants: readonly Contestant[]): Promise<Measured[]> {
  const all = [];
  for (const contestant of contestants) {
    all.push({ contestant, calls: await callsForATurn(contestant), alone: [] as number[], together: [] as number[] });
  }
  let index = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const { contestant, calls, alone, together } of shuffled(all, round)) {
      const first = performance.now();
      for (let i = 0; i < calls; i++) await contestant.verify(index++);
      const second = performance.now();
      for (let i = 0; i < calls; i += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => contestant.verify(index++)));
      }
      const third = performance.now();
      alone.push(((second - first) / calls) * 1000);
      together.push(((third - second) / calls) * 1000);
    }
  }
  return all.map(({ contestant, alone, together }) => ({
    name: contestant.name,
    alone: median(alone),
    together: median(together),
  }));
}

/** A multiple of 64 that fills a turn; finding it warms the contestant up. */
async function callsForATurn(contestant: Contestant): Promise<number> {
  for (let calls = AT_ONCE; ; calls *= 2) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) await contestant.verify(i);
    if (performance.now() - start >= TURN / 2) return calls * 2;
  }
}

/** The same orders in every run. */
function shuffled<T>(values: readonly T[], round: number): T[] {
  const rank = (i: number) => (Math.imul((i + 1) * (round + 7), 2_654_435_761) >>> 0) % 9973;
  return values
    .map((value, i) => ({ value, rank: rank(i) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
