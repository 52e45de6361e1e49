import { copyFileSync, mkdirSync } from 'node:fs';
import { must, ROOT, tool } from './run.ts';

/** The pictures of the documentation, as the tests see the page. */
await must(tool('vitest'), ['run', '--project', 'e2e', 'test/e2e/dev.test.ts']);
mkdirSync(`${ROOT}docs/images`, { recursive: true });
copyFileSync(`${ROOT}test/e2e/.screenshots/dev.png`, `${ROOT}docs/images/dev.png`);
