import { withPomerium } from 'pomerium-edge/aws-lambda';

export const handler = withPomerium(async (_event, _context, { email }) => ({ statusCode: 200, body: email ?? '' }), {
  onRefused(error, { rawPath = '/', rawQueryString = '' }) {
    if (error.status !== 401) return undefined; // the gate's own answer
    return Response.redirect(`https://app.corp.example.com${rawPath}?${rawQueryString}`);
  },
});
