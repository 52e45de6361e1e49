import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, assert, beforeAll, describe, test } from 'vitest';
import { must, ROOT } from '../../../scripts/run.ts';
import { startSsm } from '../../adapters/aws-lambda/ssm-server.ts';
import { jwks, makeKey } from '../../support/issuer.ts';
import { assertDocumentedSize } from './documented-sizes.ts';
import { AUDIENCE, assertAnswers, startLambdaProcesses } from './lambda-process.ts';

const ZIP = `${ROOT}dist/pomerium-authorizer.zip`;

async function pack(env: Record<string, string>): Promise<Buffer> {
  await must(process.execPath, [`${ROOT}scripts/package-lambda.ts`], { capture: true, env });
  return readFileSync(ZIP);
}

describe('the ready zip', () => {
  let zip: Buffer;
  let folder: string;
  let processes: Awaited<ReturnType<typeof startLambdaProcesses>>;
  beforeAll(async () => {
    processes = await startLambdaProcesses();
    zip = await pack({ TZ: 'Asia/Tokyo' });
    folder = processes.emptyFolder();
    for (const [name, bytes] of Object.entries(unzipSync(zip))) writeFileSync(join(folder, name), bytes);
  });
  afterAll(() => processes.close());

  test('has the same bytes whenever and wherever it is made, and a checksum of them', async () => {
    assert.isTrue(zip.equals(await pack({ TZ: 'America/Lima' })));
    const checksum = createHash('sha256').update(zip).digest('hex');
    assert.equal(readFileSync(`${ZIP}.sha256`, 'utf8'), `${checksum}  pomerium-authorizer.zip\n`);
  });

  test('has two functions, readable for everybody, the licences of all that is in them, and is small', () => {
    const names = ['LICENSE', 'THIRD-PARTY-LICENSES', 'authorizer.mjs', 'refresher.mjs'];
    assert.deepEqual(Object.keys(unzipSync(zip)), names);
    const licences = readFileSync(join(folder, 'THIRD-PARTY-LICENSES'), 'utf8');
    assert.match(licences, /^jose \d.*\(MIT\)\n\n.*MIT/m);
    assert.match(licences, /^@aws-lambda-powertools\/logger \d.*\(MIT-0\)$/m);
    console.info(`the zip: ${zip.length} bytes`);
    assert.isBelow(zip.length, 160_000);
    const unzipped = Object.values(unzipSync(zip)).reduce((sum, { length }) => sum + length, 0);
    assertDocumentedSize('[the ready zip]', unzipped, zip.length);
  });

  test('answers, with nothing beside it', async () => {
    assertAnswers(await processes.answersOf(join(folder, 'authorizer.mjs'), { POMERIUM_AUDIENCE: AUDIENCE }));
  });

  test('its refresher keeps the parameter that its authorizer reads, with the SDK of the runtime', async () => {
    const ssm = await startSsm();
    const env = {
      ...ssm.variables,
      POMERIUM_AUDIENCE: AUDIENCE,
      POMERIUM_JWKS_SSM: '/pomerium-edge/jwks',
      NODE_PATH: `${ROOT}node_modules`,
    };
    await processes.answersOf(join(folder, 'refresher.mjs'), env);
    assert.include(ssm.calls, 'PutParameter');
    const storeOnly = { ...env, POMERIUM_FETCH_KEYS: 'false' };
    assertAnswers(await processes.answersOf(join(folder, 'authorizer.mjs'), storeOnly));
    await ssm.close();
  });

  test('reads every variable that the docs name for a gate and for Lambda', async () => {
    const mistakes = `${folder}/mistakes.mjs`;
    writeFileSync(mistakes, READ_MISTAKES);
    const documented = ['gate', 'aws-lambda'].flatMap((page) => variablesOf(`${ROOT}docs/${page}.md`));
    assert.includeMembers(documented, ['POMERIUM_AUDIENCE', 'POMERIUM_FETCH_KEYS', 'POMERIUM_ALLOW_BEARER']);
    const env = { POMERIUM_AUDIENCE: AUDIENCE, POMERIUM_JWKS: JSON.stringify(jwks(await makeKey())) };
    const output = await must(process.execPath, [mistakes, ...documented], { capture: true, env });
    assert.sameMembers(output.match(/POMERIUM_\w+/g) ?? [], TAKE_ANY_TEXT);
  });
});

/** The variables of the tables of a page. */
function variablesOf(path: string): string[] {
  const rows = readFileSync(path, 'utf8').match(/^\|.*\|$/gm) ?? [];
  return rows.flatMap((row) => row.split('|')[2]?.match(/POMERIUM_\w+/g) ?? []);
}

/** Prints the variables with which the authorizer starts though what they say is nothing. */
const READ_MISTAKES = `
for (const name of process.argv.slice(2)) {
  const before = process.env[name];
  process.env[name] = 'https://][';
  await import('./authorizer.mjs?' + name).then(() => process.stdout.write(name + ' '), () => {});
  if (before === undefined) delete process.env[name];
  else process.env[name] = before;
}`;

/** Names of claims, of a parameter and of an issuer. */
const TAKE_ANY_TEXT = ['POMERIUM_LIST_CLAIMS', 'POMERIUM_JWKS_SSM', 'POMERIUM_ISSUER'];
