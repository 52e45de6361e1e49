import { configurationError } from '../../core/adapter.ts';
import type { SsmStore } from './ssm-store.ts';
import { parseStoredEntry } from './stored-entry.ts';

/**
 * Puts a key set into the parameter. One that holds the keys of another JWKS URL is left alone: two refreshers that write it in
 * turn would take the keys from each other's authorizers.
 *
 * @throws {PomeriumError} `invalid_configuration`; and what the SDK throws
 */
export async function writeParameter(
  parameter: SsmStore,
  { key, value }: { readonly key: string; readonly value: string },
): Promise<void> {
  const stored = parseStoredEntry(await parameter.getItem(key));
  const url = parseStoredEntry(value)?.url;
  if (stored && stored.url !== url) {
    const name = parameter.parameter;
    throw configurationError(
      `the SSM parameter ${name} holds the keys of ${stored.url}, not of ${url}. Give each JWKS URL a parameter of its own in POMERIUM_JWKS_SSM; or, where the new URL replaces the old one, delete the parameter once: aws ssm delete-parameter --name ${name}.`,
    );
  }
  await parameter.setItem(key, value);
}
