import { createRefresher } from 'pomerium-edge/aws-lambda';

/** Keeps Pomerium's keys in the SSM parameter that POMERIUM_JWKS_SSM names. */
export const handler = createRefresher();
