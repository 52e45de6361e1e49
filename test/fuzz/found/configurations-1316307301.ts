/** Seed 1316307301. "TypeError: Cannot convert object to primitive value" for a TCP route to what is no text. */
export const found = {
  target: 'configurations',
  input: [{ routes: [{ from: 'tcp+https://two.corp.example.com:5432', to: { url: 'http://mcp.internal' } }] }, []],
};
