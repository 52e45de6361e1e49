/** Seed 1316307329. "AssertionError: an error of nobody’s: expected 'TypeError: Cannot convert object to p…' to match /^TypeError: pomerium-edge: this event /" */
export const found = {
  target: 'lambda-events',
  input: {
    entry: 'createEdgeHandler',
    event: 'edge-origin-request',
    sender: 'stranger',
    forged: [],
    changes: [
      { kind: 'copy', at: 1318088255, from: 475275918 },
      { kind: 'rename', at: 945925411, name: 'toString' },
    ],
  },
};
