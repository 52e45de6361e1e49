import { type Activity, currentActivity, type Host } from './clock.ts';

/** On workerd a request is over when it is answered and what it gave to `waitUntil` is done */
export class RequestActivity implements Activity {
  isOver = false;
  readonly host: Host;
  readonly #isWorkerd: boolean;
  #isAnswered = false;
  #pending = 0;

  constructor(host: Host, isWorkerd: boolean) {
    this.host = host;
    this.#isWorkerd = isWorkerd;
  }

  waitUntil(promise: Promise<unknown>): void {
    if (!this.#isWorkerd || currentActivity()?.isOver) return;
    this.#pending += 1;
    const done = () => {
      this.#pending -= 1;
      this.#endIfDone();
    };
    // No handler for a rejection: one that the library leaves is seen as unhandled.
    promise.then(done);
  }

  answer(): void {
    this.#isAnswered = true;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#isWorkerd && this.#isAnswered && this.#pending === 0) this.isOver = true;
  }
}
