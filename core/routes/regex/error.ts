/** A regular expression that RE2 refuses, or that is not translated here. The message is a clause without a full stop. */
export class RegexError extends Error {}
