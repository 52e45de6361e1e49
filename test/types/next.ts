/** Checked by the compiler only. */
import { type NextFetchEvent, type NextRequest, NextResponse } from 'next/server.js';
import { compilePolicy, type Identity } from 'pomerium-edge';
import { createIdentityFunctions, createProxy, getIdentity, requireIdentity, withPomerium } from 'pomerium-edge/next';
import { type Equal, holds } from './equal.ts';

export const proxy = createProxy({ rules: [{ prefix: '/', access: 'authenticated' }] });
export const answered: (request: NextRequest, event: NextFetchEvent) => Promise<Response> = proxy;
export const composed = createProxy({}, async (request, event, identity) => {
  holds<Equal<typeof request, NextRequest>>();
  holds<Equal<typeof event, NextFetchEvent>>();
  holds<Equal<typeof identity, Identity | undefined>>();
  return NextResponse.next();
});
export const silent = createProxy({}, () => {});
export const refusing = createProxy({
  keepAssertionOnRewrite: true,
  onRefused: (error, request) => {
    holds<Equal<typeof request, NextRequest>>();
    return error.status === 401 ? NextResponse.redirect(request.nextUrl) : undefined;
  },
});

export const branded = createProxy({
  refusalPage: {
    siteName: 'Wiki',
    helpUrl: 'mailto:a@example.com',
    texts: { nl: { 403: ['Nee', 'Echt niet'], home: 'Thuis' } },
  },
});
// @ts-expect-error a heading alone
createProxy({ refusalPage: { texts: { nl: { 403: ['Nee'] } } } });
// @ts-expect-error no such text
createProxy({ refusalPage: { texts: { nl: { 404: ['Nee', 'Echt niet'] } } } });

export const maybe: Promise<Identity | undefined> = getIdentity();
export const fromPagesRouter = getIdentity({ headers: { 'x-pomerium-jwt-assertion': ['a', 'b'] } });
export const sure: Promise<Identity> = requireIdentity();
export const allowed: Promise<Identity> = requireIdentity({
  policy: compilePolicy({ allow: { or: [{ accept: true }] } }),
});
export const ofRequest: Promise<Identity> = requireIdentity({ headers: {} }, { policy: {} });
export const own: Promise<Identity> = createIdentityFunctions({ audience: 'a' }).requireIdentity({ policy: {} });

export const logged = createIdentityFunctions({ listClaims: ['roles'], log: false, logSubject: true });
export const routed = createIdentityFunctions({ routes: { routes: [] }, leaveToPomerium: ['date'] });
export const routedProxy = createProxy({ routes: { routes: [] } });

type Handler = (request: NextRequest, context: { params: Promise<{ id: string }> }) => Promise<Response>;
export const GET: Handler = withPomerium(async (request, identity, { params }: { params: Promise<{ id: string }> }) => {
  holds<Equal<typeof request, NextRequest>>();
  holds<Equal<typeof identity, Identity>>();
  return new Response((await params).id);
});
export const withoutParams: Handler = withPomerium((request) => Response.json(request.nextUrl.pathname));
// @ts-expect-error with rules the identity may be undefined
withPomerium((_, identity: Identity) => new Response(identity.user), { rules: [] });

// @ts-expect-error rules are for createProxy
createIdentityFunctions({ rules: [] });
// @ts-expect-error it is one or the other, and not both
requireIdentity({ groups: ['admins'] });
