/** What of an origin's answer is looked at. */
export interface TransportAnswer {
  /** A redirect whose status cannot be seen counts as 302. */
  readonly status: number;
  /** Of several with that name, all, joined with commas. */
  header(name: string): string | null;
  /** The next part of the body, decoded; undefined at its end. */
  read(): Promise<Uint8Array | undefined>;
  /** Ends the exchange without the rest of the body. */
  discard(): unknown;
}

/**
 * Asks a URL once: past every cache, without following a redirect. Rejects where there is no answer, and lets nothing of the
 * exchange go on once the signal is aborted.
 */
export type Transport = (
  url: string,
  request: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<TransportAnswer>;
