/** Seed 83017553. "AssertionError: another assertion goes on: expected undefined to equal 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImIyNmRkM…'" */
export const found = {
  target: 'lambda-events',
  input: {
    entry: 'pomeriumMiddleware',
    event: 'function-websocket-disconnect',
    sender: 'good',
    forged: [],
    changes: [{ kind: 'copy', at: 6, from: 0 }],
  },
};
