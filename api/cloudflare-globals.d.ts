// What `wrangler types` declares in a project of Cloudflare's, as far as our declarations name it: API Extractor stops at a name that it cannot follow.
declare namespace Cloudflare {
  type Env = Record<string, unknown>;
}
declare namespace Rpc {
  type WorkerEntrypointBranded = Record<string, unknown>;
}
type ExportedHandler<Env, QueueMessage, CfHostMetadata, Props> = readonly [Env, QueueMessage, CfHostMetadata, Props];
