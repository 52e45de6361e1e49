import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { assert } from 'vitest';
import { ROOT, run } from '../../../scripts/run.ts';
import { startStandIn } from '../../../scripts/start/stand-in.ts';
import { http2, proxyEvents } from '../../adapters/aws-lambda/events.ts';
import { sign } from '../../support/issuer.ts';

/** The audience in docs/aws-bundling.md. */
export const AUDIENCE = 'api.corp.example.com';
/** Calls a function's handler with the events that it is given. */
export const RUNNER = `${ROOT}test/e2e/bundling/run-function.mjs`;
/** What Lambda's Node.js 20 and 22 switch off ("Building Lambda functions with Node.js", AWS Lambda Developer Guide). */
const AS_LAMBDA = '--no-experimental-require-module --no-experimental-detect-module';

interface ProcessOptions {
  readonly kind?: Kind;
  readonly node?: string;
  readonly flags?: string;
}

export interface Answers {
  readonly output: string;
  /** To an event with an assertion, and to one without. */
  readonly answers: readonly [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>] | undefined;
}

/** An authorizer, or a function behind HTTP. */
export type Kind = 'authorizer' | 'app';

/** Of either. */
export function assertAnswers({ answers, output }: Answers): void {
  const [allowed, refused] = answers ?? assert.fail(output.slice(-2000));
  if ('isAuthorized' in allowed) {
    assert.isTrue(allowed['isAuthorized'], output);
    assert.isFalse(refused['isAuthorized']);
  } else {
    assert.include(allowed, { statusCode: 200, body: 'alice@example.com' }, output);
    assert.propertyVal(refused, 'statusCode', 401);
  }
}

/** Processes that have one function each, and a Pomerium that signs for them. */
export async function startLambdaProcesses() {
  const standIn = await startStandIn({});
  const now = Math.floor(Date.now() / 1000);
  const assertion = await sign(standIn.key, { aud: AUDIENCE, iss: AUDIENCE, iat: now, exp: now + 3600 });
  const shapes = { authorizer: http2, app: proxyEvents['a Function URL or HTTP API (2.0)'] ?? assert.fail() };
  const eventsFor = (kind: Kind) =>
    [{ 'x-pomerium-jwt-assertion': assertion }, {}].map((headers) => JSON.stringify(shapes[kind](headers)));
  const folders: string[] = [];
  const emptyFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'pomerium-edge-'));
    folders.push(folder);
    return folder;
  };
  return {
    emptyFolder,
    /** Those of a new process, in the file's folder. `kind`: by default what the file's name says. `flags`: Node.js' options. */
    async answersOf(
      file: string,
      env: Readonly<Record<string, string>> = {},
      { kind = kindOf(file), node = process.execPath, flags = AS_LAMBDA }: ProcessOptions = {},
    ): Promise<Answers> {
      const { output } = await run(node, [RUNNER, file, ...eventsFor(kind)], {
        capture: true,
        cwd: dirname(file),
        env: { POMERIUM_JWKS_URL: standIn.jwksUrl(), TMPDIR: emptyFolder(), NODE_OPTIONS: flags, ...env },
      });
      return { output, answers: answersIn(output) };
    },
    async close(): Promise<void> {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      await standIn.close();
    },
  };
}

/** What `RUNNER` printed. */
export function answersIn(output: string): Answers['answers'] {
  const line = /^answers (.*)$/m.exec(output)?.[1];
  return line && JSON.parse(line);
}

function kindOf(file: string): Kind {
  return basename(file).startsWith('app.') ? 'app' : 'authorizer';
}
