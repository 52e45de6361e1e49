const { execFileSync } = require('node:child_process');

/** Builds what serverless.yml packages, so that "osls deploy" is all it takes. */
module.exports = class ServerlessBuild {
  constructor() {
    const build = () => execFileSync('npm', ['run', 'build', '--silent'], { cwd: `${__dirname}/..`, stdio: 'inherit' });
    this.hooks = { 'before:package:createDeploymentArtifacts': build, 'before:offline:start:init': build };
  }
};
