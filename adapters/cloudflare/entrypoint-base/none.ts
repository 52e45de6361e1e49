/** Outside Workers there are no entrypoints; with this the module can be loaded all the same, in the tests of an app, say. */
export class EntrypointBase<Env = unknown> {
  protected readonly ctx: unknown;
  protected readonly env: Env;

  constructor(ctx: unknown, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}
