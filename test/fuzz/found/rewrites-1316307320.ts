/** Seed 1316307320. "weaker": the decoded path of one that was sent with an escaped slash, which Envoy keeps. */
export const found = {
  target: 'rewrites',
  input: [
    {
      path_with_escaped_slashes_action: 'keep_unchanged',
      jwt_claims_headers: 'department,roles',
      routes: [
        {
          from: 'https://app.corp.example.com',
          regex: '^/admin(/.*)?$',
          to: 'http://app.internal',
          allowed_domains: ['example.com'],
        },
        { from: 'https://app.corp.example.com', prefix: '/', to: 'http://app.internal', allowed_users: [] },
      ],
    },
    [{ method: 'GET', url: 'https://app.corp.example.com/admin%2Fx', headers: {}, isPlain: false }],
  ],
};
