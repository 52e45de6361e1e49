import { typedoc } from './typedoc.ts';

/** docs/api/: the reference of the public API, from the comments in the source. It is not committed. */
await typedoc([]);
