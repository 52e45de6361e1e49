export type JsonObject = { readonly [name: string]: unknown };

/** A value out of JSON. By interfaces: Cloudflare's types of RPC give up at an alias that names itself, and at `unknown`. */
export type JsonValue = string | number | boolean | null | JsonArray | JsonMembers;
/** A list out of JSON. */
export interface JsonArray extends ReadonlyArray<JsonValue> {}
/** An object out of JSON, such as the claims of an assertion. */
export interface JsonMembers {
  readonly [name: string]: JsonValue;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value has its members itself: no promise, `Map` or list, no object of a class. Of whatever realm. */
export function isPlainObject(value: unknown): value is JsonObject {
  if (!isObject(value) || isObjectPrototype(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || isObjectPrototype(Object(prototype));
}

/** Whether it is `Object.prototype`, which is nobody's options, but what `TENANTS[host]` is for a host `__proto__`. */
function isObjectPrototype(value: object): boolean {
  return Object.hasOwn(value, 'isPrototypeOf');
}

/** The JSON object that this text is, or undefined for any other text. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A key that stands twice in one object of a valid JSON text: `JSON.parse` takes the last one in silence. */
export function findRepeatedKey(json: string): string | undefined {
  const open: Set<unknown>[] = [];
  for (const [token, colon] of json.matchAll(/[{}]|"(?:[^"\\]|\\.)*"(\s*:)?/gs)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const key: string = JSON.parse(token.slice(0, -colon.length));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

/** The object that a store gives back: as the text that was put there, or parsed, as `unstorage` does by itself. */
export function toObject(value: unknown): JsonObject | undefined {
  if (typeof value === 'string') return parseObject(value);
  return isObject(value) ? value : undefined;
}

/** Freezes a JSON value and all in it. A loop, not a recursion: nesting as deep as 64 KiB allow must not overflow. */
export function deepFreeze<T>(value: T): T {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) continue;
    Object.freeze(next);
    for (const member of Array.isArray(next) ? next : Object.values(next)) {
      if (typeof member === 'object' && member !== null) pending.push(member);
    }
  }
  return value;
}
