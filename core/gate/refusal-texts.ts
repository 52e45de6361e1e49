import { SIGNED_OUT } from '../signed-out.ts';

/** What happened, and what to do. Nothing that was expected, nothing that came. */
export type RefusalMessage = readonly [heading: string, advice: string];

/** What the page for people says in one language. */
export interface RefusalTexts {
  /** Who it is was not proved. */
  readonly 401?: RefusalMessage;
  /** Somebody is signed in, and may not see this. */
  readonly 403?: RefusalMessage;
  /** The gate is not set up. */
  readonly 500?: RefusalMessage;
  /** Pomerium's keys cannot be had at the moment. */
  readonly 503?: RefusalMessage;
  /** The link to the same page behind Pomerium, with `{host}` for its host. */
  readonly open?: string;
  readonly retry?: string;
  readonly home?: string;
  /** The link to Pomerium's page about who is signed in. */
  readonly account?: string;
  readonly signOut?: string;
  /** The link to `helpUrl`. */
  readonly help?: string;
  /** Before the status, the code, the time and the request's id. */
  readonly operator?: string;
}

export const ENGLISH: Required<RefusalTexts> = {
  401: [
    'Please sign in',
    'Open this site at its usual address, where Pomerium signs you in. If you came from there, try again.',
  ],
  403: ['No access', 'You are signed in, but this is not for you. If it should be, ask whoever runs this site.'],
  500: ['Not set up', 'This site cannot check who you are. Tell whoever runs it.'],
  503: ['Please wait', 'Who you are cannot be checked at the moment. Try again in a moment.'],
  open: 'Open {host}',
  retry: 'Try again',
  home: 'Home page',
  account: 'Who am I?',
  signOut: 'Sign out',
  help: 'Get help',
  operator: 'For whoever runs this site:',
};

export type RefusalStatus = keyof RefusalTexts & number;

export function toRefusalStatus(status: number): RefusalStatus {
  return status === 401 || status === 403 || status === 503 ? status : 500;
}

/** One sentence, for a program that shows it to a person. */
export function sentenceFor(status: number): string {
  const known = toRefusalStatus(status);
  return known === 401 ? SIGNED_OUT : ENGLISH[known][1];
}
