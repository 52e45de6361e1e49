interface Weighted {
  /** In lower case. */
  readonly value: string;
  readonly weight: number;
}

/** What a client takes, and how much it wants it (RFC 9110 section 12.4.2). `limit`: of values that are read. */
export function parseWeighted(header: string, limit?: number): Weighted[] {
  return header.split(',', limit).map((one) => {
    const [value = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return { value, weight: Number(weight?.slice(2) ?? 1) || 0 };
  });
}

/** A browser names `text/html`; a program that does not care names any type. */
export function wantsPage(accept: string): boolean {
  const page = qualityOf(accept, ['text/html']);
  return page > 0 && page >= qualityOf(accept, ['application/json', 'application/problem+json']);
}

/** The highest weight of these media types, 0 where none is named (RFC 9110 section 12.5.1). */
function qualityOf(accept: string, types: readonly string[]): number {
  // No Math.max(...weights): a header holds more commas than a call takes arguments.
  return parseWeighted(accept).reduce(
    (highest, { value, weight }) => (types.includes(value) ? Math.max(highest, weight) : highest),
    0,
  );
}

/** More languages than a person speaks. */
const MAX_LANGUAGES = 20;

/** No registered tag has more characters (RFC 5646 section 4.4.1). */
const MAX_TAG_LENGTH = 35;

/** The language among these that the client wants most (RFC 4647 section 3.4); undefined where it wants none of them. */
export function chooseLanguage(accepted: string, languages: readonly string[]): string | undefined {
  const wanted = parseWeighted(accepted, MAX_LANGUAGES).filter(
    ({ value, weight }) => weight > 0 && value.length <= MAX_TAG_LENGTH,
  );
  for (const { value } of wanted.sort((one, other) => other.weight - one.weight)) {
    for (let tag = value; tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) {
      const found = languages.find((language) => language.toLowerCase() === tag);
      if (found) return found;
    }
  }
  return undefined;
}
