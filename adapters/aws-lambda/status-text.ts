/**
 * The words of a status. Not by an `import` of `node:http`, which makes Node.js load all of undici, for 40 ms of each cold start;
 * `getBuiltinModule` came with Node.js 20.16.
 */
export function statusText(status: number): string {
  return process.getBuiltinModule?.('node:http').STATUS_CODES[status] ?? 'Refused';
}
