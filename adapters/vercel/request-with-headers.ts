/** The request with these headers. Made field by field: what Next.js gives route handlers only looks like a `Request`. */
export function requestWithHeaders(request: Request, headers: Headers): Request {
  const { url, method, signal, body } = request;
  return new Request(url, { method, headers, signal, ...(body && { body, duplex: 'half' }) });
}
