// Runs on every runtime against the packed package, as whoever installs it would write it.
import { createVerifier, PomeriumError, staticKeys } from 'pomerium-edge';
import { createGuard } from 'pomerium-edge/cloudflare';
import { SEED_CERTIFICATE, SEED_TOKEN } from './seed.mjs';

// By Object.assign: a test takes `subtle` with `.verify` behind it, in a bundle, for the WebCrypto engine.
let engine = 'node:crypto';
const { subtle } = crypto;
const { verify } = subtle;
Object.assign(subtle, {
  verify(...input) {
    engine = 'WebCrypto';
    return verify.apply(subtle, input);
  },
});

const verifier = createVerifier({
  audience: 'app.corp.example.com',
  keys: staticKeys(SEED_CERTIFICATE),
  now: () => 1_795_000_000,
});
const identity = await verifier.verify(SEED_TOKEN);
const refusal = await verifier.verify(`${SEED_TOKEN.slice(0, -4)}AAAA`).catch((error) => error);
const guard = await createGuard().fetch(new Request('https://x.test/'), {}, { waitUntil: () => {} });

console.log(
  JSON.stringify({
    subject: identity.subject,
    refusal: refusal instanceof PomeriumError ? refusal.code : String(refusal),
    guard: guard.status,
    engine,
  }),
);
