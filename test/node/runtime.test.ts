import { afterEach, assert, describe, test } from 'vitest';

type Globals = Partial<Record<'navigator' | 'WebSocketPair' | 'EdgeRuntime' | 'process', unknown>>;

const NAMES = ['navigator', 'WebSocketPair', 'EdgeRuntime', 'process'] as const;
const originals = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);

afterEach(() => {
  for (const [name, original] of originals) {
    if (original) Object.defineProperty(globalThis, name, original);
    else Reflect.deleteProperty(globalThis, name);
  }
});

let copies = 0;

/** What core/runtime.ts finds where the globals are these; `process` as here, where it is not named. */
async function runtimeWith(globals: Globals): Promise<typeof import('../../core/runtime.ts')> {
  copies += 1;
  const copy = `../../core/runtime.ts?copy=${copies}`;
  const { process } = globalThis;
  for (const name of NAMES) Reflect.deleteProperty(globalThis, name);
  for (const [name, value] of Object.entries({ process, ...globals })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return import(copy);
}

describe('a runtime is told by its globals:', () => {
  class Imitation {}
  const cases: [name: string, globals: Globals, isWorkerd: boolean, sharesPromises: boolean][] = [
    ['Node.js', { navigator: { userAgent: 'Node.js/24' } }, false, true],
    ['Node.js without navigator', {}, false, true],
    ['workerd', { navigator: { userAgent: 'Cloudflare-Workers' }, process: undefined }, true, false],
    ['workerd with nodejs_compat', { navigator: { userAgent: 'Cloudflare-Workers' } }, true, false],
    // Any function of the engine's own does.
    ['workerd before it had navigator', { WebSocketPair: Map }, true, false],
    ['Node.js with an imitation of WebSocketPair', { WebSocketPair: Imitation }, false, true],
    ['an Edge runtime', { EdgeRuntime: 'edge-runtime' }, false, false],
    ['an Edge runtime with an empty name', { EdgeRuntime: '' }, false, false],
    ['none of these', { process: undefined }, false, false],
    ['a browser with a process that a bundler wrote', { process: { env: {} } }, false, false],
    ['one with versions, too', { process: { env: {}, versions: {} } }, false, false],
  ];
  for (const [name, globals, isWorkerd, sharesPromises] of cases) {
    test(name, async () => {
      const { IS_WORKERD, SHARES_PROMISES, HEADERS_TAKE_TEXT } = await runtimeWith(globals);
      assert.deepEqual([IS_WORKERD, HEADERS_TAKE_TEXT, SHARES_PROMISES], [isWorkerd, isWorkerd, sharesPromises]);
    });
  }
});
