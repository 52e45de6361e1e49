import { Random } from '../support/random.ts';
import type { Family } from './families.ts';
import type { Fleet } from './fleet.ts';
import { type Globals, replaceGlobals } from './globals.ts';
import type { Kind, MakeKeys, StoreKind } from './library.ts';
import { TRUST } from './trust.ts';
import { WAITS } from './waits.ts';
import { World } from './world.ts';

const PLAIN: Fleet = { store: 'none', dataCentres: 2, isolates: 5, requestEvery: 5, lifetime: 500 };

/** Milliseconds for which a run goes on after the last request: nothing of the library takes longer. */
const AFTERMATH = 90_000;

/** One run of one seed, from its first request to the end. */
export async function runSeed(
  family: Pick<Family, 'name' | 'fleet' | 'script'>,
  seed: number,
  { kind, makeKeysOf }: { kind: Kind; makeKeysOf: (store: StoreKind) => MakeKeys },
): Promise<World> {
  const random = new Random(`${family.name} ${kind} ${seed}`);
  const fleet = { ...PLAIN, ...family.fleet(random.fork('fleet'), kind) };
  const invariants = [...WAITS, ...TRUST].map((make) => make());
  const world = new World(random.fork('world'), { kind, fleet, makeKeys: makeKeysOf(fleet.store), invariants });
  const globals: Globals = replaceGlobals(world.clock, random.fork('library'), world.cachesOfCaller);
  try {
    const until = family.script(world, random.fork('script'));
    await world.clock.runUntil(until * 1000, globals.settle);
    await world.clock.runUntil(until * 1000 + AFTERMATH, globals.settle);
    world.eachInvariant((invariant, check) => invariant.onEnd?.(world, check, globals.unhandled));
  } finally {
    globals.restore();
  }
  return world;
}
