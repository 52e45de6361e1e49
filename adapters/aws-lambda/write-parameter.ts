import { configurationError, type JwksStore } from '../../core/adapter.ts';
import { parseStoredEntry } from './stored-entry.ts';

/**
 * Puts a key set into the parameter. One that holds the keys of another JWKS URL is left alone: two refreshers that write it in
 * turn would take the keys from each other's authorizers.
 *
 * @throws {PomeriumError} `invalid_configuration`; and what the SDK throws
 */
export async function writeParameter(
  { name, store }: { readonly name: string; readonly store: JwksStore },
  { key, value }: { readonly key: string; readonly value: string },
): Promise<void> {
  const stored = parseStoredEntry(await store.getItem(key));
  const url = parseStoredEntry(value)?.url;
  if (stored && stored.url !== url) {
    throw configurationError(
      `the SSM parameter ${name} holds the keys of ${stored.url}, not of ${url}. Give each JWKS URL a parameter of its own in POMERIUM_JWKS_SSM; or, where the new URL replaces the old one, delete the parameter once: aws ssm delete-parameter --name ${name}.`,
    );
  }
  await store.setItem(key, value);
}
