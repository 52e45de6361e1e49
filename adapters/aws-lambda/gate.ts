import { createGate, type Gate, type GatePlatform } from '../../core/adapter.ts';
import { createLambdaDecider, type LambdaDecider } from './decider.ts';
import type { LambdaEnvironment, LambdaOptions } from './options.ts';

/** The gate before a function that answers by itself. */
export interface LambdaGate<Event> extends LambdaDecider, Pick<Gate<Event>, 'refuse' | 'answerHeaders'> {}

/** @throws {PomeriumError} `invalid_configuration` */
export function createLambdaGate<Event>(
  env: LambdaEnvironment,
  options: LambdaOptions<Event>,
  platform?: Partial<GatePlatform>,
): LambdaGate<Event> {
  const { made, ...decider } = createLambdaDecider(createGate<Event>, env, options, platform);
  return { ...decider, refuse: made.refuse, answerHeaders: made.answerHeaders };
}
