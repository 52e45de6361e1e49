import { configurationError } from './errors.ts';

/** Not in Workers with a compatibility date before 2022-10-31: they take this for a URL of b. */
const IS_STANDARD = new URL('https://a\\@b').hostname === 'a';

/**
 * Ensures that `URL` reads URLs as everybody else does.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function requireStandardUrl(): void {
  if (IS_STANDARD && typeof URL.canParse === 'function') return;
  throw configurationError(
    'URL does not follow its standard here; set compatibility_date to 2022-10-31 or later, or the flag url_standard.',
  );
}

/** The URL; undefined where the text is none. */
export function parseUrl(text: string, base?: string): URL | undefined {
  requireStandardUrl();
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}
