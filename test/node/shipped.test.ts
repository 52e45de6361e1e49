import { readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import { billOfMaterials } from '../../scripts/bill-of-materials.ts';
import { licencesOf } from '../../scripts/bundled-packages.ts';
import { ROOT } from '../../scripts/run.ts';

describe('the command’s bundle', () => {
  test('has the licence text of each package that is in it beside it', () => {
    const code = readFileSync(`${ROOT}dist/cli/pomerium-edge.js`, 'utf8');
    const paths = code.matchAll(/^\s*\/\/ \S*node_modules\/((?:@[^/]+\/)?[^/]+)\//gm);
    const names = new Set(Array.from(paths, ([, name = '']) => name));
    assert.includeMembers([...names], ['commander', 'jose', 'yaml', '@peculiar/x509', '@inquirer/password']);
    const sections = readFileSync(`${ROOT}dist/cli/THIRD-PARTY-LICENSES`, 'utf8').split(`\n${'-'.repeat(80)}\n`);
    assert.sameMembers([...new Set(sections.map((section) => section.trim().split(' ')[0] ?? ''))], [...names]);
    for (const section of sections) assert.isAbove(section.length, 500, section);
  });

  test('is not made with a package that has no licence text', () => {
    const folder = `${ROOT}test/node`;
    assert.throws(() => licencesOf([{ name: 'x', version: '1.0.0', license: 'MIT', folder }]), /has no licence text/);
  });
});

describe('the bill of materials', () => {
  const one = (name: string, version: string) => ({ name, version, license: 'MIT', folder: `node_modules/${name}` });
  const bom = billOfMaterials({
    root: one('pomerium-edge', '0.1.0'),
    installed: [one('jose', '6.0.0')],
    bundled: [one('yaml', '2.0.0'), one('@inquirer/core', '1.0.0'), one('jose', '6.0.0'), one('yaml', '2.0.0')],
    integrityOf: (folder) => (folder.endsWith('/yaml') ? 'sha512-AAH/' : undefined),
  });

  test('names what is installed with the package and what is in its files, each once', () => {
    const refs = ['@inquirer/core@1.0.0', 'jose@6.0.0', 'yaml@2.0.0'];
    assert.deepEqual(
      bom.components.map((component) => component['bom-ref']),
      refs,
    );
    assert.deepEqual(bom.dependencies, [{ ref: 'pomerium-edge@0.1.0', dependsOn: refs }]);
  });

  test('has of each its package URL, its licence, its hash and whether it is in a file', () => {
    assert.deepInclude(bom.components[2], {
      purl: 'pkg:npm/yaml@2.0.0',
      licenses: [{ expression: 'MIT' }],
      hashes: [{ alg: 'SHA-512', content: '0001ff' }],
      properties: [{ name: 'cdx:npm:package:bundled', value: 'true' }],
    });
    assert.equal(bom.components[0]?.purl, 'pkg:npm/%40inquirer/core@1.0.0');
  });

  test('has neither a time nor a random number', () => {
    assert.notProperty(bom, 'serialNumber');
    assert.notProperty(bom.metadata, 'timestamp');
  });
});

test('no peer is taken in a major version that nobody has tried', () => {
  const { peerDependencies } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const ranges = Object.entries<string>(peerDependencies).flatMap(([name, range]) =>
    range.split('||').map((one) => [name, one.trim()] as const),
  );
  assert.isAbove(ranges.length, 4);
  for (const [name, range] of ranges) assert.match(range, /^\^\d|<\d+$/, name);
});
