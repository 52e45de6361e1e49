import { PomeriumError } from '../../core/adapter.ts';

/** Throws what makes Next.js answer 401 or 403, or the error itself: where that is off, and where it is no refusal. */
export async function refuse(error: unknown): Promise<never> {
  const status = error instanceof PomeriumError ? error.status : undefined;
  if (status === 401 || status === 403) {
    const navigation = await importNavigation();
    interrupt(status === 401 ? navigation?.unauthorized : navigation?.forbidden);
  }
  throw error;
}

/**
 * When it is needed, and by the name that only the bundler of the App Router finds. Undefined where this package is not bundled
 * (`serverExternalPackages`, the Pages Router, tests): under the file's name Node.js would find it, but not what the build
 * writes into it, whether `experimental.authInterrupts` is on.
 */
async function importNavigation() {
  try {
    return await import('next/navigation');
  } catch {
    return undefined;
  }
}

/** What Next.js throws to interrupt has a digest; without `experimental.authInterrupts` it throws a plain error, saying so. */
function interrupt(throwInterrupt: (() => never) | undefined): void {
  try {
    throwInterrupt?.();
  } catch (thrown) {
    if (thrown instanceof Error && 'digest' in thrown) throw thrown;
  }
}
