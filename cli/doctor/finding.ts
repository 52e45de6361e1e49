/** What became of a request of the battery. */
export interface Finding {
  readonly name: string;
  readonly verdict: 'as it should' | 'let in' | 'unclear';
  readonly status: number | undefined;
  readonly detail: string;
  /** What to do about it, where that is known. */
  readonly fix?: string;
}
