import type { Finding } from './finding.ts';

/** A report as CI servers read it: a test case for each request. */
export function toJUnit(url: string, findings: readonly Finding[]): string {
  const count = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  const counts = `tests="${findings.length}" failures="${count('let in')}" errors="${count('unclear')}"`;
  const cases = findings.map(({ name, verdict, status, detail, fix }) => {
    const open = `  <testcase classname="pomerium-edge doctor" name="${escapeXml(name)}"`;
    if (verdict === 'as it should') return `${open}/>`;
    const kind = verdict === 'let in' ? 'failure' : 'error';
    const message = [`${status ?? 'no status'}: ${detail}`, ...(fix === undefined ? [] : [fix])].join('. ');
    return `${open}><${kind} message="${escapeXml(message)}"/></testcase>`;
  });
  const suite = `<testsuite name="${escapeXml(url)}" ${counts}>`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', suite, ...cases, '</testsuite>', ''].join('\n');
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"'\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}
