import './typecheck.ts';
import { apiReports, committedReports, staleReports } from './api-reports.ts';
import { must, tool, UserError } from './run.ts';
import { typedoc } from './typedoc.ts';

/** The package as its users will meet it: how it resolves, its public types, and what their comments say. */
await must(tool('publint'), ['--strict']);
await must(tool('attw'), ['--pack', '.', '--profile', 'esm-only']);
await typedoc(['--emit', 'none']);

const stale = staleReports(committedReports(), apiReports());
if (stale.length > 0) {
  const reports = stale.map((name) => `api/${name}.api.md`).join(', ');
  throw new UserError(`The public types differ from ${reports}: run "npm run api", and commit what changed.`);
}
