/** One request of the main job's table. */
export interface Scenario {
  readonly name: string;
  /** `valid`, or the codes that may answer it, with `|` between them. */
  readonly expect: string;
  readonly guard: GuardSetup;
  /** Header lines as they are sent, repeated ones too. */
  readonly headers: readonly (readonly [string, string])[];
}

/** How the guard that gets the request is configured. */
export interface GuardSetup {
  readonly audience: string;
  readonly issuer?: string;
  /** A policy in Pomerium's language. */
  readonly policy?: object;
  /** The name of a recorded key set; undefined for the stand-in's own. */
  readonly jwks?: string;
  /** Seconds since the epoch to which the guard's clock is set; undefined for the real one. */
  readonly clock?: number;
}
