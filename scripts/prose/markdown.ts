/** The prose of a Markdown document: code, link targets and names become spaces, so that lines and columns stay. */
export function proseOf(markdown: string): string {
  return NO_PROSE.reduce((text, pattern) => text.replace(pattern, blank), markdown);
}

const NO_PROSE = [
  // Fenced code, comments, code in a line or a paragraph.
  /^( *)(`{3,}|~{3,}).*?^ *\2`*$/gms,
  /<!--.*?-->/gs,
  /(`+)(?!`)(?:(?!\n\n).)+?(?<!`)\1(?!`)/gs,
  // What links lead to, URLs, tags.
  /(?<=\])\([^)\s]*\)|^\[[^\]]*\]: .*$/gm,
  /\b(?:https?|wss?):\/\/[^\s)>]+/g,
  /<\/?[a-z][^>]*>/g,
  // Names of files, of hosts, of packages, and what is quoted as one word.
  /[\w./-]+\.(?:md|[cm]?[jt]sx?|json|toml|ya?ml)\b/g,
  /\b[\w.-]+\.(?:app|com|dev|test)\b/g,
  /\bpomerium-edge(?:\/[\w-]+)?|@[\w-]+\/[\w-]+/g,
  /"[\w-]+"/g,
];

function blank(code: string): string {
  return code.replaceAll(/[^\n]/g, ' ');
}
