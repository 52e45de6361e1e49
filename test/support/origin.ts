import { inject } from 'vitest';

/** One answer of the scripted origin. */
export interface Step {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Spaces before the body. */
  bytes?: number;
  /** Answers 304 to the ETag in `headers`, as Pomerium does. */
  conditional?: boolean;
  /** Never answers. */
  hang?: boolean;
  /** Answers the head, then a byte now and then, for ever. */
  drip?: boolean;
  /** How many hits came before this script. Set by `Origin.answer`. */
  from?: number;
}

export interface Hit {
  headers: Record<string, string>;
}

/** A JWKS URL on loopback whose answers the test chooses, and that counts who asks. */
export class Origin {
  readonly url: string;
  readonly #control: string;

  private constructor(base: string, id: string) {
    this.url = `${base}/jwks/${id}`;
    this.#control = `${base}/scripts/${id}`;
  }

  static async start(...steps: Step[]): Promise<Origin> {
    const origin = new Origin(inject('origin'), crypto.randomUUID());
    await origin.#put(steps);
    return origin;
  }

  /** From now on answers with these steps. */
  async answer(...steps: Step[]): Promise<void> {
    const from = (await this.hits()).length;
    await this.#put(steps.map((step) => ({ ...step, from })));
  }

  async hits(): Promise<Hit[]> {
    const response = await fetch(this.#control);
    return (await response.json()) as Hit[];
  }

  async count(): Promise<number> {
    return (await this.hits()).length;
  }

  async #put(steps: Step[]): Promise<void> {
    const response = await fetch(this.#control, { method: 'PUT', body: JSON.stringify(steps) });
    await response.text();
  }
}

/** An answer as Pomerium gives it (`internal/handlers/jwks.go`). */
export function jwksAnswer(document: unknown, headers: Record<string, string> = {}): Step {
  const body = typeof document === 'string' ? document : JSON.stringify(document);
  return {
    conditional: true,
    body,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'max-age=60',
      etag: `"${body.length}-${hash(body)}"`,
      ...headers,
    },
  };
}

function hash(text: string): string {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) >>> 0;
  return sum.toString(16);
}
