/*
 * What bundles for browsers get instead of what is for servers (the condition `browser` in package.json): it cannot be bundled.
 * Every bundler prints the name of a file that it does not find, and none takes a relative one for external.
 */
// @ts-expect-error The name is a sentence, for people.
export * from './This part of pomerium-edge is for servers: hand the browser what it shows, as props or JSON';
