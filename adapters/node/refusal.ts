/** The headers of an answer, each name once: Node.js' own calls replace what is set, and cookies cannot be joined. */
export function* headersOf({ headers }: Response): Iterable<[name: string, value: string | string[]]> {
  const cookies = headers.getSetCookie();
  for (const [name, value] of headers) if (name !== 'set-cookie') yield [name, value];
  if (cookies.length > 0) yield ['set-cookie', cookies];
}

/** Nothing where a stream of the user's own `onRefused` fails. */
export function bodyOf(answer: Response): Promise<Buffer> {
  return answer.arrayBuffer().then(
    (bytes) => Buffer.from(bytes),
    () => Buffer.alloc(0),
  );
}
