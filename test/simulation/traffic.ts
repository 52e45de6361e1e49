import type { Random } from '../support/random.ts';
import type { Isolate, Purpose } from './isolate.ts';
import type { World } from './world.ts';

/** Requests with another purpose than a user's, as a share of an isolate's. */
export interface Probe {
  readonly purpose: Purpose;
  readonly keyId: string;
  readonly share: number;
}

/** Users, and isolates that are born and die, until virtual second `until`. `probes` is read at each request. */
export function startTraffic(
  world: World,
  random: Random,
  { until, probes }: { until: number; probes: readonly Probe[] },
): void {
  const { fleet, clock } = world;
  const isOpen = () => clock.now < until * 1000;
  const send = (isolate: Isolate) => {
    let draw = random.next();
    for (const { purpose, keyId, share } of probes) {
      if (draw < share) return world.request(isolate, purpose, keyId);
      draw -= share;
    }
    world.request(isolate, 'valid', world.signer);
  };
  const wake = (isolate: Isolate) => {
    if (isolate.isFrozen) {
      world.tell('thaws', isolate);
      isolate.thaw({ areTimersDue: random.chance(0.5) });
    }
  };
  const freezeWhenIdle = (isolate: Isolate) => {
    const isIdle = isolate.open.size === 0 && !isolate.isFrozen;
    if (isIdle) {
      isolate.freeze();
      world.tell('freezes', isolate);
    } else if (!isolate.isFrozen) clock.schedule(5, 'plan', () => freezeWhenIdle(isolate));
  };
  const freezeMidway = (isolate: Isolate) => {
    if (isolate.isFrozen) return;
    isolate.freeze();
    world.tell('freezes while it works', isolate);
    clock.schedule(random.untilNext(600_000), 'plan', () => {
      wake(isolate);
      freezeWhenIdle(isolate);
    });
  };
  const live = (isolate: Isolate) => {
    if (isolate.isDead || !isOpen()) return;
    // Now and then an isolate gets nothing for a long time.
    const mean = fleet.freezes && random.chance(0.1) ? fleet.requestEvery * 50 : fleet.requestEvery;
    clock.schedule(random.untilNext(mean * 1000), 'plan', () => {
      const isBusy = fleet.freezes && isolate.open.size > 0;
      if (!isolate.isDead && isOpen() && !isBusy) {
        wake(isolate);
        send(isolate);
        if (fleet.freezes) {
          if (random.chance(0.1)) clock.schedule(random.between(1, 150), 'plan', () => freezeMidway(isolate));
          else clock.schedule(1, 'plan', () => freezeWhenIdle(isolate));
        }
      }
      live(isolate);
    });
  };
  const die = (isolate: Isolate) => {
    if (!isOpen()) return;
    // A platform ends what is idle.
    if (isolate.open.size > 0) return void clock.schedule(1000, 'plan', () => die(isolate));
    isolate.isDead = true;
    bear(isolate.dataCentre);
  };
  const bear = (dataCentre: number) => {
    const isolate = world.bear(dataCentre);
    live(isolate);
    clock.schedule(random.untilNext(fleet.lifetime * 1000), 'plan', () => die(isolate));
  };
  for (let i = 0; i < fleet.dataCentres * fleet.isolates; i++) bear(i % fleet.dataCentres);
}

/** Made-up key ids, `every` seconds apart in each data centre. */
export function startJunk(
  world: World,
  random: Random,
  { every, from, until }: { every: number; from: number; until: number },
): void {
  const { clock, fleet } = world;
  let count = 0;
  const next = (dataCentre: number) => {
    if (clock.now >= until * 1000) return;
    const targets = world.living.filter((one) => one.dataCentre === dataCentre && !one.isFrozen);
    const target = targets[random.integer(0, targets.length - 1)];
    if (target) world.request(target, 'junk', `junk-${count++}`);
    clock.schedule(every * 1000 * random.between(0.9, 1.1), 'plan', () => next(dataCentre));
  };
  for (let i = 0; i < fleet.dataCentres; i++)
    clock.schedule((from + random.between(0, every)) * 1000, 'plan', () => next(i));
}
