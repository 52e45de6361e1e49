// In place of `rapid-client.node`, the native part of AWS's runtime interface client, which takes a C++ compiler to build. All
// else of aws-lambda-ric is AWS's own JavaScript. Preloaded with --require. Like the native part it keeps the process only while it
// asks for the next event, and loads no fetch. The test's runtime API may turn the clock, as a thaw does, and is told how long init
// and each event took.
const { Agent, request } = require('node:http');
const { registerHooks } = require('node:module');
const { pathToFileURL } = require('node:url');

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === './rapid-client.node'
      ? { url: pathToFileURL(__filename).href, format: 'commonjs', shortCircuit: true }
      : nextResolve(specifier, context),
});

const now = Date.now;
let offset = 0;
Date.now = () => now() + offset;

const agent = new Agent({ keepAlive: true });
let sent = Promise.resolve();
/** Milliseconds from the start of the process until it first asks for an event. */
let init;
const receivedAt = new Map();

function send(method, path, body, headers) {
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
  return new Promise((resolve, reject) => {
    const options = { agent, host, port, method, headers, path: `/2018-06-01/runtime/${path}` };
    const outgoing = request(options, async (response) => {
      resolve({ headers: response.headers, bodyJson: Buffer.concat(await response.toArray()).toString() });
    });
    outgoing.on('error', reject).end(body);
  });
}

function post(id, kind, body, headers) {
  const duration = performance.now() - receivedAt.get(id);
  receivedAt.delete(id);
  const times = { 'x-test-init': init, 'x-test-duration': duration };
  // The native part answers before it asks again, too.
  sent = sent.then(() => send('POST', `invocation/${id}/${kind}`, body, { ...headers, ...times }));
}

exports.next = async () => {
  if (init === undefined) {
    init = performance.now();
    // What the native part does is no JavaScript that the first event finds cold.
    await send('POST', 'ping', '{}');
  }
  await sent;
  const { headers, bodyJson } = await send('GET', 'invocation/next');
  offset = Number(headers['x-test-clock-offset']);
  receivedAt.set(headers['lambda-runtime-aws-request-id'], performance.now());
  return { headers, bodyJson };
};
exports.done = (id, body) => post(id, 'response', body);
exports.error = (id, body, cause) => post(id, 'error', body, { 'lambda-runtime-function-xray-error-cause': cause });
