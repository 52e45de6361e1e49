import { type Attack, SPOOFED } from './attacks.ts';
import type { Baseline } from './baseline.ts';
import type { Finding } from './finding.ts';
import { judge } from './judge.ts';
import type { Answer } from './send.ts';

/** What platforms and frameworks serve before the code runs, at names that are the same in each project. */
const FILES: readonly string[] = [
  '/index.html',
  '/robots.txt',
  '/favicon.ico',
  '/sitemap.xml',
  '/manifest.webmanifest',
  '/assets/',
  '/_astro/',
  '/_next/static/',
  '/_app/version.json',
];

/** The page and the data of `/`, as React Router and SvelteKit name them: files where it is prerendered, code where not. */
const ROOT: readonly string[] = ['/', '/_root.data', '/__data.json'];

/** Requests without an assertion for what may be served around the gate; first for `unknown`, a path that is nowhere. */
export function requestsAround(target: URL, unknown: string): Attack[] {
  const { files, answers } = formsOf(target.pathname);
  const mayBeCode = [...ROOT, ...answers].filter((path) => path !== target.pathname);
  return [
    { ...withoutAssertion(unknown), name: 'a path that is nowhere, without an assertion' },
    ...[...mayBeCode, ...FILES, ...files].map(withoutAssertion),
    ...mayBeCode.map(withClaims),
  ];
}

export function withoutAssertion(path: string): Attack {
  return { name: `${path}, without an assertion`, path, headers: [], expect: 'refused' };
}

function withClaims(path: string): Attack {
  return { name: `${path}, with claim headers alone`, path, headers: SPOOFED, expect: 'refused' };
}

/** The page's own forms: as prerendering writes them, and those that a framework's code answers where nothing is prerendered. */
function formsOf(path: string): { files: string[]; answers: string[] } {
  const base = path.replace(/\/+$/, '');
  if (base === '') return { files: ['/index.txt'], answers: [] };
  return {
    files: [`${base}/index.html`, `${base}.html`, `${base}.txt`, `${base}.rsc`],
    answers: [path === base ? `${base}/` : base, `${base}.data`, `${base}/__data.json`],
  };
}

/** Paths that are meant for everybody: as they are written, or all that begin with what stands before a `*`. */
export function publicPaths(patterns: readonly string[]): (path: string) => boolean {
  return (path) => {
    const [pathname = ''] = path.split('?', 1);
    return patterns.some((one) => (one.endsWith('*') ? pathname.startsWith(one.slice(0, -1)) : pathname === one));
  };
}

const FIX =
  'Let the gate run before it: run_worker_first: true (Workers), nothing in exclude of _routes.json (Pages), a wider matcher (Next.js, Vercel). What is meant for everybody is accepted with --public PATH';

/** `unknown`: what a path that is nowhere got, where that was an answer. */
export function judgeAround(
  attack: Attack,
  answer: Answer,
  { unknown, baseline }: { unknown: Answer | undefined; baseline: Baseline | undefined },
): Finding {
  const finding = judge(attack, answer, baseline);
  if (finding.verdict !== 'let in' || finding.fix !== undefined) return finding;
  const isFallback = answer.body === unknown?.body && answer.status === unknown.status;
  const detail = isFallback ? 'served around the gate, as for each unknown path' : 'served around the gate';
  return { ...finding, detail, fix: FIX };
}
