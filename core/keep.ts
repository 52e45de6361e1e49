import { isPlainObject } from './json.ts';
import { numberOf, RecentlyUsed } from './recently-used.ts';

/** More configurations than an app has: options that are new with each request must not fill memory. */
const MAX_KEPT = 64;

/** Options that are handed over anew with each request, too, and that say nothing about who may pass. */
const WITHOUT_CONTENT = ['store', 'upstream'];

/**
 * What an adapter makes once for each configuration: a gate, a verifier. Configurations are told apart by content, because a
 * wrapper (Sentry, OpenTelemetry, Cloudflare Pages) hands over a new environment with each request, and an options function
 * makes new options. Functions, stores and bindings are not compared: the first ones stay. Key sources, compiled policies,
 * compiled routes and other objects of a class are equal only to themselves.
 */
export class KeptByContent<Made> {
  readonly #kept = new RecentlyUsed<Made>(MAX_KEPT);
  readonly #environments = new WeakMap<object, string>();

  /**
   * What was made for this content, or else what `make` makes, unless it throws.
   * `options`: undefined where they are the same in every call.
   */
  get(environment: unknown, options: object | undefined, make: () => Made): Made {
    const name = this.#contentOfEnvironment(environment) + (options ? contentOfOptions(options) : '');
    return this.#kept.get(name, make);
  }

  #contentOfEnvironment(environment: unknown): string {
    if (typeof environment !== 'object' || environment === null) return '';
    const known = this.#environments.get(environment);
    if (known !== undefined) return known;
    // The values of our variables, and the names of all: a misspelt one of ours is refused.
    const ours = Object.entries(environment).filter(([name]) => /^pomerium/i.test(name));
    const names = Object.keys(environment);
    const content = contentOf([names, Object.fromEntries(ours)], () => 'binding');
    this.#environments.set(environment, content);
    return content;
  }
}

function contentOfOptions(options: object): string {
  const compared = Object.entries(options).filter(
    ([name, value]) => !(WITHOUT_CONTENT.includes(name) && typeof value === 'object'),
  );
  return contentOf(Object.fromEntries(compared), (value) => `object ${numberOf(value)}`);
}

/** Not by `JSON.stringify`: on a service binding `toJSON` is a remote method, which it would call. */
function contentOf(value: unknown, nameOf: (value: object) => string): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map((one) => contentOf(one, nameOf)).join()}]`;
  if (!isData(value)) return nameOf(value);
  const members = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}:${contentOf(one, nameOf)}`);
  return `{${members.join()}}`;
}

/** Whether it is a plain object, and no key source, compiled policy or compiled routes. */
function isData(value: object): boolean {
  return isPlainObject(value) && ['find', 'decide', 'check'].every((name) => typeof value[name] !== 'function');
}
