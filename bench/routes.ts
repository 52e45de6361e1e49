import { compileRoutes, createVerifier, type Routes, staticKeys } from 'pomerium-edge';
import { HOST, jwks, makeKey, sign } from '../test/support/issuer.ts';
import type { Contestant } from './measure.ts';

const COUNT = 500;

/** What routes add to a request whose assertion was verified before, so that nothing else takes long. */
export async function makeRoutesContestants(): Promise<Contestant[]> {
  const key = await makeKey();
  const now = Math.floor(Date.now() / 1000);
  const token = await sign(key, { iat: now, exp: now + 3600 });
  const keys = staticKeys(jwks(key));
  const request = {
    method: 'GET',
    url: `https://${HOST}/team-250/items/7`,
    headers: new Headers({ 'x-pomerium-jwt-assertion': token }),
  };
  const contestant = (name: string, verifier: { verifyRequest(one: typeof request): Promise<unknown> }) => ({
    name,
    verify: () => verifier.verifyRequest(request),
  });
  return [
    contestant('a request again, one audience', createVerifier({ audience: HOST, keys })),
    contestant(`a request again, ${COUNT} routes of its host`, createVerifier({ routes: routesOf(() => HOST), keys })),
    contestant(
      `a request again, ${COUNT} routes of ${COUNT} hosts`,
      createVerifier({ routes: routesOf((i) => (i === 250 ? HOST : `host-${i}.example.com`)), keys }),
    ),
    contestant(`a request again, ${COUNT} routes with a regex each`, createVerifier({ routes: regexRoutes(), keys })),
  ];
}

function routesOf(hostOf: (i: number) => string): Routes {
  return compileRoutes(
    Array.from({ length: COUNT }, (_, i) => ({
      from: `https://${hostOf(i)}`,
      prefix: `/team-${i}`,
      to: 'http://app',
      policy: [{ allow: { or: [{ domain: 'example.com' }, { groups: `team-${i}` }] } }],
    })),
  );
}

/** The last one that is looked at is the one that is meant. */
function regexRoutes(): Routes {
  return compileRoutes(
    Array.from({ length: COUNT }, (_, i) => ({
      from: `https://${HOST}`,
      regex: `/team-${i}/items/[0-9]+`,
      to: 'http://app',
      allowed_domains: ['example.com'],
    })),
  );
}
