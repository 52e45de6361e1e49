import { readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import { type Release, unreleasable } from '../../scripts/releasable.ts';

const READY: Release = {
  tag: 'v1.2.3',
  manifest: { version: '1.2.3', repository: 'x', homepage: 'x', bugs: 'x', author: 'x' },
  changelog: '# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2026-11-30\n\n### Added\n\n- Something\n',
  security: 'Write to security@example.com.',
};

describe('a release', () => {
  test('is published where nothing stands against it', () => {
    assert.deepEqual(unreleasable(READY), []);
  });

  const refused: Record<string, [Partial<Release>, string]> = {
    'a tag of another version': [{ tag: 'v1.2.4' }, 'the tag is v1.2.4, and package.json has 1.2.3: tag v1.2.3'],
    'no tag': [{ tag: undefined }, 'the tag is not named, and package.json has 1.2.3: tag v1.2.3'],
    'a package that nobody can trace': [
      { manifest: { version: '1.2.3', homepage: 'x', bugs: 'x' } },
      'package.json lacks repository, author',
    ],
    'a version without a date': [
      { changelog: '## Unreleased\n\n## 1.2.3\n' },
      'CHANGELOG.md has no heading "## 1.2.3 - YYYY-MM-DD"',
    ],
    'entries that are of no version yet': [
      { changelog: '## Unreleased\n\n### Fixed\n\n- Something\n\n## 1.2.3 - 2026-11-30\n' },
      'CHANGELOG.md has entries below "Unreleased": move them below the version',
    ],
    'a placeholder': [{ security: 'Write to <SECURITY CONTACT>.' }, 'SECURITY.md still has <SECURITY CONTACT>'],
  };
  for (const [name, [change, reason]] of Object.entries(refused)) {
    test(`is refused with ${name}`, () => {
      assert.deepEqual(unreleasable({ ...READY, ...change }), [reason]);
    });
  }

  test('of this repository is refused until somebody owns it', () => {
    const security = readFileSync('SECURITY.md', 'utf8');
    assert.deepEqual(unreleasable({ ...READY, security }), ['SECURITY.md still has <SECURITY CONTACT>']);
  });
});

test('CHANGELOG.md has the headings of Keep a Changelog, each kind once', () => {
  const [first, ...rest] = readFileSync('CHANGELOG.md', 'utf8')
    .split('\n')
    .filter((line) => /^##+ /.test(line));
  assert.equal(first, '## Unreleased');
  for (const heading of rest) {
    assert.match(
      heading,
      /^## \d+\.\d+\.\d+( - \d{4}-\d\d-\d\d)?$|^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/,
    );
  }
  const sections = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m).slice(1);
  for (const section of sections) {
    const names = section.match(/^### .*$/gm) ?? [];
    assert.equal(new Set(names).size, names.length, `each kind once: ${names}`);
    assert.notMatch(section.split(/^### /m)[0] ?? '', /^- /m, 'no entry outside of a kind');
  }
});
