import {
  configurationError,
  isEntryKey,
  type JwksStore,
  readBoolean,
  requireKnown,
  requireOptions,
} from '../../core/adapter.ts';
import { type SsmClientLike, ssmMethods } from './ssm-client.ts';

/** Options of `ssmStore`. */
export interface SsmStoreOptions {
  /** The parameter's name, as in `/pomerium-edge/jwks`. It holds the keys of one JWKS URL. */
  name: string;
  /** `new SSM({})` where the SDK is to be in the bundle. @defaultValue a client of the SDK, which Lambda's runtime brings along */
  client?: SsmClientLike;
  /** Whether `setItem` writes; only the refresher does. @defaultValue `false` */
  writable?: boolean;
}

/** A store that is an SSM parameter. */
interface SsmStore extends JwksStore {
  /** Its name. */
  readonly parameter: string;
}

/** For how long, in milliseconds, one read is for all: SSM allows 40 a second, and a read before a freeze may never end. */
const SHARED_FOR = 2000;

/**
 * An SSM parameter, as `createRefresher` keeps it: public keys, so a plain `String`. Read once an environment and then
 * only when keys are no longer fresh. Needs `ssm:GetParameter`, and `ssm:PutParameter` to write. It holds the keys and
 * nothing else: what instances tell each other beside them is neither read nor written.
 *
 * @throws {PomeriumError} `invalid_configuration` for a name that is none, and for an option that there is not
 *
 * @example
 * ```ts
 * createAuthorizer({ store: tieredStore(tmpStore(), ssmStore({ name: '/pomerium-edge/jwks' })) })
 * ```
 */
export function ssmStore(options: SsmStoreOptions): JwksStore {
  requireOptions(options);
  requireKnown(options, ['name', 'client', 'writable'], 'option of ssmStore()');
  const { name, client } = options;
  const isWritable = readBoolean('writable', options.writable);
  if (!name || typeof name !== 'string') {
    throw configurationError("name must be that of an SSM parameter; write ssmStore({ name: '/app/jwks' }).");
  }
  let reading: { readonly startedAt: number; readonly value: Promise<string | null> } | undefined;
  const methods = ssmMethods(client);
  const read = async (): Promise<string | null> => {
    try {
      const ssm = await methods();
      return (await ssm.getParameter({ Name: name })).Parameter?.Value ?? null;
    } catch (error) {
      if (error instanceof Error && error.name === 'ParameterNotFound') return null;
      throw error;
    }
  };
  const startReading = () => {
    const started = { startedAt: Date.now(), value: read() };
    const forget = () => {
      if (reading === started) reading = undefined;
    };
    started.value.then(forget, forget);
    reading = started;
    return started;
  };
  const store: SsmStore = {
    parameter: name,
    getItem(key) {
      if (!isEntryKey(key)) return null;
      const isShared = reading && Math.abs(Date.now() - reading.startedAt) < SHARED_FOR;
      return (isShared && reading ? reading : startReading()).value;
    },
    async setItem(key, value) {
      if (!isWritable || !isEntryKey(key)) return;
      reading = undefined;
      const ssm = await methods();
      // Standard parameters hold 4 KB; more keys than that make it an advanced one.
      await ssm.putParameter({
        Name: name,
        Value: value,
        Type: 'String',
        Overwrite: true,
        Tier: 'Intelligent-Tiering',
      });
    },
  };
  return store;
}
