import type { Identity } from 'pomerium-edge';

export const onRequestGet = ({ data }: { data: { identity: Identity } }) =>
  Response.json({ email: data.identity.email });
