import { createRefresher } from 'pomerium-edge/aws-lambda';

export const handler = createRefresher();
