// Compiled by "npm run check" and never run: a wrong type here is an error there.
import {
  compilePolicy,
  compileRoutes,
  createVerifier,
  createVerifierFromEnvironment,
  type Identity,
  type JwksStore,
  type KeySource,
  type MaybeAnonymous,
  optionsFromEnvironment,
  type Policy,
  type PolicyDecision,
  type PomeriumError,
  type PomeriumErrorCode,
  type PomeriumEvent,
  type RouteName,
  type Routes,
  remoteKeys,
  staticKeys,
  type Verifier,
  type VerifierOptions,
  type VerifyContext,
} from 'pomerium-edge';
import { createGuard } from 'pomerium-edge/cloudflare';
import { createStorage } from 'unstorage';
import { type Equal, holds } from './equal.ts';

/** The smallest configuration is one line, and its identity has a subject. */
const verifier = createVerifier({ audience: 'app.corp.example.com' });
holds<Equal<typeof verifier, Verifier<Identity>>>();
holds<Equal<Identity['subject'], string>>();
holds<Equal<Identity['groups'], readonly string[]>>();
holds<Equal<Identity['email'], string | undefined>>();

/** What a gate tells its verifier is for no other caller. */
holds<Equal<Extract<keyof VerifyContext, 'anyRoute' | 'expectNobody' | 'onDenied'>, never>>();

/** Whoever accepts nobody has to deal with nobody. */
const open = createVerifier({ audience: 'a', allowAnonymous: true });
holds<Equal<typeof open, Verifier<MaybeAnonymous>>>();
holds<Equal<MaybeAnonymous['subject'], string | undefined>>();

/** Everything that the options take. */
createVerifier({
  audience: ['a', 'b'],
  issuer: ['a', 'https://a/'],
  keys: remoteKeys(new URL('https://a/'), { store: createStorage(), timeout: 1, fetch }),
  algorithms: ['ES256', 'RS256', 'EdDSA'],
  clockTolerance: 0,
  maxTokenAge: 60,
  onEvent: (event) => holds<Equal<typeof event, PomeriumEvent>>(),
  now: () => 0,
});
createVerifier(optionsFromEnvironment({ POMERIUM_AUDIENCE: 'a' }));

createVerifier({ audience: ['a', 'b'], issuers: { a: remoteKeys('https://a/'), b: staticKeys('{}') } });
// @ts-expect-error the keys of an issuer are a key source
createVerifier({ audience: 'a', issuers: { a: 'https://a/' } });

/** What a request may be. */
void verifier.verifyRequest(new Request('https://a/'), { waitUntil: (promise) => void promise });
void verifier.verifyRequest({ headers: { a: 'b', c: ['d'], e: undefined } });
void verifier.verifyRequest({ method: 'GET', url: '/', headers: [['a', 'b']] });
void verifier.verify(new Headers().get('x-pomerium-jwt-assertion'));
void verifier.ready();

const source: KeySource = staticKeys({ keys: [] });
const store: JwksStore = { getItem: () => null, setItem: () => {} };
void [source, store];

holds<Equal<PomeriumError['code'], PomeriumErrorCode>>();
holds<Equal<PomeriumError['status'], number>>();

/** Policies take parsed JSON or YAML, whose type nobody knows. */
const policy: Policy = compilePolicy(JSON.parse('{}') as unknown, { listClaims: ['roles'] });
const identity = await verifier.verify('', { requestInfo: { method: 'GET', path: '/', headers: new Headers() } });
const decision = policy.decide({ identity, method: 'GET', path: '/', headers: {} });
holds<Equal<typeof decision, PolicyDecision>>();
holds<Equal<typeof policy.needsRequest, boolean>>();
holds<Equal<typeof identity.onBehalfOf, Identity | undefined>>();
createVerifier({ audience: 'a', policy, onBehalfOf: { audience: 'b', callers: policy } });

/** With routes nobody may pass, unless somebody says otherwise; audience and the like are theirs to say. */
const routes: Routes = compileRoutes(JSON.parse('{}') as unknown, {
  hosts: ['a'],
  listClaims: ['roles'],
  leaveToPomerium: ['source_ip'],
});
const routed = createVerifier({ routes });
holds<Equal<typeof routed, Verifier<MaybeAnonymous>>>();
const signedIn = createVerifier({ routes, allowAnonymous: false });
holds<Equal<typeof signedIn, Verifier<Identity>>>();
const either = createVerifier({ routes, allowAnonymous: Boolean(decision) });
holds<Equal<typeof either, Verifier<MaybeAnonymous>>>();
const fromEnvironment = createVerifierFromEnvironment({}, { routes: { routes: [] } });
holds<Equal<typeof fromEnvironment, Verifier<Identity>>>();
createVerifierFromEnvironment({}, { routes, leaveToPomerium: ['date'] });
holds<Equal<Identity['route'], RouteName | undefined>>();
holds<Equal<VerifierOptions['audience'], string | readonly string[]>>();
holds<Equal<typeof routes.hosts, readonly string[]>>();

// @ts-expect-error routes have to be compiled
createVerifier({ routes: { routes: [] } });
// @ts-expect-error the routes are the audience
createVerifier({ routes, audience: 'a' });
// @ts-expect-error and the policy
createVerifier({ routes, policy });
// @ts-expect-error an audience is required
const noAudience: VerifierOptions = { clockTolerance: 1 };
void noAudience;
// @ts-expect-error a misspelt option
compileRoutes({}, { host: ['a'] });
// @ts-expect-error a policy has to be compiled
createVerifier({ audience: 'a', policy: { allow: {} } });
// @ts-expect-error callers are required
createVerifier({ audience: 'a', onBehalfOf: { audience: 'b' } });
// @ts-expect-error an audience is required
createVerifier({});
// @ts-expect-error HS256 can never be used
createVerifier({ audience: 'a', algorithms: ['HS256'] });
// @ts-expect-error a misspelt option
createVerifier({ audience: 'a', clockTolerence: 1 });
// @ts-expect-error an identity is frozen
(await verifier.verify('')).subject = 'root';
// @ts-expect-error there is no such code
const code: PomeriumErrorCode = 'forbidden';
void code;
// @ts-expect-error the guard never lets nobody in
createGuard({ allowAnonymous: true });

createGuard((env) => ({ clockTolerance: Number(env['POMERIUM_CLOCK_TOLERANCE']) })) satisfies {
  fetch(request: Request, env: Record<string, string>, ctx: ExecutionContextLike): Promise<Response>;
};

/** The part of Workers' `ExecutionContext` that matters here. */
interface ExecutionContextLike {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
}
