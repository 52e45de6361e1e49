/** Why compileRoutes refuses configurations that Pomerium takes: what its message says, and the reason. */
export const REFUSED_HERE: readonly (readonly [message: RegExp, reason: string])[] = [
  [/^No route leads to a service/, 'Nothing would be left for a service to serve.'],
  [/is the same route as/, 'Of two redirects alike Pomerium takes the policy of the last.'],
  [/Pomerium has no setting .* would ignore it/, 'A misspelt deny opens a route in silence.'],
  [/is an empty item/, 'It never means what its author meant, and may widen who may pass.'],
  [/: Rego cannot be decided here/, 'It is a language of its own.'],
  [/jwt_claims_headers does not name/, 'No assertion has the claim.'],
  [
    /claim\/groups cannot be decided/,
    'Pomerium means the claim of the identity provider, the assertion the directory.',
  ],
  [/(email|sub|name) in an assertion is Pomerium's own/, "It is not the identity provider's claim."],
  [/groups\.is cannot be answered/, 'The assertion lists ids and names.'],
  [/source_ip cannot be answered from an assertion/, 'Only Pomerium sees the address.'],
  [/whether the client's certificate is valid cannot be answered/, 'The certificate ended at Pomerium.'],
  [/http_path cannot be decided: the route rewrites/, 'Pomerium and the service see two paths.'],
  [/exclude each other/, 'Which rewrite counts is nowhere documented.'],
];
