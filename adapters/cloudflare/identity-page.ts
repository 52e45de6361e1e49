import type { Identity } from '../../core/index.ts';

/** What the guard shows where no upstream is set: for whom the request came through Pomerium. */
export function identityPage(identity: Identity, request: Request): Response {
  const rows = [
    ['Subject', identity.subject],
    ['Email', identity.email],
    ['Name', identity.name],
    ['Groups', identity.groups.join(', ')],
    ['Issuer', identity.issuer],
    ['Audience', identity.audience.join(', ')],
    ['Issued', new Date(identity.issuedAt * 1000).toISOString()],
    ['Expires', new Date(identity.expiresAt * 1000).toISOString()],
  ];
  const table = rows
    .map(([name, value]) => `<tr><th scope="row">${name}</th><td>${escapeHtml(value || '—')}</td></tr>`)
    .join('');
  return new Response(request.method === 'HEAD' ? null : page(table), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    },
  });
}

const page = (table: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Verified by pomerium-edge</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-bottom: 1px solid #8886; overflow-wrap: anywhere }
th { width: 7rem; font-weight: 600 }
</style>
</head>
<body>
<h1>This request came through Pomerium</h1>
<p>Its assertion was verified here. Set <code>POMERIUM_UPSTREAM</code> to pass such requests on to your service.</p>
<table>${table}</table>
</body>
</html>
`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
