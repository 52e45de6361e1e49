import 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The base URL of the scripted origin. */
    origin: string;
  }
}
