export { WorkerEntrypoint as EntrypointBase } from 'cloudflare:workers';
