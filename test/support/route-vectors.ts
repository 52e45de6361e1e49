import { parse } from 'yaml';
import vectors from '../vectors/routes.json' with { type: 'json' };

/** A request of a configuration, and what Pomerium did with it (test/vectors/README.md). */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly by: 'policy' | 'pomerium' | 'none' | 'envoy' | '307' | 'nobody';
  readonly route?: number | null;
  readonly path?: string;
  readonly iss?: string;
  readonly aud?: string;
  readonly upstream?: { readonly host: string; readonly path: string };
}

export interface RecordedConfiguration {
  readonly id: string;
  readonly title: string;
  readonly file?: { readonly name: string; readonly text: string };
  readonly env?: Record<string, string>;
  readonly ingress?: string;
  readonly refused?: { readonly by: string };
  readonly undecidable?: { readonly requests: readonly number[]; readonly why: string };
  readonly routes?: readonly {
    readonly list: string;
    readonly index?: number;
    readonly from: string;
    readonly end: string;
  }[];
  readonly requests?: readonly RecordedRequest[];
  readonly identities?: readonly string[];
  readonly claims?: readonly number[];
  readonly decisions?: string;
  readonly passes?: string;
  readonly documented?: string;
  readonly jwks?: object;
  readonly assertions?: readonly { readonly identity: number; readonly request: number; readonly assertion: string }[];
}

export const { validAt, listClaims } = vectors;
export const recorded = vectors.configs as unknown as readonly RecordedConfiguration[];
export const claimSets = vectors.claimSets as readonly Record<string, unknown>[];

/** The answer of the JWKS endpoint for most of the configurations. */
export const recordedKeys: unknown = vectors.jwks;

/** The configuration as Pomerium had it: the environment over the file. */
export function configurationOf({ file, env = {} }: RecordedConfiguration): Record<string, unknown> {
  const settings = Object.entries(env).map(([name, value]) => {
    const isList = name === 'POLICY' || name === 'ROUTES';
    return [name.toLowerCase(), isList ? parse(atob(value)) : value];
  });
  return { ...(file && parse(file.text)), ...Object.fromEntries(settings) };
}

/** What Pomerium's own code decided for an identity and a request; undefined where no policy was asked. */
export function decisionOf(
  { decisions = '', documented, requests = [] }: RecordedConfiguration,
  identity: number,
  request: number,
): boolean | undefined {
  const digit = (documented ?? decisions)[identity * requests.length + request];
  return digit === '-' ? undefined : digit === '1';
}

/** Whether it got through. For somebody the same; nobody is asked to sign in where a policy asks who it is. */
export function passed(
  { passes, decisions = '', requests = [] }: RecordedConfiguration,
  identity: number,
  request: number,
): boolean {
  return (passes ?? decisions)[identity * requests.length + request] === '1';
}
