/** Seed 2090861561. "TypeError: id?.slice is not a function" for an event of Lambda@Edge whose request id is no text. */
export const found = {
  target: 'lambda-events',
  input: {
    entry: 'createEdgeHandler',
    event: 'edge-origin-request',
    sender: 'for another host',
    forged: [],
    changes: [
      { kind: 'copy', at: 504125126, from: 1336944815 },
      { kind: 'replace', at: 1149996, value: [] },
    ],
  },
};
