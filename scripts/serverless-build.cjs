const { execFileSync, spawnSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');

const ROOT = `${__dirname}/..`;

/** Builds what serverless.yml packages, and has it read its variables, so that "osls deploy" is all it takes. */
module.exports = class ServerlessBuild {
  constructor(serverless) {
    const build = () => {
      execFileSync('npm', ['run', 'build', '--silent'], { cwd: ROOT, stdio: 'inherit' });
      const mistake = findMistake(serverless.service);
      if (mistake) throw new serverless.classes.Error(mistake);
    };
    this.hooks = {
      initialize: () => leaveOutUnset(serverless.service),
      'before:package:createDeploymentArtifacts': build,
      // Of "osls deploy function".
      'before:package:function:package': build,
      'before:offline:start:init': build,
      'before:invoke:local:invoke': () => {
        build();
        writeEntries(serverless.service);
      },
    };
  }
};

/** osls leaves out a variable that is null; serverless-offline would hand it over as the text "null". */
function leaveOutUnset({ functions }) {
  for (const { environment = {} } of Object.values(functions)) {
    for (const [name, value] of Object.entries(environment)) if (value === null) delete environment[name];
  }
}

/** What each function of ours calls while it starts. */
const CREATE = {
  'dist/lambda/authorizer.handler': 'createAuthorizer',
  'dist/lambda/refresher.handler': 'createRefresher',
};

/** What a function would throw while it starts: every request would be answered with 500. */
function findMistake({ functions, provider }) {
  for (const [name, { handler, environment }] of Object.entries(functions)) {
    const variables = Object.entries({ ...provider.environment, ...environment });
    // CloudFormation alone knows what a reference stands for.
    const isKnown = variables.every(([, value]) => typeof value !== 'object');
    const create = CREATE[handler];
    const message = create && isKnown ? errorOf(create, Object.fromEntries(variables)) : undefined;
    if (message) return `The function ${name} cannot start: ${message}`;
  }
}

/** Ended at once: the keys are not asked for. */
function errorOf(create, variables) {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('POMERIUM_'));
  const script = `
    import { ${create} } from 'pomerium-edge/aws-lambda';
    try { ${create}(); } catch (error) { console.error(error.message); process.exit(1); }
    process.exit(0);`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    env: { ...Object.fromEntries(others), ...variables },
    encoding: 'utf8',
  });
  return status === 0 ? undefined : stderr.trim();
}

/** "osls invoke local" knows of .js and .cjs only. */
function writeEntries({ functions }) {
  for (const file of new Set(Object.values(functions).map(({ handler }) => handler.replace(/\.handler$/, '')))) {
    const module = `./${file.split('/').at(-1)}.mjs`;
    const text = `exports.handler = async (...args) => (await import('${module}')).handler(...args);\n`;
    writeFileSync(`${ROOT}/${file}.cjs`, text);
  }
}
