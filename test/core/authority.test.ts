import { assert, describe, test } from 'vitest';
import { authorityOf } from '../../core/authority.ts';

const HOSTS = [
  'app.corp.example.com',
  'localhost',
  'a',
  'a-b.c--d',
  '1.example.com',
  'example.1com',
  // What `URL` reads otherwise than it stands there, or not at all.
  'APP.example.com',
  'app.example.com.',
  '127.0.0.1',
  '1.2',
  'a.0x1',
  '0x7f.1',
  'a.1',
  '[::1]',
  'xn--',
  'xn--nxasmq6b.example.com',
  'xn--a.example.com',
  'bücher.example',
  'a%62.example.com',
  'a_b.example.com',
  'a..b',
  '.a',
  'a b',
  '',
];
const SCHEMES = ['https://', 'http://', 'HTTPS://', 'https:', 'ftp://', 'wss://', '//', 'x:', ''];
const PORTS = ['', ':443', ':80', ':8443', ':0443', ':', ':x', ':99999'];
const ENDS = ['', '/', '/x?y=https://z/', '?x', '#x', '\\x', '@evil.test/', ' ', '/..//x'];

describe('the authority of a URL is what URL says, of', () => {
  for (const scheme of SCHEMES) {
    test(JSON.stringify(scheme), () => {
      const wrong: string[] = [];
      for (const host of HOSTS) {
        for (const port of PORTS) {
          for (const end of ENDS) {
            for (const user of ['', 'user@', 'app.example.com:x@']) {
              const url = `${scheme}${user}${host}${port}${end}`;
              const expected = URL.canParse(url) ? new URL(url).host : undefined;
              if (authorityOf(url) !== expected) wrong.push(url);
            }
          }
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
});

describe('the authority of a usual URL is read without URL, which is slow:', () => {
  const usual: [url: string, host: string][] = [
    ['https://app.corp.example.com', 'app.corp.example.com'],
    ['https://app.corp.example.com/', 'app.corp.example.com'],
    ['http://app.corp.example.com/x', 'app.corp.example.com'],
    ['https://a-b.c--d?x', 'a-b.c--d'],
    ['https://localhost#x', 'localhost'],
    ['https://1.example.com/', '1.example.com'],
    ['https://a/', 'a'],
    ['https://a.b1/', 'a.b1'],
    ['https://a.b-c/', 'a.b-c'],
  ];
  for (const [url, host] of usual) {
    test(url, () => {
      const { canParse } = URL;
      URL.canParse = () => assert.fail('URL');
      try {
        assert.equal(authorityOf(url), host);
      } finally {
        URL.canParse = canParse;
      }
    });
  }
});
