import { describe } from 'vitest';
import type { PomeriumOptions } from '../../../adapters/node/index.ts';
import { type Send, type Sent, testGateCases } from '../../support/gate-cases-runner.ts';
import { withProcessEnvironment } from '../../support/process-environment.ts';
import { SERVERS, whileListening } from './servers.ts';

for (const [name, start] of Object.entries(SERVERS)) {
  const send: Send = (request, { onRefused, ...options }, env) =>
    withProcessEnvironment(env, async () => {
      let seen: Pick<Sent, 'received' | 'who'> = { received: undefined, who: undefined };
      const given: PomeriumOptions = {
        ...options,
        ...(onRefused && { onRefused: (error) => onRefused(error, request) }),
      };
      const server = await start(given, (req) => {
        const headers = Object.entries(req.headers).map(([one, value]): [string, string] => [one, String(value)]);
        seen = { received: new Headers(headers), who: req.identity?.subject ?? 'nobody' };
        return 'in';
      });
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      // Pomerium's name for what Cloudflare calls cf-ray.
      const id = headers.get('cf-ray');
      if (id !== null) headers.set('x-request-id', id);
      const response = await whileListening(server, async (url) => {
        const answer = await fetch(url + pathname + search, { method, headers, redirect: 'manual' });
        return new Response(await answer.text(), answer);
      });
      return { response, ...seen };
    });
  describe(name, () => testGateCases(name, send, { without: ['endAtExpiry'], throwsEarly: true }));
}
