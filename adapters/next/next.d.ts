/** Next.js has no `exports`, so TypeScript, as Node.js, finds its files by their whole names only. */
declare module 'next/navigation' {
  export { forbidden, unauthorized } from 'next/navigation.js';
}
