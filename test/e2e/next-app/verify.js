import { createVerifier, staticKeys } from 'pomerium-edge';
import { SEED_CERTIFICATE, SEED_TOKEN } from '../../support/seed.ts';

const verifier = createVerifier({
  audience: 'app.corp.example.com',
  keys: staticKeys(SEED_CERTIFICATE),
  now: () => 1_795_000_000,
});

export const subject = async () => (await verifier.verify(SEED_TOKEN)).subject;
