import { configurationError } from './errors.ts';

/**
 * Ensures that `URL` reads URLs as everybody else does. That of Workers with a compatibility date before 2022-10-31 takes
 * `https://good.test\@evil.test` for a URL of evil.test, and has no `URL.canParse`.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function requireStandardUrl(): void {
  if (typeof URL.canParse === 'function') return;
  throw configurationError(
    'URL does not follow its standard here; set compatibility_date to 2022-10-31 or later, or the flag url_standard.',
  );
}

/** The URL; undefined where the text is none. */
export function parseUrl(text: string, base?: string): URL | undefined {
  requireStandardUrl();
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}
