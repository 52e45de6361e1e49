import { generateKeyPairSync } from 'node:crypto';
import type { Random } from '../support/random.ts';
import { answerAfter, type Clock, type Host } from './clock.ts';

export const JWKS_URL = 'https://app.corp.example.com/.well-known/pomerium/jwks.json';

/** After these there is no answer that can be used. */
export const FAILURES = ['refused', '503', 'hang', 'drip', 'HTML', 'redirect', 'no keys', 'aged'] as const;
export const FAULTS = [...FAILURES, 'slow'] as const;
export type Fault = (typeof FAULTS)[number];

/** A request to the origin. */
export interface Ask {
  readonly at: number;
  readonly host: Host;
  endedAt: number;
}

interface Jwk {
  readonly kid: string;
  readonly x?: string;
}

const made = new Map<string, Jwk>();

/** A public key; the same name is the same key. */
export function publicKey(kid: string): Jwk {
  const jwk = made.get(kid) ?? {
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
    alg: 'ES256',
  };
  made.set(kid, jwk);
  return jwk;
}

export function documentOf(keyIds: readonly string[]): string {
  return JSON.stringify({ keys: keyIds.map(publicKey) });
}

/** Pomerium's JWKS: Cache-Control, an ETag, and whatever can go wrong on the way to it. Times in virtual milliseconds. */
export class Origin {
  readonly asks: Ask[] = [];
  keyIds: readonly string[] = ['key-1'];
  maxAge = 60;
  fault: Fault | undefined;
  /** Since when it fails, or answers again. */
  since = 0;
  /** Milliseconds that an answer takes. */
  latency: readonly [number, number] = [20, 200];
  onAsk: (ask: Ask) => void = () => {};
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get etag(): string {
    return `"${this.keyIds.join('.')}"`;
  }

  set(fault: Fault | undefined): void {
    this.fault = fault;
    this.since = this.#clock.now;
  }

  /** Whether it has answered without a failure since `time`. */
  isWellSince(time: number): boolean {
    return this.fault === undefined && this.since <= time;
  }

  /** How often it was asked since `time`, by those that `counts` takes. */
  countSince(time: number, counts: (host: Host) => boolean): number {
    let count = 0;
    for (let i = this.asks.length - 1; i >= 0; i--) {
      const ask = this.asks[i];
      if (!ask || ask.at < time) break;
      if (counts(ask.host)) count += 1;
    }
    return count;
  }

  /** What `host` calls to ask it. */
  async fetch(host: Host, init: RequestInit | undefined): Promise<Response> {
    const ask = { at: this.#clock.now, host, endedAt: Number.POSITIVE_INFINITY };
    this.asks.push(ask);
    this.onAsk(ask);
    const ifNoneMatch = new Headers(init?.headers).get('if-none-match');
    const { fault } = this;
    const slow = fault === 'slow' ? this.#random.between(600, 8000) : 0;
    const delay = fault === 'hang' ? Number.POSITIVE_INFINITY : this.#random.between(...this.latency) + slow;
    try {
      return await answerAfter(this.#clock, delay, () => this.#answer(fault, ifNoneMatch), init?.signal);
    } finally {
      // A drip goes on after its head.
      if (fault !== 'drip') ask.endedAt = this.#clock.now;
    }
  }

  #answer(fault: Fault | undefined, ifNoneMatch: string | null): Response {
    const headers = { 'cache-control': `max-age=${this.maxAge}`, 'content-type': 'application/json', etag: this.etag };
    switch (fault) {
      case 'refused':
        throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
      case '503':
        return new Response('upstream connect error', { status: 503 });
      case 'drip':
        return new Response(new ReadableStream({}), { headers });
      case 'HTML':
        return new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } });
      case 'redirect':
        return new Response(null, { status: 302, headers: { location: '/sign-in' } });
      case 'no keys':
        return new Response('{"keys":null}', { headers: { ...headers, etag: '"none"' } });
      case 'aged':
        return new Response(documentOf(this.keyIds), { headers: { ...headers, age: '99999' } });
      default:
        if (ifNoneMatch === this.etag) return new Response(null, { status: 304, headers });
        return new Response(documentOf(this.keyIds), { headers });
    }
  }
}
