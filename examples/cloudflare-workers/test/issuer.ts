import { createTestIssuer } from 'pomerium-edge/testing';

/** Signs as Pomerium does. The seed gives vitest.config.ts and the tests the same keys. */
export const issuer = await createTestIssuer({ host: 'app.corp.example.com', seed: 'my-app' });
