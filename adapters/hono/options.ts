import type { Context } from 'hono';
import type { GateOptions } from '../../core/adapter.ts';

/** Options of every gate (docs/gate.md). `onRefused` gets the request as it came. */
export type PomeriumOptions = GateOptions<Request>;

/** Options, or how to get them for a request. */
export type OptionsFor<Options> = Options | ((c: Context) => Options);
