import { isPlainObject, type JsonObject } from './json.ts';
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
  readonly #kept: RecentlyUsed<Made>;
  readonly #environments = new WeakMap<object, string>();
  /** Most requests come with the same environment and the same options: no long text is put together for these. */
  #latest: { readonly environment: unknown; readonly content: string | undefined; readonly made: Made } | undefined;

  /** `sharedWith`: both keep in one place what they make. Each reads an environment for itself, once, at its first call. */
  constructor(sharedWith?: KeptByContent<Made>) {
    this.#kept = sharedWith ? sharedWith.#kept : new RecentlyUsed(MAX_KEPT);
  }

  /**
   * What was made for this content, or else what `make` makes, unless it throws.
   * `options`: undefined where they are the same in every call; or their content, from `contentOfFixed`.
   */
  get(environment: unknown, options: object | string | undefined, make: () => Made): Made {
    const content = typeof options === 'object' ? contentOfOptions(options) : options;
    const latest = this.#latest;
    if (latest && latest.environment === environment && latest.content === content) return latest.made;
    const made = this.#kept.get(`${this.#contentOfEnvironment(environment)}${content}`, make);
    this.#latest = { environment, content, made };
    return made;
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
  return contentOf(Object.fromEntries(compared), (value) => (typeof value === 'function' ? 'function' : nameOf(value)));
}

/**
 * The content of options that are written down once, and not made with each request: functions and stores, too, are equal
 * only to themselves.
 */
export function contentOfFixed(options: object): string {
  return contentOf(options, nameOf);
}

/** The same data as an object of its own, which nobody changes later. What is not data is the very same. */
export function copyOfData<Value>(value: Value): Value;
export function copyOfData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => copyOfData(one));
  if (!isData(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copyOfData(one)]));
}

/** The name of what is equal only to itself. */
function nameOf(value: object): string {
  return `object ${numberOf(value)}`;
}

/**
 * Not by `JSON.stringify`: on a service binding `toJSON` is a remote method, which it would call.
 * `describe`: what stands for a function, and for an object that is not data.
 */
function contentOf(value: unknown, describe: (value: object) => string): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return describe(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map((one) => contentOf(one, describe)).join()}]`;
  if (!isData(value)) return describe(value);
  const members = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}:${contentOf(one, describe)}`);
  return `{${members.join()}}`;
}

/** Whether it is a plain object, and no key source, store, compiled policy or compiled routes. */
function isData(value: unknown): value is JsonObject {
  return (
    isPlainObject(value) && ['find', 'getItem', 'decide', 'check'].every((name) => typeof value[name] !== 'function')
  );
}
