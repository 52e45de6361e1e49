/** An event, or an object in one: what its members are must be looked at. */
export type Member = { readonly [name: string]: unknown };

export function toMember(value: unknown): Member {
  return typeof value === 'object' && value !== null ? (value as Member) : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
