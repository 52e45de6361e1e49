/** What each simulated isolate loads, with module-level state of its own. */

export { ssmStore } from '../../adapters/aws-lambda/ssm-store.ts';
export { kvStore } from '../../adapters/cloudflare/kv-store.ts';
export { cacheStore, PomeriumError, remoteKeys, tieredStore } from '../../core/index.ts';
