/** What of the Workers runtime is used here, written down so that users need no particular version of its types. */

/** The part of a request's `ExecutionContext`. Called on the object itself: workerd refuses it taken off. */
export interface WaitUntil {
  waitUntil(promise: Promise<unknown>): void;
}

/** A Workers KV namespace. */
export interface KvNamespace {
  get(key: string, options?: { cacheTtl?: number }): Promise<string | null>;
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
}

/** A service binding. */
export interface ServiceBinding {
  fetch(request: Request): Promise<Response>;
}
