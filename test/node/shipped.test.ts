import { readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import { type BillOfMaterials, shippedOnly } from '../../scripts/bill-of-materials.ts';
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
  const component = (ref: string, properties: { name: string; value: string }[] = []) => ({
    'bom-ref': ref,
    name: ref.split('@')[0] ?? '',
    properties,
  });
  const everything: BillOfMaterials = {
    serialNumber: 'urn:uuid:1',
    metadata: { timestamp: '2026-11-30T00:00:00Z', component: component('pomerium-edge@0.1.0') },
    components: [
      component('jose@6.0.0'),
      component('jose@5.0.0'),
      component('yaml@2.0.0', [{ name: 'cdx:npm:package:development', value: 'true' }]),
      component('vitest@5.0.0'),
    ],
    dependencies: [
      { ref: 'pomerium-edge@0.1.0', dependsOn: ['jose@6.0.0', 'yaml@2.0.0', 'vitest@5.0.0'] },
      { ref: 'yaml@2.0.0', dependsOn: ['vitest@5.0.0'] },
      { ref: 'vitest@5.0.0', dependsOn: [] },
    ],
  };
  const shipped = shippedOnly(everything, new Set(['jose@6.0.0']), new Set(['yaml@2.0.0']));

  test('names what is installed with the package and what is in its files, in these versions', () => {
    assert.deepEqual(
      shipped.components.map((one) => one['bom-ref']),
      ['jose@6.0.0', 'yaml@2.0.0'],
    );
    assert.deepEqual(shipped.dependencies, [
      { ref: 'pomerium-edge@0.1.0', dependsOn: ['jose@6.0.0', 'yaml@2.0.0'] },
      { ref: 'yaml@2.0.0', dependsOn: [] },
    ]);
  });

  test('says which are in files of the package', () => {
    assert.deepEqual(
      shipped.components.map(({ properties }) => properties),
      [[], [{ name: 'cdx:npm:package:bundled', value: 'true' }]],
    );
  });

  test('has the package’s own name, and neither a time nor a random number', () => {
    assert.deepEqual(Object.keys(shipped), ['metadata', 'components', 'dependencies']);
    assert.deepEqual(shipped.metadata, { component: component('pomerium-edge@0.1.0') });
  });
});
