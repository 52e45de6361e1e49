import { readFileSync } from 'node:fs';
import { unreleasable } from './releasable.ts';
import { ROOT, UserError } from './run.ts';

/** Refuses a release that is not ready; run by `.github/workflows/release.yml` for a tag, and by hand with `--tag v1.2.3`. */
const named = process.argv.indexOf('--tag');
const tag = named < 0 ? process.env['GITHUB_REF_NAME'] : process.argv[named + 1];
const read = (path: string) => readFileSync(ROOT + path, 'utf8');
const reasons = unreleasable({
  tag,
  manifest: JSON.parse(read('package.json')),
  changelog: read('CHANGELOG.md'),
  security: read('SECURITY.md'),
});
if (reasons.length > 0) throw new UserError(`Not ready for a release:\n${reasons.map((one) => `- ${one}`).join('\n')}`);
console.log(`Ready for the release of ${tag}.`);
