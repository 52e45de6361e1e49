import { decodeByteString } from '../byte-string.ts';

/**
 * The path of a request's URL as Pomerium's policies see it: without the query, percent-encoding removed
 * (`authorize/checkrequest/checkrequest.go`). Undefined where the encoding is broken: two readers could differ.
 */
export function readPath(url: string): string | undefined {
  return decodePath((URL.canParse(url) ? new URL(url).pathname : url).replace(/[?#].*$/s, ''));
}

/** Removes percent-encoding once; undefined where it is broken. */
export function decodePath(path: string): string | undefined {
  // A lone surrogate has no encoding, either.
  if (/%(?![0-9a-f]{2})|\p{Cs}/iu.test(path)) return undefined;
  // Bytes that are not UTF-8 become U+FFFD and stay where they are, so that what stands before them still counts.
  const binary = path
    .replace(/[^\0-\x7f]+/g, encodeURIComponent)
    .replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decodeByteString(binary);
}
