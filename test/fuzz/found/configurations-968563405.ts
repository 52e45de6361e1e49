/** Seed 968563405. "URIError: URI malformed" */
export const found = {
  target: 'configurations',
  input: [
    [
      {
        from: 'http://app.corp.example.com',
        path: '/admin',
        to: 'http://app.internal:8080',
        prefix_rewrite: '/',
        cors_allow_preflight: true,
        policy: { allow: { or: [] } },
      },
      {
        from: 'https://app.corp.example.com',
        path: '/admin',
        to: 'http://app.internal:8080',
        prefix_rewrite: '/',
        allowed_users: 'alice@example.com',
        allowed_domains: ['example.com'],
        cors_allow_preflight: true,
        name: 'one',
        jwt_issuer_format: 'uri',
        pass_identity_headers: true,
        preserve_host_header: true,
        timeout: '30s',
      },
    ],
    [
      { kind: 'replace', at: 2123418902, value: '\ud800' },
      { kind: 'delete', at: 1043871135 },
    ],
  ],
};
