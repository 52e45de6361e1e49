import type { IncomingMessage } from 'node:http';
import { JWKS_PATH } from '../../testing/jwks-server.ts';

/** What Pomerium answers on every route's host instead of the app, to everybody (`internal/controlplane/http.go`). */
export function answerWellKnown(path: string, { headers: { host } }: IncomingMessage): Response | undefined {
  if (path === '/ping' || path === '/healthz')
    return new Response('OK\n', { headers: { 'content-type': 'text/plain' } });
  if (!/^\/\.well-known\/pomerium(\/|$)/.test(path)) return undefined;
  if (!/^\/\.well-known\/pomerium\/?$/.test(path)) return new Response(null, { status: 404 });
  const url = (to: string) => `http://${host}${to}`;
  const document = {
    issuer: url('/'),
    authentication_callback_endpoint: url('/oauth2/callback'),
    jwks_uri: url(JWKS_PATH),
    frontchannel_logout_uri: url('/.pomerium/sign_out'),
  };
  return Response.json(document, { headers: { 'access-control-allow-origin': '*' } });
}
