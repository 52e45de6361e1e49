/** Seed 968563136. "AssertionError: an error of nobody’s: expected 'TypeError: Cannot convert object to p…' to match /^TypeError: pomerium-edge: this event /" */
export const found = {
  target: 'lambda-events',
  input: {
    entry: 'withPomerium',
    event: 'function-alb-health-check',
    sender: 'good',
    forged: [],
    changes: [
      { kind: 'rename', at: 796810054, name: 'toString' },
      { kind: 'copy', at: 1271695090, from: 0 },
      { kind: 'copy', at: 598009070, from: 0 },
    ],
  },
};
