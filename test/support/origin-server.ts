import type { IncomingMessage, ServerResponse } from 'node:http';
import { type LocalServer, serve } from '../../scripts/start/server.ts';
import type { Hit, Step } from './origin.ts';

interface Script {
  steps: Step[];
  hits: Hit[];
}

/**
 * A loopback origin that does what a test tells it to, over HTTP itself, so that the same tests drive it from
 * every runtime: `PUT /scripts/<id>` sets the answers, `GET /jwks/<id>` plays them, `GET /scripts/<id>` tells the hits.
 */
export async function startOrigin(): Promise<LocalServer> {
  const scripts = new Map<string, Script>();
  return serve((request, response) => {
    const [, kind, id = ''] = (request.url ?? '').split('/');
    const script = scripts.get(id);
    if (kind === 'scripts' && request.method === 'PUT') {
      readJson(request).then((steps) => {
        scripts.set(id, { steps: steps as Step[], hits: script?.hits ?? [] });
        response.end('{}');
      });
    } else if (kind === 'scripts' && script) {
      response.end(JSON.stringify(script.hits));
    } else if (kind === 'jwks' && script) {
      play(script, request, response);
    } else {
      response.writeHead(404).end();
    }
  });
}

/** The steps in order; the last one answers all that follow. */
function play(script: Script, request: IncomingMessage, response: ServerResponse): void {
  const step = script.steps[Math.min(script.hits.length - (script.steps[0]?.from ?? 0), script.steps.length - 1)];
  script.hits.push({ headers: request.headers as Record<string, string> });
  if (!step || step.hang) return;
  const etag = step.headers?.['etag'];
  if (step.conditional && etag !== undefined && request.headers['if-none-match'] === etag) {
    response.writeHead(304, step.headers).end();
    return;
  }
  response.writeHead(step.status ?? 200, step.headers);
  if (step.drip) {
    drip(response);
  } else {
    response.end(step.bytes === undefined ? step.body : ' '.repeat(step.bytes) + (step.body ?? ''));
  }
}

/** A byte now and then, for ever: only the client's own limit ends it. */
function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 5);
  response.on('close', () => clearInterval(timer));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}
