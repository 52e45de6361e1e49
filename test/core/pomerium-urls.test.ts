import { assert, describe, test } from 'vitest';
import { pomeriumUrls } from '../../core/index.ts';
import { assertMisconfigured } from '../support/verifying.ts';

describe('pomeriumUrls', () => {
  test('are relative without a host', () => {
    assert.deepEqual(pomeriumUrls(), {
      signOut: '/.pomerium/sign_out',
      account: '/.pomerium/',
      user: '/.pomerium/user',
    });
  });

  const hosts: [host: string, origin: string][] = [
    ['app.corp.example.com', 'https://app.corp.example.com'],
    ['App.Corp.example.com', 'https://app.corp.example.com'],
    ['a', 'https://a'],
    ['localhost:8443', 'https://localhost:8443'],
    ['app.example.com:443', 'https://app.example.com'],
    ['my_app.example.com', 'https://my_app.example.com'],
    ['[::1]:8443', 'https://[::1]:8443'],
    ['10.0.0.1', 'https://10.0.0.1'],
  ];
  for (const [host, origin] of hosts) {
    test(`of ${host} are on ${origin}`, () => {
      assert.deepEqual(pomeriumUrls(host), {
        signOut: `${origin}/.pomerium/sign_out`,
        account: `${origin}/.pomerium/`,
        user: `${origin}/.pomerium/user`,
      });
    });
  }

  const wrong: unknown[] = [
    '',
    'https://app.example.com',
    'app.example.com/',
    'user@app.example.com',
    'app.example.com#x',
    'app.example.com?x',
    'app.example.com\\x',
    '*.example.com',
    'app example.com',
    'app.example.com:99999',
    'app.example.com:',
    '-',
    '[::1',
    null,
    1,
  ];
  for (const host of wrong) {
    test(`of ${JSON.stringify(host)} are a mistake`, () =>
      assertMisconfigured(() => pomeriumUrls(host as string), /host must be a host name, as in pomeriumUrls\(/));
  }

  test('say where to go after signing out, as Pomerium takes it', () => {
    const { signOut } = pomeriumUrls(undefined, { afterSignOut: 'https://www.example.com/bye?a=1&b=2#c' });
    const url = new URL(signOut, 'https://app.example.com');
    assert.equal(url.pathname, '/.pomerium/sign_out');
    assert.deepEqual([...url.searchParams], [['pomerium_redirect_uri', 'https://www.example.com/bye?a=1&b=2#c']]);
  });

  for (const afterSignOut of ['http://www.example.com/bye', 'HTTPS://www.example.com/']) {
    test(`take ${afterSignOut} for that`, () => {
      const { signOut } = pomeriumUrls(undefined, { afterSignOut });
      assert.equal(new URL(signOut, 'https://a').searchParams.get('pomerium_redirect_uri'), new URL(afterSignOut).href);
    });
  }

  const noUrls = [
    '/bye',
    '//www.example.com',
    'javascript:alert(1)',
    'javascript:"https://a"',
    'https:',
    '',
    1,
    new URL('https://a'),
  ];
  for (const afterSignOut of noUrls) {
    test(`take no ${JSON.stringify(afterSignOut)} for that`, () =>
      assertMisconfigured(
        () => pomeriumUrls(undefined, { afterSignOut: afterSignOut as string }),
        /^afterSignOut must be an absolute URL/,
      ));
  }
});
