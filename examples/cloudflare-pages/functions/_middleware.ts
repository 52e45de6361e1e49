// Every request to this project, for a function or an asset, has to come through Pomerium.
export { onRequest } from 'pomerium-edge/cloudflare';
