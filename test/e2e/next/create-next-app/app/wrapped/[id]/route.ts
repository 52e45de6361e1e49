import { withPomerium } from 'pomerium-edge/next';

export const GET = withPomerium(async (request, identity, { params }: RouteContext<'/wrapped/[id]'>) =>
  Response.json({
    id: (await params).id,
    subject: identity.subject,
    cookie: request.cookies.get('c')?.value,
    path: request.nextUrl.pathname,
    headers: Object.fromEntries(request.headers),
  }),
);
