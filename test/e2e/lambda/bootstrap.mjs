// A runtime client as AWS documents custom runtimes ("Building a custom runtime for AWS Lambda"): initialises the module, then
// asks for one event after another. The test's runtime API may turn the clock, as a thaw does. It uses node:http, since
// AWS's own client is native code and does not load fetch into the function's process, either.
import { request } from 'node:http';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const [file] = process.argv.slice(2);
const now = Date.now;
let offset = 0;
Date.now = () => now() + offset;

function send(method, path, body) {
  return new Promise((resolve, reject) => {
    const options = { host, port, method, path: `/2018-06-01/runtime${path}` };
    const outgoing = request(options, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ headers: response.headers, text });
    });
    outgoing.on('error', reject).end(body && JSON.stringify(body));
  });
}

let handler;
try {
  ({ handler } = await import(file));
} catch (error) {
  await send('POST', '/init/error', { errorMessage: String(error) });
  process.exit(1);
}
for (;;) {
  const { headers, text } = await send('GET', '/invocation/next');
  const id = headers['lambda-runtime-aws-request-id'];
  offset = Number(headers['x-test-clock-offset']);
  try {
    await send('POST', `/invocation/${id}/response`, await handler(JSON.parse(text), { awsRequestId: id }));
  } catch (error) {
    await send('POST', `/invocation/${id}/error`, { errorMessage: error.message, errorType: error.name });
  }
}
