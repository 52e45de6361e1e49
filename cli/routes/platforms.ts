import { quoteDotenv, quoteServerless, quoteShell, quoteToml } from './quoting.ts';

export type Variables = readonly (readonly [name: string, value: string])[];

/** How settings are written for a platform, and what it can hold. */
export interface Platform {
  lines(variables: Variables): string[];
  /** Where more than this does not fit, in bytes: of one variable, or of all together with their names. */
  readonly limit?: { readonly bytes: number; readonly of: 'one' | 'all'; readonly what: string };
  /** Whether what is over the limit cannot work at all; else it is only said. */
  readonly isHardLimit?: boolean;
  /** How the routes are passed in code. */
  code?(options: string): string[];
}

/** How routes that were printed as JSON come into a program. */
function codeWith(imports: string, from: string, statement: (routes: string) => string) {
  return (options: string): string[] => [
    "import { compileRoutes } from 'pomerium-edge';",
    `import { ${imports} } from '${from}';`,
    "import configuration from './routes.json' with { type: 'json' };",
    '',
    statement(`compileRoutes(configuration${options})`),
  ];
}

const dotenv = (variables: Variables) => variables.map(([name, value]) => `${name}=${quoteDotenv(value)}`);
const under = (indent: string, variables: Variables) =>
  variables.map(([name, value]) => `${indent}${name}: ${quoteServerless(value)}`);

const EDGE_LIMIT = { bytes: 5000, of: 'one', what: 'one variable of the Edge runtime holds 5 KB' } as const;

export const PLATFORMS: Readonly<Record<string, Platform>> = {
  cloudflare: {
    lines: (variables) => [
      '# wrangler.toml',
      '[vars]',
      ...variables.map(([name, value]) => `${name} = ${quoteToml(value)}`),
      '',
      '# .dev.vars, for wrangler dev',
      ...dotenv(variables),
    ],
    limit: { bytes: 5000, of: 'one', what: 'one variable of a Worker holds 5 KB' },
    isHardLimit: true,
    code: codeWith(
      'withPomerium',
      'pomerium-edge/cloudflare',
      (routes) => `export default withPomerium(handler, { routes: ${routes} });`,
    ),
  },
  aws: {
    lines: (variables) => [
      '# serverless.yml, of provider or of a function',
      'environment:',
      ...under('  ', variables),
      '',
      '# SAM, in Properties of a function',
      'Environment:',
      '  Variables:',
      ...under('    ', variables),
    ],
    limit: { bytes: 4096, of: 'all', what: 'all variables of a function together hold 4 KB' },
    isHardLimit: true,
    code: codeWith(
      'createAuthorizer',
      'pomerium-edge/aws-lambda',
      (routes) => `export const handler = createAuthorizer({ routes: ${routes} });`,
    ),
  },
  vercel: {
    lines: (variables) =>
      variables.map(([name, value]) => `printf %s ${quoteShell(value)} | vercel env add ${name} production`),
    limit: EDGE_LIMIT,
    code: codeWith(
      'createMiddleware',
      'pomerium-edge/vercel',
      (routes) => `export default createMiddleware({ routes: ${routes} });`,
    ),
  },
  next: {
    lines: (variables) => ['# .env.local, and the same variables where the app is deployed', ...dotenv(variables)],
    limit: EDGE_LIMIT,
    code: codeWith(
      'createProxy',
      'pomerium-edge/next',
      (routes) => `export const proxy = createProxy({ routes: ${routes} });`,
    ),
  },
  node: { lines: (variables) => ['# .env, for node --env-file=.env', ...dotenv(variables)] },
  env: { lines: (variables) => variables.map(([name, value]) => `export ${name}=${quoteShell(value)}`) },
};
