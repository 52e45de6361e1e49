import { NextResponse } from 'next/server';
import { createProxy } from 'pomerium-edge/next';

/** The gate of the test's app, with a proxy of its own behind it that does what proxies do. */
export const gate = createProxy(
  {
    rules: [
      { path: '/', access: 'public' },
      { prefix: '/_next/static', access: 'public' },
      { prefix: '/admin', access: { allow: { or: [{ groups: 'admins' }] } } },
      { prefix: '/', access: 'authenticated' },
    ],
    removeHeaders: ['x-email'],
  },
  (request, _event, identity) => {
    const headers = new Headers(request.headers);
    headers.set('x-own', identity?.subject ?? 'nobody');
    headers.delete('x-unwanted');
    switch (request.nextUrl.searchParams.get('proxy')) {
      case 'nothing':
        return undefined;
      case 'plain':
        return NextResponse.next({ headers: { 'x-answered-by': 'own proxy' } });
      case 'cached':
        return NextResponse.next({ headers: { 'cache-control': 'private, max-age=60' } });
      case 'forging':
        headers.set('x-pomerium-claim-email', 'forged@example.com');
        headers.set('x-pomerium-jwt-assertion', 'forged');
        break;
      case 'rewrite':
        return NextResponse.rewrite(new URL('/echo', request.url), { request: { headers } });
      case 'elsewhere':
        return NextResponse.rewrite(new URL(request.nextUrl.searchParams.get('to') ?? ''), { request: { headers } });
      case 'plain-elsewhere':
        return NextResponse.rewrite(new URL(request.nextUrl.searchParams.get('to') ?? ''));
      case 'without':
        headers.delete('x-pomerium-jwt-assertion');
        break;
      case 'redirect':
        return NextResponse.redirect(new URL('/', request.url));
      case 'answer':
        return NextResponse.json({ by: 'own proxy', basePath: request.nextUrl.basePath });
    }
    const response = NextResponse.next({ request: { headers } });
    response.cookies.set('one', '1');
    response.cookies.set('two', '2');
    return response;
  },
);
