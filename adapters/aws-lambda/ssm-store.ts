import type { JwksStore } from '../../core/adapter.ts';

/** The part of the AWS SDK's `SSMClient` that is used. */
export interface SsmClientLike {
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own signature has a type for each command
  send(command: any): Promise<any>;
}

export interface SsmStoreOptions {
  /** The parameter's name, as in `/pomerium-edge/jwks`. It holds the keys of one JWKS URL. */
  name: string;
  /** @defaultValue a client of the SDK, which Lambda's runtime brings along */
  client?: SsmClientLike;
  /** Whether `setItem` writes; only the refresher does. @defaultValue `false` */
  writable?: boolean;
}

/** For how long, in milliseconds, what was read is given again: an answer that came too late for one look is there for the next. */
const KEPT = 2000;

/**
 * An SSM parameter, as `createRefresher` keeps it: public keys, so a plain `String`. Read once an environment and then
 * only when keys are no longer fresh: SSM allows 40 reads a second. Needs `ssm:GetParameter`, and `ssm:PutParameter` to write.
 *
 * @example
 * ```ts
 * createAuthorizer({ store: tieredStore(tmpStore(), ssmStore({ name: '/pomerium-edge/jwks' })) })
 * ```
 */
export function ssmStore({ name, client, writable = false }: SsmStoreOptions): JwksStore {
  let last: { at: number; value: Promise<string | null> } | undefined;
  let own: SsmClientLike | undefined;
  const send = async (command: 'GetParameterCommand' | 'PutParameterCommand', input: Record<string, unknown>) => {
    const sdk = await import('@aws-sdk/client-ssm');
    own ??= client ?? new sdk.SSMClient({});
    const Command = sdk[command] as unknown as new (input: Record<string, unknown>) => object;
    return own.send(new Command(input));
  };
  const read = async (): Promise<string | null> => {
    try {
      return (await send('GetParameterCommand', { Name: name })).Parameter?.Value ?? null;
    } catch (error) {
      last = undefined;
      if (error instanceof Error && error.name === 'ParameterNotFound') return null;
      throw error;
    }
  };
  return {
    getItem() {
      if (!last || Date.now() - last.at > KEPT) last = { at: Date.now(), value: read() };
      return last.value;
    },
    async setItem(_key, value) {
      if (!writable) return;
      last = undefined;
      // Standard parameters hold 4 KB; more keys than that make it an advanced one.
      const tier = { Type: 'String', Overwrite: true, Tier: 'Intelligent-Tiering' };
      await send('PutParameterCommand', { Name: name, Value: value, ...tier });
    },
  };
}
