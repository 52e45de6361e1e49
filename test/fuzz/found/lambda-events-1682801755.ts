/** Seed 1682801755. "TypeError: Cannot read properties of undefined" for an event of Lambda@Edge without eventType. */
export const found = {
  target: 'lambda-events',
  input: {
    entry: 'createEdgeHandler',
    event: 'edge-origin-request',
    sender: 'nobody',
    forged: [],
    changes: [{ kind: 'replace', at: 168714228, value: '\u0000' }],
  },
};
