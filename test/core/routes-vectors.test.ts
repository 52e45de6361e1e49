import { assert, describe, test } from 'vitest';
import { compileRoutes, createVerifier, PomeriumError, type RoutesOptions, staticKeys } from '../../core/index.ts';
import { jwks, makeKey, sign } from '../support/issuer.ts';
import {
  claimSets,
  configurationOf,
  decisionOf,
  listClaims,
  passed,
  type RecordedConfiguration,
  type RecordedRequest,
  recorded,
  recordedKeys,
  validAt,
} from '../support/route-vectors.ts';
import { assertMisconfigured } from '../support/verifying.ts';

/** Those that are refused here although Pomerium takes them, each with why and with what is left of it. */
const REFUSED_HERE: Record<string, { message: RegExp; options?: RoutesOptions }> = {
  'groups-policy': { message: /policy\[0\]\.allowed_groups cannot be decided/ },
  'idp-claims': {
    message: /allowed_idp_claims\.groups\[0\]\.claim\/groups cannot be decided/,
    options: { hosts: ['app.corp.example.com', 'two.corp.example.com'] },
  },
  rewrite: {
    message: /routes\[0\]\.policy\[0\]\.allow\.and\[1\]\.http_path cannot be decided: the route rewrites the path/,
  },
  mcp: {
    message: /mcp_tool cannot be answered from an assertion/,
    options: { hosts: ['client.corp.example.com'] },
  },
  'unknown-keys': { message: /routes\[0\]\.allowed_domain: Pomerium has no setting .* write allowed_domains/ },
  'groups-claim': { message: /claim\/groups cannot be decided/, options: { hosts: ['app.corp.example.com'] } },
};

const decidable = recorded.filter(({ refused, ingress }) => !refused && !ingress);

describe('the same answer as Pomerium', () => {
  test('what Pomerium does not start with is refused', () => {
    const refused = recorded.filter((one) => one.refused);
    assert.isAbove(refused.length, 8);
    for (const one of refused) assertMisconfigured(() => compileRoutes(configurationOf(one), { listClaims }), /./);
  });

  for (const [id, { message }] of Object.entries(REFUSED_HERE)) {
    test(`${id} is refused by name`, () => {
      const one = recorded.find((other) => other.id === id);
      assert.exists(one);
      assertMisconfigured(() => compileRoutes(configurationOf(one as RecordedConfiguration), { listClaims }), message);
    });
  }

  for (const one of decidable) {
    const { message, options } = REFUSED_HERE[one.id] ?? {};
    if (message && !options) continue;
    test(`${one.id}: ${one.title}`, () => compare(one, options));
  }

  test('the assertions that Pomerium signed verify, and are judged alike', async () => {
    let count = 0;
    for (const one of decidable) {
      if (REFUSED_HERE[one.id]) continue;
      const verifier = verifierFor(one, staticKeys((one.jwks ?? Object.values(recordedKeys as object)[0]) as object));
      for (const { identity, request, assertion } of one.assertions ?? []) {
        const asked = (one.requests ?? [])[request] as RecordedRequest;
        if (!isCanonical(asked)) continue;
        count += 1;
        const expected = leadsToService(one, asked)
          ? [decisionOf(one, identity, request), passed(one, identity, request)]
          : [false];
        assert.include(expected, await isAllowed(verifier, asked, assertion), `${one.id} ${asked.url}`);
      }
    }
    assert.isAbove(count, 80);
  });
});

const key = await makeKey();
const keys = staticKeys(jwks(key));

function verifierFor(one: RecordedConfiguration, from = keys, options: RoutesOptions = {}) {
  const routes = compileRoutes(configurationOf(one), { listClaims, ...options });
  return createVerifier({ routes, keys: from, now: () => validAt });
}

async function compare(one: RecordedConfiguration, options?: RoutesOptions): Promise<void> {
  const verifier = verifierFor(one, keys, options);
  const wrong: string[] = [];
  // An assertion has neither the path before a rewrite nor the port: then all that it may have come by must let it through.
  const mayDiffer = rewrites(one, options) || /:8443/.test(one.file?.text ?? '');
  for (const [r, request] of (one.requests ?? []).entries()) {
    if (options?.hosts && !options.hosts.some((host) => request.url.startsWith(`https://${host}/`))) continue;
    if (one.undecidable?.requests.includes(r)) continue;
    const host = request.aud ?? hostOf(request.url);
    for (const [i, set] of (one.claims ?? []).entries()) {
      const assertion = await sign(key, {
        iss: request.iss ?? host,
        aud: host,
        ...claimSets[set],
        exp: validAt + 300,
        iat: validAt,
      });
      const allowed = await isAllowed(verifier, request, assertion);
      const expected = request.by === 'policy' && leadsToService(one, request) ? decisionOf(one, i, r) : false;
      const isRight = isCanonical(request)
        ? allowed === expected || (set === 0 && allowed === passed(one, i, r))
        : // A path that servers read in different ways may be refused to everybody.
          !allowed || expected;
      // As the service behind sees it: another host, and the path as Pomerium left it.
      const { upstream } = request;
      if (upstream && !isAmbiguous(upstream.path)) {
        const seen = await isAllowed(verifier, { ...request, url: `https://service.test${upstream.path}` }, assertion);
        const isSame = mayDiffer ? !seen || expected : seen === expected || (set === 0 && seen === passed(one, i, r));
        if (!isSame) wrong.push(`${upstream.path} as the service sees it for ${one.identities?.[i]}: ${seen}`);
      }
      if (!isRight)
        wrong.push(`${request.method} ${request.url} for ${one.identities?.[i]}: ${allowed}, not ${expected}`);
    }
  }
  assert.deepEqual(wrong, []);
}

function hostOf(url: string): string {
  return url.replace(/^https:\/\//, '').replace(/[/:?].*$/s, '');
}

function leadsToService({ routes = [] }: RecordedConfiguration, { route }: RecordedRequest): boolean {
  return typeof route === 'number' && routes[route]?.end === 'upstream';
}

function isAmbiguous(path: string): boolean {
  return /\/\/|\/\.{1,2}(\/|$)|[\\"]|%(2e|2f|5c|00|25|$|zz)/i.test(path.replace(/\?.*/s, ''));
}

function rewrites(one: RecordedConfiguration, options?: RoutesOptions): boolean {
  return compileRoutes(configurationOf(one), { listClaims, ...options })
    .explain()
    .some(({ rewritesPath }) => rewritesPath);
}

/** Whether the client wrote the path as Envoy passes it on. */
function isCanonical({ url, path }: RecordedRequest): boolean {
  const written = url.replace(/^https:\/\/[^/?]*/, '').replace(/\?.*/s, '');
  return !isAmbiguous(written) && path !== '';
}

async function isAllowed(
  verifier: ReturnType<typeof createVerifier>,
  { method, url, headers = {} }: RecordedRequest,
  assertion: string,
): Promise<boolean> {
  try {
    await verifier.verifyRequest({ method, url, headers: { ...headers, 'x-pomerium-jwt-assertion': assertion } });
    return true;
  } catch (error) {
    if (!(error instanceof PomeriumError) || error.status === 500) throw error;
    return false;
  }
}
