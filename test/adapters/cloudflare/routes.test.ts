import { assert, describe, test } from 'vitest';
import {
  createAuth,
  createGuard,
  createOnRequest,
  getIdentity,
  type PagesContext,
  verifyThrough,
  withPomerium,
} from '../../../adapters/cloudflare/index.ts';
import { compileRoutes } from '../../../core/index.ts';
import { withConsoleLines } from '../../support/console-lines.ts';
import { ASSERTION, key, SENDERS } from '../../support/gate.ts';
import { HOST, jwks, NOW, sign } from '../../support/issuer.ts';
import { jwksAnswer, Origin } from '../../support/origin.ts';

const ctx = { waitUntil: () => {} };
const now = () => NOW;
const forAdmins = { policy: [{ allow: { or: [{ groups: 'admins' }] } }] };
const forSomebody = { allow_any_authenticated_user: true };
const forAnybody = { allow_public_unauthenticated_access: true };
const routesOf = (...routes: object[]) => routes.map((one) => ({ from: `https://${HOST}`, to: 'http://app', ...one }));
const ROUTES = routesOf(
  { prefix: '/public', ...forAnybody },
  { prefix: '/admin', ...forAdmins },
  { name: 'app', ...forSomebody },
);
const env = { POMERIUM_ROUTES: ROUTES, POMERIUM_JWKS: jwks(key) };
const requestTo = (path: string, headers: Record<string, string>) =>
  new Request(`https://edge.example${path}`, { headers });

/** Who came by which route, for code behind each of the gates. */
const GATES: Record<string, (path: string, headers: Record<string, string>) => Promise<unknown>> = {
  withPomerium: async (path, headers) => {
    const worker = withPomerium<object>(
      { fetch: (_request, _env, _ctx, identity) => Response.json(identity?.route ?? null) },
      () => ({ now }),
    );
    return answerOf(await worker.fetch(requestTo(path, headers), env, ctx));
  },
  createOnRequest: async (path, headers) => {
    const data: Record<string, unknown> = {};
    const context: PagesContext<object> = {
      ...ctx,
      request: requestTo(path, headers),
      env,
      data,
      next: async (request) => Response.json((request && getIdentity(request)?.route) ?? null),
    };
    return answerOf(await createOnRequest<object>({ now })(context));
  },
  createGuard: async (path, headers) => {
    const answer = await createGuard<object>({ now }).fetch(requestTo(path, headers), env, ctx);
    const told = await answerOf(answer);
    return typeof told === 'number' ? told : ((told as { route?: object } | null)?.route ?? null);
  },
};

async function answerOf(response: Response): Promise<unknown> {
  const told = await response.json();
  return response.ok ? told : response.status;
}

for (const [name, ask] of Object.entries(GATES)) {
  test(`${name}, by POMERIUM_ROUTES: who may pass, by which route, and nobody on a public one`, async () => {
    const { result } = await withConsoleLines(async () => {
      const answers: unknown[] = [];
      for (const [path, sender] of [
        ['/x', 'alice'],
        ['/x', 'anonymous'],
        ['/public/x', 'anonymous'],
        ['/public/x', 'nobody'],
        ['/admin/x', 'alice'],
        ['/admin/x', 'admin'],
      ] as const) {
        answers.push(await ask(path, SENDERS[sender]));
      }
      return answers;
    });
    const from = `https://${HOST}`;
    assert.deepEqual(result, [{ from, name: 'app' }, 401, null, 401, 403, { from }]);
  });
}

describe('PomeriumAuth, with routes', () => {
  const ask = async (path: string, headers: Record<string, string>, routes: object = ROUTES) => {
    const auth = new (createAuth<object>({ now, routes }))(ctx, { POMERIUM_JWKS: jwks(key) });
    const { identity, refusal } = await auth.verifyRequest({
      method: 'GET',
      url: `https://edge.example${path}`,
      headers,
    });
    return identity?.route ?? refusal?.code;
  };

  test('answers by the route of the request, and never lets nobody in', async () => {
    assert.deepEqual(await ask('/x', SENDERS.alice), { from: `https://${HOST}`, name: 'app' });
    assert.equal(await ask('/admin/x', SENDERS.alice), 'policy_denied');
    assert.equal(await ask('/x', SENDERS.anonymous), 'anonymous');
    assert.equal(await ask('/public', SENDERS.anonymous), 'anonymous');
  });

  test('verify() alone does where they do not differ by path, and else says what to use', async () => {
    const verify = (routes: object) =>
      withConsoleLines(() =>
        new (createAuth<object>({ now, routes }))(ctx, { POMERIUM_JWKS: jwks(key) }).verify(SENDERS.alice[ASSERTION]),
      );
    assert.equal((await verify(routesOf(forSomebody))).result.identity?.subject, 'u-alice');
    const { result, lines } = await verify(routesOf({ prefix: '/x', ...forSomebody }));
    assert.equal(result.refusal?.code, 'invalid_configuration');
    assert.match(JSON.parse(String(lines[0]?.line)).message, /routes differ by path.*use verifyRequest/);
  });

  test('is configured by the environment of a guard beside it', async () => {
    const auth = new (createAuth<object>({ now }))(ctx, { ...env, POMERIUM_CLAIM_HEADERS: 'department' });
    assert.equal((await verifyThrough(auth, requestTo('/x', SENDERS.alice))).identity?.subject, 'u-alice');
  });
});

describe('the guard, with routes', () => {
  const APPS = 'https://*.apps.corp.example.com';
  const wildcard = [{ from: APPS, to: 'http://app', ...forSomebody }];

  test('scheduled() keeps the keys of POMERIUM_JWKS_URL warm where there is no host for a URL', async () => {
    const origin = await Origin.start(jwksAnswer(jwks(key)));
    const variables = { POMERIUM_ROUTES: JSON.stringify(wildcard), POMERIUM_JWKS_URL: origin.url };
    const guard = createGuard<object>({ now });
    await guard.scheduled({}, variables, ctx);
    const host = 'new.apps.corp.example.com';
    const headers = { [ASSERTION]: await sign(key, { aud: host, iss: host }) };
    assert.equal((await guard.fetch(requestTo('/', headers), variables, ctx)).status, 200);
    assert.equal(await origin.count(), 1);
  });

  test('with a wildcard and no POMERIUM_JWKS_URL everything is refused, and the log says why', async () => {
    const guard = createGuard<object>({ now });
    const { result, lines } = await withConsoleLines(() =>
      guard.fetch(requestTo('/', SENDERS.alice), { POMERIUM_ROUTES: wildcard }, ctx),
    );
    assert.equal(result.status, 500);
    assert.match(JSON.parse(String(lines[0]?.line)).message, /no JWKS URL can be made; .*POMERIUM_JWKS_URL/);
  });

  test('variables that wrangler.toml leaves empty are not set', async () => {
    const shipped = { ...env, POMERIUM_AUDIENCE: '', POMERIUM_UPSTREAM: '' };
    assert.equal((await createGuard<object>({ now }).fetch(requestTo('/x', SENDERS.alice), shipped, ctx)).status, 200);
  });

  test('an options function may have others for each environment', async () => {
    const guard = createGuard<{ admins: boolean }>(({ admins }) => ({
      now,
      log: false,
      routes: compileRoutes(routesOf(admins ? forAdmins : forSomebody)),
    }));
    const status = async (admins: boolean) => {
      const variables = { admins, POMERIUM_JWKS: jwks(key) };
      return (await guard.fetch(requestTo('/x', SENDERS.alice), variables, ctx)).status;
    };
    assert.deepEqual([await status(false), await status(true), await status(false)], [200, 403, 200]);
  });
});
