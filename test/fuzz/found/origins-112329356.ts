/** Seed 112329356. "AssertionError: expected [ 'keys_unavailable', 'unknown_key' ] to include 'unsupported_algorithm'": the changed document gave the id of one key to another. */
export const found = {
  target: 'origins',
  input: [
    {
      answer: {
        status: 200,
        keys: ['a', 'b', 'c'],
        changes: [
          { kind: 'copy', at: 1008376771, from: 26980738 },
          { kind: 'copy', at: 46412360, from: 0 },
        ],
        before: '',
        after: '',
        headers: {},
        part: 1000000,
        failure: 'none',
      },
      advance: 0,
      asked: 'b',
    },
    {
      answer: {
        status: 200,
        keys: [],
        changes: [],
        before: '',
        after: '',
        headers: {},
        part: 1000000,
        failure: 'none',
      },
      advance: 0,
      asked: 'a',
    },
  ],
};
