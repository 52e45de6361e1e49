import type { Random } from '../support/random.ts';
import { entriesIn, notesIn } from './entries.ts';
import { documentOf, type Fault } from './origin.ts';
import type { StoreFault } from './stores.ts';
import type { World } from './world.ts';

/** What scenarios are made of. All times in virtual seconds since the beginning. */
export function at(world: World, seconds: number, what: string, action: () => void): void {
  world.clock.schedule(seconds * 1000 - world.clock.now, 'plan', () => {
    world.tell(`── ${what}`);
    action();
  });
}

export function outage(world: World, fault: Fault, from: number, to: number): void {
  at(world, from, `the origin fails: ${fault}`, () => world.origin.set(fault));
  at(world, to, 'the origin is back', () => {
    world.eachInvariant((invariant, check) => invariant.onOutageEnd?.(world, check));
    world.origin.set(undefined);
  });
  at(world, to + 60, '60 s later', () => {
    world.eachInvariant((invariant, check) => invariant.onRecovered?.(world, check));
  });
}

export function storeFault(world: World, fault: StoreFault, from: number, to: number): void {
  const set = (current: StoreFault | undefined) => {
    for (const shelf of [...world.caches, world.kv, world.ssm]) shelf.set(current);
  };
  at(world, from, `the stores fail: ${fault}`, () => set(fault));
  at(world, to, 'the stores work again', () => set(undefined));
}

/** Publishes `next` behind the key in use, and signs with it `lead` seconds later. Without a lead it takes its place at once. */
export function rotation(world: World, next: string, from: number, lead: number): void {
  at(world, from, lead > 0 ? `${next} is published` : `${next} is published and signs at once`, () => {
    world.origin.keyIds = lead > 0 ? [...world.origin.keyIds, next] : [next, ...world.origin.keyIds];
    if (lead === 0) world.signer = next;
  });
  if (lead === 0) return;
  at(world, from + lead, `${next} signs`, () => {
    world.origin.keyIds = [next, ...world.origin.keyIds.filter((keyId) => keyId !== next)];
    world.signer = next;
  });
}

/** One write into each store that one data centre sees: the real URL and ETag, a fresh time, a huge max-age, another document. */
export function forgery(
  world: World,
  dataCentre: number,
  from: number,
  { keepsRealKeys }: { keepsRealKeys: boolean },
): void {
  at(world, from, `a stranger writes keys into the stores of data centre ${dataCentre}`, () => {
    const keyIds = keepsRealKeys ? ['key-forged', ...world.origin.keyIds] : ['key-forged'];
    for (const shelf of world.storesOf(dataCentre)) {
      for (const { key, entry } of entriesIn(shelf, dataCentre)) {
        const times = { fetchedAt: Math.floor(Date.now() / 1000), maxAge: 2 ** 31, etag: world.origin.etag };
        shelf.put(key, JSON.stringify({ ...entry, ...times, document: documentOf(keyIds) }), 1e6);
      }
    }
    world.facts.forgedAt = from * 1000;
    if (!keepsRealKeys) world.facts.replacedAt = from * 1000;
  });
}

/** One write that puts far-future times and rubbish into everything that is not a key set, and beside the key sets. */
export function junkNotes(world: World, dataCentre: number, from: number, random: Random): void {
  at(world, from, `a stranger writes junk beside the keys of data centre ${dataCentre}`, () => {
    const farFuture = Math.floor(Date.now() / 1000) + random.pick([3600, 86_400, 1e9]);
    for (const shelf of world.storesOf(dataCentre)) {
      for (const { key, entry } of notesIn(shelf, dataCentre)) {
        const junk = Object.fromEntries(
          Object.entries(entry).map(([name, value]) => [name, typeof value === 'number' ? farFuture : value]),
        );
        shelf.put(key, random.chance(0.7) ? JSON.stringify(junk) : `${farFuture} stranger`, 1e6);
      }
      for (const { key, entry } of entriesIn(shelf, dataCentre)) {
        const times = Object.keys(entry).filter((name) => /At$/.test(name) && name !== 'fetchedAt');
        const junk = Object.fromEntries(times.map((name) => [name, farFuture]));
        const now = Math.floor(Date.now() / 1000);
        // A time of now passes as real, and is what holds a cooldown.
        const recent = Object.fromEntries(times.map((name) => [name, now]));
        shelf.put(key, JSON.stringify({ ...entry, ...(random.chance(0.5) ? junk : recent) }), 1e6);
      }
    }
  });
}

/** The wall clock of some isolates jumps, and that of some comes back. */
export function clockJumps(world: World, random: Random, until: number): void {
  world.facts.isSkewed = true;
  for (let time = random.between(30, 120); time < until; time += random.between(20, 200)) {
    const seconds = random.pick([-7200, -600, -60, -3, 3, 60, 600, 7200]);
    at(world, time, `clocks jump by ${seconds} s`, () => {
      for (const isolate of world.living) {
        if (random.chance(0.4)) isolate.skew = random.chance(0.3) ? 0 : isolate.skew + seconds * 1000;
      }
    });
  }
}
