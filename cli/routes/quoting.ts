/*
 * A value as each format takes it, so that it is read back unchanged. JSON has no line breaks, and control characters only as
 * escapes.
 */

/** In TOML 1.0: a literal string, or, where that cannot hold it, a basic one, whose escapes are those of JSON. */
export function quoteToml(text: string): string {
  return text.includes("'") ? JSON.stringify(text).replaceAll('\u007f', '\\u007f') : `'${text}'`;
}

/** In YAML: a single-quoted scalar. */
function quoteYaml(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** In a POSIX shell. */
export function quoteShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The same for a path that a person reads: in quotes only where it needs them. */
export function shellWord(text: string): string {
  return /^[\w./][\w./-]*$/.test(text) ? text : quoteShell(text);
}

/**
 * In a file of variables, for which there is no standard: Node.js, dotenv, Wrangler and Next.js agree that nothing between
 * single quotes has a meaning, but for `$`, which some expand all the same. JSON can say both characters in another way.
 */
export function quoteDotenv(text: string): string {
  return `'${text.replace(/['$]/g, (character) => (character === '$' ? '\\u0024' : '\\u0027'))}'`;
}

/** The Serverless Framework fills in `${…}` wherever it stands. */
export function quoteServerless(text: string): string {
  return quoteYaml(text.replaceAll('${', '\\u0024{'));
}
