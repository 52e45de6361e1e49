import { assert } from 'vitest';

/** A name as an attacker chooses it: it clears a terminal, twice over, turns the direction of reading, and forges a line. */
export const FOREIGN_NAME = 'x\u001b[2J\u009b2J\u202e\n✓ valid';

/** The same as it may be printed. */
export const ESCAPED_NAME = 'x\\u001b[2J\\u009b2J\\u202e\\n✓ valid';

/** That no terminal obeys anything in the text, and that nothing in it forged a line. */
export function assertHarmless(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
  assert.notMatch(text, /^✓ valid/m);
}
