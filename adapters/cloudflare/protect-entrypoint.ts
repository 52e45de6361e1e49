import { configurationError, type Gate } from '../../core/adapter.ts';
import { keepWarm, respond } from './gate.ts';
import { withIdentity } from './identify.ts';
import type { WaitUntil } from './platform.ts';

/** A class that extends `WorkerEntrypoint`. */
// biome-ignore lint/suspicious/noExplicitAny: TypeScript takes no other parameters in the constructor of a mixin's class.
export type EntrypointClass = new (...args: any[]) => object;

/** A `WorkerEntrypoint` as its own methods see it: elsewhere `env` and `ctx` are protected. */
interface Entrypoint {
  readonly env: never;
  readonly ctx: WaitUntil;
  fetch(request: Request): Response | Promise<Response>;
  scheduled?(controller: unknown): void | Promise<void>;
}

/** A class like the given one, whose `fetch` is called only for requests that the gate lets pass. */
export function protectEntrypoint(given: EntrypointClass, gates: (env: never) => Gate<Request>): EntrypointClass {
  if (typeof given.prototype?.fetch !== 'function') {
    throw configurationError(
      `${given.name || 'The function'} is no class with a method fetch; write withPomerium({ fetch(request, env, ctx, identity) { … } }).`,
    );
  }
  const Given = given as new (...args: unknown[]) => Entrypoint;
  return class extends Given {
    constructor(...args: unknown[]) {
      super(...args);
      const { fetch } = this;
      const value = (request: Request) =>
        respond(gates(this.env), request, this.ctx, (allowed) => fetch.call(this, withIdentity(request, allowed)));
      // On the object, and for good: a field, or a method of a class that extends this one, would be called instead of a
      // method of this class. A field of such a class cannot be set any more: an error with every request.
      Object.defineProperty(this, 'fetch', { value });
      if (this.fetch !== value)
        throw configurationError(`The fetch of ${given.name || 'the class'} cannot be guarded.`);
    }

    override async scheduled(controller: unknown): Promise<void> {
      const { scheduled } = Given.prototype;
      await keepWarm(gates(this.env), this.ctx, scheduled && (() => scheduled.call(this, controller)));
    }
  };
}
