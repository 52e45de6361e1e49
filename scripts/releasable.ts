/** What a release is judged by. `tag`: of Git, undefined where none is named. */
export interface Release {
  readonly tag: string | undefined;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The texts of CHANGELOG.md and SECURITY.md. */
  readonly changelog: string;
  readonly security: string;
}

/** What a registry shows of a package, and provenance needs: npm compares `repository` with where the workflow ran. */
const SHOWN = ['repository', 'homepage', 'bugs', 'author'];

/** Why this must not be published; empty where nothing stands against it. */
export function unreleasable({ tag, manifest, changelog, security }: Release): string[] {
  const version = String(manifest['version']);
  const missing = SHOWN.filter((field) => manifest[field] === undefined);
  return [
    tag === `v${version}` ? '' : `the tag is ${tag ?? 'not named'}, and package.json has ${version}: tag v${version}`,
    missing.length === 0 ? '' : `package.json lacks ${missing.join(', ')}`,
    isDated(changelog, version) ? '' : `CHANGELOG.md has no heading "## ${version} - YYYY-MM-DD"`,
    hasEntries(changelog) ? 'CHANGELOG.md has entries below "Unreleased": move them below the version' : '',
    ...(security.match(/<[A-Z][A-Z -]+>/g) ?? []).map((one) => `SECURITY.md still has ${one}`),
  ].filter((reason) => reason !== '');
}

function isDated(changelog: string, version: string): boolean {
  return changelog.split('\n').some((line) => {
    const [name, date = ''] = line.split(' - ');
    return name === `## ${version}` && /^\d{4}-\d\d-\d\d$/.test(date);
  });
}

function hasEntries(changelog: string): boolean {
  const unreleased = changelog.split(/^## /m).find((part) => part.startsWith('Unreleased'));
  return /^- /m.test(unreleased ?? '');
}
