import dns from 'node:dns';
import { createAuthorizer } from '../../../../adapters/aws-lambda/index.ts';

/** A function that starts, tells when it was ready and what it answers to an event, and has nothing else open. */
if (process.env['TEST_DNS'] === 'fails') {
  const fail = (_host: string, _options: object, callback: (error: Error) => void) =>
    process.nextTick(callback, Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
  Object.assign(dns, { lookup: fail });
}

const startedAt = performance.now();
const handler = createAuthorizer();
await handler.ready;
const milliseconds = performance.now() - startedAt;
const event = process.env['TEST_EVENT'];
console.log(JSON.stringify({ milliseconds, answer: event && (await handler(JSON.parse(event))) }));
