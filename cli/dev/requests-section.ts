import { type Html, html } from '../../inspector/html.ts';
import { safeText } from '../../inspector/text.ts';
import type { ProxiedRequest, RequestLog } from './request-log.ts';

export function requestsSection({ requests, assetCount }: RequestLog, now: Date): Html {
  const assets =
    assetCount > 0 &&
    html`<p class="quiet">Not listed: ${assetCount} of scripts, styles, images, fonts and hot reloading, all of them answered.</p>`;
  if (requests.length === 0) return html`<p class="quiet">None yet: open <a href="/">the app</a>.</p>${assets}`;
  return html`<table class="requests">
<thead><tr><th scope="col">Status</th><th scope="col">Request</th><th scope="col">Signed in</th><th scope="col">When</th></tr></thead>
<tbody>${requests.map(
    (
      request,
    ) => html`<tr>${statusCell(request)}<th scope="row"><code>${request.method} ${safeText(request.path)}</code></th>
<td>${request.identity}</td><td><time datetime="${request.at.toISOString()}">${agoText(request.at, now)}</time></td></tr>`,
  )}</tbody>
</table>${assets}`;
}

function statusCell({ status, failure }: ProxiedRequest): Html {
  const reason = failure !== undefined && html` <span>${safeText(failure)}</span>`;
  if (status === undefined) {
    return failure === undefined
      ? html`<td class="open">… no answer yet</td>`
      : html`<td class="fail">✗ no answer${reason}</td>`;
  }
  const [look, sign] =
    status >= 400 || failure !== undefined ? ['fail', '✗'] : status >= 300 ? ['open', '→'] : ['pass', '✓'];
  return html`<td class="${look}">${sign} ${status}${reason}</td>`;
}

/** "now", "12 s ago", "3 min ago", "2 h ago". */
function agoText(at: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000));
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
}
