import type { Identity } from 'pomerium-edge';

export const onRequestGet: PagesFunction<Env, never, { identity: Identity }> = ({ data }) =>
  Response.json({ email: data.identity.email });
