/** Seed 1743992926. "AssertionError: jose does not read …": a \n in a label was taken out, and not for the end of a line. */
export const found = {
  target: 'material',
  input: {
    content: {
      form: 'pem',
      blocks: [{ key: 'ES256', isCertificate: false, changes: [{ kind: 'text', at: 1862774960, text: '\\n' }] }],
    },
    layers: ['base64'],
  },
};
