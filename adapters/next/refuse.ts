import { PomeriumError } from '../../core/adapter.ts';

/** Throws what makes Next.js answer 401 or 403, or the error itself: where that is off, and where it is no refusal. */
export async function refuse(error: unknown): Promise<never> {
  const status = error instanceof PomeriumError ? error.status : undefined;
  if (status === 401 || status === 403) {
    // When it is needed: only the bundler of the App Router finds it by this name, and by that of the file another one.
    const { forbidden, unauthorized } = await import('next/navigation');
    interrupt(status === 401 ? unauthorized : forbidden);
  }
  throw error;
}

/** What Next.js throws to interrupt has a digest; without `experimental.authInterrupts` it throws a plain error, saying so. */
function interrupt(throwInterrupt: () => never): void {
  try {
    throwInterrupt();
  } catch (thrown) {
    if (thrown instanceof Error && 'digest' in thrown) throw thrown;
  }
}
