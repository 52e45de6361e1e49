const { execFileSync } = require('node:child_process');

/** Builds what serverless.yml packages, so that "osls deploy" is all it takes. */
module.exports = class ServerlessBuild {
  constructor(serverless) {
    const build = () => execFileSync('npm', ['run', 'build', '--silent'], { cwd: `${__dirname}/..`, stdio: 'inherit' });
    this.hooks = {
      initialize: () => leaveOutUnset(serverless.service),
      'before:package:createDeploymentArtifacts': build,
      'before:offline:start:init': build,
    };
  }
};

/** osls leaves out a variable that is null; serverless-offline would hand it over as the text "null". */
function leaveOutUnset({ functions }) {
  for (const { environment = {} } of Object.values(functions)) {
    for (const [name, value] of Object.entries(environment)) if (value === null) delete environment[name];
  }
}
