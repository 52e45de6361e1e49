/** For bundles that must be small: errors and events keep their codes and lose their texts. Bundlers drop the argument. */
export function sentence(_text: string): undefined {}
