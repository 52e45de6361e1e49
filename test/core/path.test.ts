import { assert, describe, test } from 'vitest';
import { encodePath, isCanonical, pathText, readPath } from '../../core/gate/path.ts';

const ORIGIN = 'https://app.example';

describe('readPath gives the path, decoded once and without its query, of', () => {
  const cases: [rule: string, target: string, path: string][] = [
    ['the root', '/', '/'],
    ['a plain path', '/admin/users', '/admin/users'],
    ['a path with one slash at its end', '/admin/', '/admin/'],
    ['a path with a query', '/admin?x=/../%2f#y', '/admin'],
    ['an encoded space', '/a%20b', '/a b'],
    ['an encoded letter', '/%61dmin', '/admin'],
    ['an encoded percent sign', '/100%25', '/100%'],
    ['a percent sign before what is no encoding', '/100%25zz', '/100%zz'],
    ['punctuation', '/a+b/(c)/d,e/@f:g', '/a+b/(c)/d,e/@f:g'],
    ['parameters', '/v1/items;v=2', '/v1/items;v=2'],
    ['an encoded question mark', '/what%3F', '/what?'],
    ['an encoded number sign', '/a%23b', '/a#b'],
    ['characters beyond ASCII', '/李.png', '/李.png'],
    ['their encoding', '/%E6%9D%8E.png', '/李.png'],
    ['a character beyond 16 bits', '/%F0%9F%98%80', '/😀'],
    ['a segment that begins with a dot', '/.well-known/x', '/.well-known/x'],
    ['dots within a segment', '/a..b/c.d', '/a..b/c.d'],
    ['a percent sign before one hexadecimal digit', '/100%25a', '/100%a'],
    ['a percent sign before letters that are not hexadecimal', '/%25fg', '/%fg'],
    ['parentheses that are no session', '/((a)/(ab(c))', '/((a)/(ab(c))'],
    ['as many marks on a letter as Unicode lets one have', `/a${'%CC%80'.repeat(30)}`, `/a${'\u0300'.repeat(30)}`],
    ['white space beyond ASCII that is encoded', '/a%C2%A0b', '/a\u00a0b'],
  ];
  for (const [rule, target, path] of cases) {
    test(`${rule}, in a raw path: ${target}`, () => assert.equal(readPath(target), path));
    test(`${rule}, in a URL: ${target}`, () => assert.equal(readPath(ORIGIN + target), path));
  }

  const urls: [rule: string, url: string, path: string][] = [
    ['without a path', ORIGIN, '/'],
    ['with a port', `${ORIGIN}:8443/admin`, '/admin'],
    ['with a port that is left out', `${ORIGIN}:/admin`, '/admin'],
    ['with all that a name may have', 'https://my-app_1.a~b.example/admin', '/admin'],
    ['with an IPv6 address', 'http://[::1]:80/admin', '/admin'],
    ['with an IPv6 address of many forms', 'http://[fe80::9a:FFFF:127.0.0.1]/admin', '/admin'],
    ['in upper case', 'HTTPS://APP.EXAMPLE/admin', '/admin'],
    ['of another scheme', 'wss+x.1-y://app.example/admin', '/admin'],
    ['with another URL in its query', `${ORIGIN}/admin?to=https://app.example/x#y`, '/admin'],
    ['with another URL in its path', `${ORIGIN}/to/https:/app.example`, '/to/https:/app.example'],
  ];
  for (const [rule, url, path] of urls) test(`a URL ${rule}`, () => assert.equal(readPath(url), path));
});

const UNREADABLE: [rule: string, target: string][] = [
  ['an encoded slash', '/a%2fb'],
  ['an encoded slash in upper case', '/a%2Fb'],
  ['an encoded backslash', '/a%5cb'],
  ['an encoded slash before dots', '/static/..%2fadmin'],
  ['dot segments with parameters', '/static/..;/admin'],
  ['dot segments with named parameters', '/static/..;x=1/admin'],
  ['dot segments with encoded parameters', '/static/..%3b/admin'],
  ['one dot with parameters', '/static/.;/admin'],
  ['one dot with parameters at the end', '/static/.;x'],
  ['a dot segment before an encoded question mark', '/static/..%3f'],
  ['a dot segment before an encoded query', '/static/..%3Fx/y'],
  ['a dot segment before an encoded fragment', '/static/.%23x'],
  ['a dot segment with a stream of Windows', '/static/..::$DATA/admin'],
  ['dots and spaces, which Windows drops', '/static/..%20/admin'],
  ['three dots, which Windows drops', '/static/.../admin'],
  ['double encoding', '/%2561dmin'],
  ['double encoding in upper case', '/%25AF'],
  ['double encoding in lower case', '/%25ae'],
  ['double encoding of a dot', '/static/%252e%252e/admin'],
  ['double encoding of a slash', '/static/..%252fadmin'],
  ['triple encoding', '/%252561dmin'],
  ['encoding in the manner of IIS below encoding', '/%25u002e'],
  ['encoding in the manner of IIS below encoding, in upper case', '/%25U002E'],
  ['encoding in the manner of IIS', '/%u0061dmin'],
  ['an empty segment at the start', '//admin'],
  ['an empty segment', '/static//admin'],
  ['an empty segment at the end', '/admin//'],
  ['a session of ASP.NET', '/(S(x))/admin'],
  ['an intercepting route of Next.js', '/(.)admin'],
  ['one for the segment above', '/feed/(..)admin'],
  ['one for the root', '/feed/x/(...)admin'],
  ['a dot of full width', '/x/%EF%BC%8E/admin'],
  ['a slash of full width', '/x%EF%BC%8Fadmin'],
  ['a backslash of full width', '/x%EF%BC%BCadmin'],
  ['more marks on a letter than Unicode lets one have', `/a${'%CC%80%CC%96'.repeat(16)}`],
  ['NUL', '/a%00b'],
  ['a line break', '/a%0d%0ab'],
  ['DEL', '/a%7fb'],
  ['a control character beyond ASCII', '/a%C2%85b'],
  ['a percent sign at the end', '/a%'],
  ['broken encoding', '/a%zz'],
  ['bytes that are no UTF-8', '/%e9'],
  ['an overlong dot', '/static/%c0%ae%c0%ae/admin'],
  ['an encoded surrogate', '/%ED%A0%80'],
  ['what stands for bytes that were no UTF-8', '/a%EF%BF%BDb'],
];

describe('readPath gives null, since servers could read it in two ways, for', () => {
  for (const [rule, target] of UNREADABLE) {
    test(`${rule}, in a raw path: ${target}`, () => assert.isNull(readPath(target)));
    test(`${rule}, in a URL: ${target}`, () => assert.isNull(readPath(ORIGIN + target)));
  }

  // Deno and workerd leave these in the URL of a request as they were sent; routers match that text.
  const texts: [rule: string, target: string][] = [
    ['a dot segment', '/static/../admin'],
    ['a dot segment at the end', '/admin/..'],
    ['one dot', '/admin/.'],
    ['an encoded dot segment', '/public/%2e%2e/admin'],
    ['a half encoded dot segment', '/public/.%2E/admin'],
    ['a backslash', '/static\\admin'],
    ['backslashes around dots', '/admin\\..\\public'],
    ['a number sign', '/admin#/public'],
    ['a number sign before a query', '/admin#?/public'],
    ['a line break', '/ad\nmin'],
    ['a tab', '/ad\tmin'],
    ['a lone surrogate', '/a\ud800b'],
    ['nothing but a query that looks like a path', '?/admin'],
    ['nothing but a number sign', '#/admin'],
    ['nothing but a backslash', '\\admin'],
  ];
  for (const [rule, target] of texts) {
    test(`${rule}, in a raw target: ${JSON.stringify(target)}`, () => assert.isNull(readPath(target)));
    test(`${rule}, in a URL: ${JSON.stringify(target)}`, () => assert.isNull(readPath(ORIGIN + target)));
  }

  const raw: [rule: string, target: string][] = [
    ['an asterisk', '*'],
    ['nothing', ''],
    ['a query alone', '?x'],
    ['a path without its slash', 'admin'],
    ['a URL without a path', 'mailto:a@example.com'],
    ['a URL without its scheme', '//app.example/admin'],
    ['an origin that is none', 'https://'],
    ['a URL without a host', 'https:///admin'],
    ['a URL with one slash', 'https:/admin'],
    ['a URL with backslashes', 'https:\\\\app.example/admin'],
    ['a URL after a space', ' https://app.example/admin'],
    ['a URL after as many letters as its host has', '12https://a/admin'],
    ['a URL whose IPv6 address ends later', 'http://[::1]x]/admin'],
    ['a scheme that is none', '1://app.example/admin'],
    ['a URL with a target that is *', 'http://app.example:80*'],
    ['a URL with a target that has no slash', 'http://app.example:80admin/public'],
    ['a URL with a name before its host', 'https://app.example@app.example/admin'],
  ];
  for (const [rule, target] of raw) {
    test(`${rule}, in a raw target: ${JSON.stringify(target)}`, () => assert.isNull(readPath(target)));
  }
});

describe('pathText gives the path as the client wrote it, without its query, of', () => {
  const cases: [rule: string, target: string, path: string][] = [
    ['a raw target', '/a%2fb/../c?x=/y?z', '/a%2fb/../c'],
    ['a URL', `${ORIGIN}:443/a%2fb?x`, '/a%2fb'],
    ['a URL of an origin alone', ORIGIN, '/'],
    ['a query alone', '?%00', ''],
  ];
  for (const [rule, target, path] of cases) test(`${rule}: ${target}`, () => assert.equal(pathText(target), path));
});

describe('isCanonical', () => {
  const canonical = ['/', '/admin/', '/a b', '/100%', '/李.png', '/what?', '/a#b', '/v1/items;v=2', '/a..b/.c'];
  for (const path of canonical) test(`holds for ${path}`, () => assert.isTrue(isCanonical(path)));

  const others: [rule: string, path: string][] = [
    ['no slash at its start', 'admin'],
    ['an empty segment', '/a//b'],
    ['a dot segment', '/a/../b'],
    ['a dot segment with parameters', '/a/..;x/b'],
    ['a backslash', '/a\\b'],
    ['a control character', '/a\u0000b'],
    ['what looks like encoding', '/%61dmin'],
    ['a lone surrogate', '/a\udc00b'],
  ];
  for (const [rule, path] of others) {
    test(`does not hold for a path with ${rule}`, () => assert.isFalse(isCanonical(path)));
  }
});

describe('encodePath', () => {
  const decoded = [
    '/',
    '/a b',
    '/100%',
    '/what?',
    '/a#b',
    '/李.png',
    '/a+b/(c)/d,e/@f:g',
    '/x:y',
    '/a\u00a0b\u00a0c',
    '/?a=50%#?',
  ];
  for (const path of decoded) {
    test(`gives a target that is read as ${path}`, () => assert.equal(readPath(encodePath(path)), path));
  }

  const unreadable: [rule: string, path: string][] = [
    ['a dot segment', '/a/../b'],
    ['an empty segment', '//b'],
    ['a backslash', '/a\\b'],
    ['a control character', '/a\nb'],
    ['what was encoded twice', '/%61dmin'],
    ['a slash that was encoded twice', '/a%2fb'],
    ['no slash at its start', 'admin'],
    ['a URL', 'https://app.example/admin'],
    ['nothing', ''],
  ];
  for (const [rule, path] of unreadable) {
    test(`gives a target that is read as null for a path with ${rule}`, () =>
      assert.isNull(readPath(encodePath(path))));
  }
});
