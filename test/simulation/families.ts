import type { Random } from '../support/random.ts';
import { at, clockJumps, forgery, junkNotes, outage, rotation, storeFault } from './events.ts';
import type { Fleet } from './fleet.ts';
import type { Kind, StoreKind } from './library.ts';
import { FAILURES, FAULTS } from './origin.ts';
import { STORE_FAULTS } from './stores.ts';
import { type Probe, startJunk, startTraffic } from './traffic.ts';
import type { World } from './world.ts';

/** A kind of scenario; a seed chooses everything that the kind leaves open. */
export interface Family {
  readonly name: string;
  /** What it shows, as a sentence. */
  readonly rule: string;
  readonly kinds: readonly Kind[];
  fleet(random: Random, kind: Kind): Partial<Fleet>;
  /** Schedules what happens. Returns the second in which the traffic ends. */
  script(world: World, random: Random): number;
}

/** Systems Manager is not for Workers: its store shares a read between requests. */
const anyStore = (random: Random, kind: Kind): StoreKind =>
  random.pick(['none', 'cache', 'cache', 'cache and kv', 'kv', kind === 'node' ? 'ssm' : 'cache and kv']);

const anyShared = (random: Random, kind: Kind): StoreKind =>
  random.pick(['cache', 'cache', 'cache and kv', 'kv', kind === 'node' ? 'ssm' : 'cache and kv']);

/** Bounds that a run of some minutes gets to. */
const shortLived = (random: Random) => ({
  maxTtl: 300,
  staleWhileRevalidate: random.pick([60, 300]),
  staleIfError: 900,
});

const BOTH: readonly Kind[] = ['node', 'workerd'];

export const FAMILIES: readonly Family[] = [
  {
    name: 'peace',
    rule: 'In peace keys are kept fresh at little cost, and nobody waits',
    kinds: BOTH,
    fleet: (random, kind) => ({ store: anyStore(random, kind), requestEvery: random.between(1, 30) }),
    script: (world, random) => traffic(world, random, 900),
  },
  {
    name: 'outage',
    rule: 'An outage with keys at hand costs nobody anything',
    kinds: BOTH,
    fleet: (random, kind) => ({ store: anyStore(random, kind), requestEvery: random.between(1, 4) }),
    script(world, random) {
      const from = random.between(100, 240);
      const to = from + random.between(600, 1500);
      outage(world, random.pick(FAULTS), from, to);
      return traffic(world, random, to + 120);
    },
  },
  {
    name: 'cold',
    rule: 'An outage without keys is told at once, and ends with it',
    kinds: BOTH,
    fleet: (random, kind) => ({ store: anyStore(random, kind), requestEvery: random.between(1, 8), isolates: 3 }),
    script(world, random) {
      const to = random.between(120, 400);
      outage(world, random.pick(FAILURES), 0, to);
      return traffic(world, random, to + 120);
    },
  },
  {
    name: 'rotation',
    rule: 'Made-up key ids delay no rotation',
    kinds: BOTH,
    fleet: (random, kind) => ({ store: anyStore(random, kind), requestEvery: random.between(1, 10) }),
    script(world, random) {
      startJunk(world, random.fork('junk'), { every: 30, from: 0, until: 900 });
      rotation(world, 'key-2', random.between(100, 300), random.pick([0, 0, 365]));
      rotation(world, 'key-3', random.between(670, 840), 0);
      return traffic(world, random, 900);
    },
  },
  {
    name: 'flood',
    rule: 'A flood of made-up key ids refuses nobody and does not reach the origin',
    kinds: BOTH,
    fleet: (random, kind) => ({ store: anyStore(random, kind), requestEvery: random.between(1, 5), isolates: 4 }),
    script(world, random) {
      const from = random.between(60, 120);
      world.facts.floodedAt = from * 1000;
      startJunk(world, random.fork('junk'), { every: 1 / random.between(2, 12), from, until: from + 100 });
      rotation(world, 'key-2', from + random.between(5, 90), 0);
      return traffic(world, random, from + 160);
    },
  },
  {
    name: 'withdrawal',
    rule: 'A withdrawn key stops verifying in time',
    kinds: BOTH,
    fleet: (random, kind) => ({
      store: anyStore(random, kind),
      requestEvery: random.between(2, 40),
      options: shortLived(random),
    }),
    script(world, random) {
      world.origin.maxAge = random.pick([60, 60, 86_400]);
      world.origin.keyIds = ['key-2', 'key-1'];
      world.signer = 'key-2';
      const probes: Probe[] = [];
      const from = random.between(100, 300);
      at(world, from, 'key-1 is withdrawn', () => {
        world.origin.keyIds = ['key-2'];
        world.facts.withdrawnAt = from * 1000;
        probes.push({ purpose: 'withdrawn', keyId: 'key-1', share: 0.3 });
      });
      if (random.chance(0.5)) {
        const start = random.between(from - 60, from + 60);
        outage(world, random.pick(FAULTS), start, start + random.pick([100, 1500]));
      }
      return traffic(world, random, from + 1500, probes);
    },
  },
  {
    name: 'stranger',
    rule: 'What a stranger writes into a store is believed for a bounded time, and delays for a bounded time',
    kinds: BOTH,
    fleet: (random, kind) => ({
      store: anyShared(random, kind),
      requestEvery: random.between(2, 10),
      options: shortLived(random),
    }),
    script(world, random) {
      const from = random.between(130, 260);
      const dataCentre = random.integer(0, world.fleet.dataCentres - 1);
      const probes: Probe[] = [];
      if (random.chance(0.4)) {
        startJunk(world, random.fork('junk'), { every: 30, from: 0, until: 500 });
        junkNotes(world, dataCentre, from, random);
        rotation(world, 'key-2', from + random.between(1, 20), 0);
        return traffic(world, random, 500);
      }
      forgery(world, dataCentre, from, { keepsRealKeys: random.chance(0.7) });
      at(world, from, 'its holder comes', () => probes.push({ purpose: 'forged', keyId: 'key-forged', share: 0.3 }));
      return traffic(world, random, from + 800, probes);
    },
  },
  {
    name: 'stores',
    rule: 'A store that fails costs nobody an answer',
    kinds: BOTH,
    fleet: (random, kind) => ({
      store: anyShared(random, kind),
      requestEvery: random.between(2, 15),
    }),
    script(world, random) {
      const from = random.between(0, 120);
      storeFault(world, random.pick(STORE_FAULTS), from, from + random.between(60, 500));
      rotation(world, 'key-2', random.between(60, 300), random.pick([0, 365]));
      return traffic(world, random, 800);
    },
  },
  {
    name: 'clocks',
    rule: 'Clocks that jump refuse nobody',
    kinds: BOTH,
    fleet: (random, kind) => ({ store: anyStore(random, kind), requestEvery: random.between(2, 15) }),
    script(world, random) {
      clockJumps(world, random.fork('clocks'), 800);
      return traffic(world, random, 800);
    },
  },
  {
    name: 'freeze',
    rule: 'A fetch that a frozen environment lost is repeated, and refuses nobody',
    kinds: ['node'],
    fleet: (random) => ({
      store: random.pick(['none', 'none', 'ssm', 'cache']),
      requestEvery: random.between(20, 200),
      freezes: true,
      lifetime: 20_000,
    }),
    script: (world, random) => traffic(world, random, 20_000),
  },
];

function traffic(world: World, random: Random, until: number, probes: readonly Probe[] = []): number {
  startTraffic(world, random.fork('traffic'), { until, probes });
  return until;
}
