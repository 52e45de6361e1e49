import { writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { assert, describe, test } from 'vitest';
import { CONTROL } from '../../cli/doctor/control.ts';
import { examine } from '../../cli/doctor/examine.ts';
import type { Finding } from '../../cli/doctor/finding.ts';
import type { Plan } from '../../cli/doctor/plan.ts';
import {
  compilePolicy,
  createVerifier,
  problemResponse,
  remoteKeys,
  staticKeys,
  type Verifier,
} from '../../core/index.ts';
import { freePort } from '../../scripts/free-port.ts';
import { serve } from '../../scripts/start/server.ts';
import { createTestIssuer } from '../../testing/index.ts';
import { HOST } from '../support/issuer.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';
import { runCli } from './run-cli.ts';
import { file, folder, key, runDoctor, verifier } from './run-doctor.ts';

const isVerified = ({ headersDistinct: headers }: IncomingMessage) =>
  verifier.verifyRequest({ headers }).then(
    () => true,
    () => false,
  );

async function examineServer(
  listener: RequestListener,
  { withKey = false, plan = {} as Partial<Plan>, path = '/admin' } = {},
) {
  let requests = 0;
  const server = await serve((request, response) => {
    requests++;
    listener(request, response);
  });
  try {
    const options = { rate: 10_000, timeout: 10, ...(withKey && { key: file }) };
    const findings = await examine(server.url + path, { audience: HOST, issuerFormat: 'host', ...plan }, options);
    const of = (verdict: string) => findings.filter((finding) => finding.verdict === verdict);
    return { findings, letIn: of('let in'), unclear: of('unclear'), passed: of('as it should'), requests };
  } finally {
    await server.close();
  }
}

const always =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end();

describe('pomerium-edge doctor, where refusals prove nothing', () => {
  const ELSEWHERE = { location: 'https://sso.example.com/login' };
  const cases: [name: string, listener: RequestListener, detail: RegExp, fix: RegExp][] = [
    ['404 for everything', always(404), /^every request got 404/, /address of a page that is there/],
    [
      'a redirect for everything',
      always(302, ELSEWHERE),
      /^every request was sent elsewhere/,
      /goes around whatever asks/,
    ],
    [
      'a firewall that says 403 to everything',
      always(403),
      /^no good request got in, and every request got 403/,
      /--key/,
    ],
    ['a connection that is always cut', (request) => request.socket.destroy(), /every request was cut/, /--key/],
    ['401 for everything', always(401), /^no good request got in: what refuses everything passes/, /--key/],
  ];
  for (const [name, listener, detail, fix] of cases) {
    test(name, async () => {
      const { findings, letIn, unclear } = await examineServer(listener);
      assert.deepEqual(letIn, []);
      const control = unclear.find((finding) => finding.name === CONTROL);
      assert.match(control?.detail ?? '', detail);
      assert.match(control?.fix ?? '', fix);
      if (/404|elsewhere/.test(detail.source)) assert.equal(unclear.length, findings.length);
    });
  }

  const behindNode =
    (status: number, headers: Record<string, string> = {}): RequestListener =>
    (request, response) => {
      // Of itself, a server of Node.js takes 16 KiB of headers.
      const isLarge = request.rawHeaders.join('').length > 16_384;
      response.writeHead(isLarge ? 431 : status, isLarge ? {} : headers).end();
    };
  const limited: [name: string, listener: RequestListener, detail: RegExp][] = [
    ['404', behindNode(404), /^every request got 404: perhaps nothing is there/],
    ['a redirect', behindNode(302, ELSEWHERE), /^every request was sent elsewhere/],
    ['403', behindNode(403), /^no good request got in, and every request got 403/],
  ];
  for (const [name, listener, detail] of limited) {
    for (const withKey of [false, true]) {
      test(`${name} for everything, of a server that answers large headers itself, ${withKey ? 'with' : 'without'} the key`, async () => {
        const { letIn, unclear } = await examineServer(listener, { withKey });
        assert.deepEqual(letIn, []);
        assert.match(unclear.find((finding) => finding.name === CONTROL)?.detail ?? '', detail);
      });
    }
  }

  test('says of no request that is not so that it was cut', async () => {
    const { unclear } = await examineServer((request, response) => {
      if (request.url?.includes('..')) request.socket.destroy();
      else response.writeHead(500).end();
    });
    assert.equal(
      unclear.find((finding) => finding.name === CONTROL)?.detail,
      'no good request got in, and every request got 500: what refuses everything passes, too',
    );
  });

  const refusals: [status: number, detail: RegExp][] = [
    [404, /is it the right path/],
    [302, /is it the right address/],
    [401, /is it the right key/],
  ];
  for (const [status, detail] of refusals) {
    test(`a good assertion that gets ${status}`, async () => {
      const { unclear } = await examineServer(always(status, ELSEWHERE), { withKey: true });
      assert.match(unclear.find(({ name }) => name === 'a good assertion')?.detail ?? '', detail);
    });
  }

  test('the exit code is 3, the count is of requests, and CI sees an error', async () => {
    const server = await serve(always(404));
    try {
      const junit = join(folder, 'doctor.xml');
      const { code, stdout } = await runDoctor(server.url, '--junit', junit);
      assert.equal(code, 3);
      const [, requests, unclear] = /^(\d+) requests: 0 let in that must not be, (\d+) unclear\.$/m.exec(stdout) ?? [];
      assert.equal(Number(unclear), Number(requests) + 1);
      assert.match(stdout, /^\? a request that must get in +UNCLEAR +–/m);
    } finally {
      await server.close();
    }
  });
});

describe('pomerium-edge doctor, where an answer does not come to its end', () => {
  const begin = (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('what nobody but Alice may see');
  };
  const ends: [name: string, end: (response: ServerResponse) => void, timeout: number][] = [
    ['cut', (response) => setImmediate(() => response.destroy()), 10],
    ['never ended', () => {}, 0.5],
  ];
  for (const [name, end, timeout] of ends) {
    test(`a page that is ${name} was given away all the same`, async () => {
      const server = await serve(async (request, response) => {
        const isGood = await isVerified(request);
        if (isGood) return void response.end('what nobody but Alice may see');
        if (request.url !== '/admin;x=1') return void response.writeHead(401).end();
        begin(response);
        end(response);
      });
      try {
        const options = { rate: 10_000, timeout, key: file };
        const findings = await examine(`${server.url}/admin`, { audience: HOST, issuerFormat: 'host' }, options);
        const letIn = findings.filter(({ verdict }) => verdict === 'let in');
        assert.deepEqual(
          letIn.map((finding) => [finding.name, finding.status]),
          [['path /admin;x=1', 200]],
        );
      } finally {
        await server.close();
      }
    });
  }

  test('an address that nobody listens at, or that is not trusted, is told once', async () => {
    const origin = await startTlsOrigin(folder, always(401));
    try {
      for (const [url, reason] of [
        [`http://127.0.0.1:${await freePort()}/`, 'the connection was refused (ECONNREFUSED)'],
        [origin.url, 'its certificate is not trusted here'],
      ] as const) {
        const { code, stdout } = await runDoctor(url);
        assert.equal(code, 3);
        assert.include(stdout, `? the address  UNCLEAR  –  no answer: ${reason}`);
        assert.match(stdout, /\n1 request: 0 let in that must not be, 1 unclear\.\n$/);
      }
    } finally {
      origin.close();
    }
  });

  test('a change of protocol is unclear, and holds nothing up', async () => {
    const { letIn, unclear, findings } = await examineServer(({ socket }) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    });
    assert.deepEqual(letIn, []);
    assert.equal(unclear.length, findings.length);
    assert.include(unclear[0], { status: 101, detail: 'neither let in nor refused' });
  });

  test('a report that cannot be written takes nothing of the table', async () => {
    const server = await serve(always(401));
    try {
      const { code, stdout, stderr } = await runDoctor(server.url, '--junit', join(folder, 'nowhere', 'doctor.xml'));
      assert.match(stdout, /^\d+ requests: 0 let in/m);
      assert.match(stderr, /doctor\.xml cannot be written: ENOENT\.\n$/);
      assert.equal(code, 2);
    } finally {
      await server.close();
    }
  });

  for (const args of [
    ['--rate', '0'],
    ['--timeout', '0'],
    ['--timeout', '99999999999'],
  ]) {
    test(`${args.join(' ')} is called wrongly`, async () => {
      const { code, stderr } = await runCli(['doctor', 'http://127.0.0.1:1/', '-a', HOST, '-y', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, /^pomerium-edge: --(rate|timeout) must be a number from 0\.01 to \d+; it is "\d+"\.\n$/);
    });
  }
});

describe('pomerium-edge doctor, where Pomerium answers', () => {
  const answers: [name: string, listener: RequestListener][] = [
    ['sends people to sign in', always(302, { location: 'https://authenticate.example.com/.pomerium/sign_in?x=1' })],
    ['marks an answer of its own', always(403, { 'x-pomerium-intercepted-response': 'true' })],
  ];
  for (const [name, listener] of answers) {
    for (const withKey of [false, true]) {
      test(`it ${name}: ${withKey ? 'with' : 'without'} the key nothing more is sent`, async () => {
        const { findings, requests } = await examineServer(listener, { withKey });
        assert.lengthOf(findings, 1);
        assert.include(findings[0], { verdict: 'unclear', detail: 'this is Pomerium: it answers itself' });
        assert.match(findings[0]?.fix ?? '', /the address behind it/);
        assert.equal(requests, withKey ? 2 : 1);
      });
    }
  }

  test('the host of the route is its address', async () => {
    const { code, stdout } = await runCli(['doctor', `https://${HOST}/admin`, '-a', HOST, '-y']);
    assert.equal(code, 3);
    assert.match(
      stdout,
      /this is Pomerium: the host of the URL is that of the route[\s\S]*→ Give the address behind it/,
    );
  });

  test('but not that of an app on this machine', async () => {
    const { findings } = await examineServer(always(401), { plan: { audience: '127.0.0.1' } });
    assert.isAbove(findings.length, 10);
  });

  test('but a service that sends people to sign in is none, and lets a good assertion in', async () => {
    const { letIn, unclear } = await examineServer(
      async (request, response) => {
        if (await isVerified(request)) return void response.end('a page of its own');
        response.writeHead(302, { location: `https://${HOST}/.pomerium/sign_in` }).end();
      },
      { withKey: true },
    );
    assert.deepEqual([...letIn, ...unclear], []);
  });
});

/** Answers as the library does. */
const guardedBy =
  (guard: Verifier): RequestListener =>
  async ({ headersDistinct: headers }, response) => {
    const refusal = await guard.verifyRequest({ headers }).then(
      () => undefined,
      (error) => problemResponse(error),
    );
    response.writeHead(refusal?.status ?? 200).end(refusal ? await refusal.text() : 'a page of its own');
  };

describe('pomerium-edge doctor, where only some may see the page', () => {
  const forAdmins = guardedBy(
    createVerifier({
      audience: HOST,
      keys: staticKeys({ keys: [key.publicJwk] }),
      policy: compilePolicy({ allow: { and: [{ groups: 'admins' }] } }),
    }),
  );
  const run = async (listener: RequestListener, ...args: string[]) => {
    const server = await serve(listener);
    try {
      return await runDoctor(`${server.url}/admin`, '--key', file, ...args);
    } finally {
      await server.close();
    }
  };
  const alice = join(folder, 'alice.json');
  const saved = { email: 'alice@example.com', groups: ['admins'], aud: 'b', iss: 'b', exp: 1, iat: 0 };
  writeFileSync(alice, JSON.stringify(saved));

  test('says that the person may not see it, and of no key that is there already', async () => {
    const { code, stdout } = await run(forAdmins);
    assert.equal(code, 3);
    assert.match(
      stdout,
      /a good assertion +UNCLEAR +403 +the assertion is good, but this person may not see this path/,
    );
    assert.match(stdout, /^→ Say with --groups or --as who may see this path, or give another path\.$/m);
    assert.notMatch(stdout, /Say --key/);
  });

  test('asks about the person, too, where a 403 has no code', async () => {
    const { unclear } = await examineServer(always(403), { withKey: true });
    const [good] = unclear;
    assert.match(good?.detail ?? '', /is it the right key.*may this person see this path/);
    assert.match(good?.fix ?? '', /--groups or --as/);
  });

  for (const args of [
    ['--groups', 'staff,admins'],
    ['--as', alice],
    ['--as', alice, '--groups', 'admins'],
  ]) {
    test(`proves it with ${args.filter((arg) => arg.startsWith('-')).join(' and ')}`, async () => {
      const { code, stdout } = await run(forAdmins, ...args);
      assert.equal(code, 0, stdout);
    });
  }

  test('--as has what the file says, and no group of anybody else', async () => {
    const bob = join(folder, 'bob.json');
    writeFileSync(bob, JSON.stringify({ email: 'bob@example.com' }));
    assert.match((await run(forAdmins, '--as', bob)).stdout, /this person may not see this path/);
    assert.equal((await run(forAdmins, '--as', bob, '--groups', 'admins')).code, 0);
  });

  test('signs what is good but for one flaw for that person, too', async () => {
    const ofAdmins = createVerifier({
      audience: [HOST, `other.${HOST}`],
      issuer: HOST,
      keys: staticKeys({ keys: [key.publicJwk] }),
    });
    const careless: RequestListener = async ({ headersDistinct: headers }, response) => {
      const identity = await ofAdmins.verifyRequest({ headers }).catch(() => undefined);
      const isIn = identity?.groups.includes('admins') === true;
      response.writeHead(isIn ? 200 : 403).end(isIn ? 'a page of its own' : 'no');
    };
    const server = await serve(careless);
    const args = ['--key', file, '--groups', 'admins'];
    const { stdout } = await runDoctor(`${server.url}/admin`, ...args).finally(() => server.close());
    assert.match(stdout, /✗ for another route +LET IN/);
  });

  test('--as and --groups want --key, and a file with an identity', async () => {
    for (const args of [
      ['--as', alice],
      ['--groups', 'admins'],
    ]) {
      const { code, stderr } = await runCli(['doctor', 'http://127.0.0.1:1/', '-a', HOST, '-y', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, /--as and --groups are for --key/);
    }
    writeFileSync(join(folder, 'wrong.json'), '{"groups":"admins"}');
    const { code, stderr } = await run(forAdmins, '--as', join(folder, 'wrong.json'));
    assert.equal(code, 2);
    assert.match(stderr, /wrong\.json is no identity/);
  });
});

describe('pomerium-edge doctor, where the endpoint may not ask for more keys yet', () => {
  test('a 503 of the library lets nobody in, and what to do is said once', async () => {
    const issuer = await createTestIssuer({ host: HOST, keys: [key] });
    const jwks = await issuer.serve();
    const guard = guardedBy(createVerifier({ audience: HOST, keys: remoteKeys(jwks.jwksUrl) }));
    try {
      // Each run has strange keys of its own.
      for (let run = 1; run < 3; run++) await examineServer(guard);
      const { findings, letIn, unclear } = await examineServer(guard);
      assert.deepEqual(letIn, []);
      assert.deepEqual(
        unclear.map(({ name }) => name),
        [CONTROL],
      );
      const putOff = findings.filter(({ status }) => status === 503);
      assert.isAbove(putOff.length, 0);
      for (const finding of putOff) assert.include(finding, { verdict: 'as it should' });
      assert.deepEqual(
        [...new Set(putOff.map(({ fix }) => fix?.replace(/:.*/, '')))],
        ['Wait a minute, or lower --rate'],
      );
    } finally {
      await jwks.close();
    }
  });

  test('where there are no keys at all, nothing is proved', async () => {
    const issuer = await createTestIssuer({ host: HOST });
    const jwks = await issuer.serve();
    await jwks.close();
    const guard = guardedBy(createVerifier({ audience: HOST, keys: remoteKeys(jwks.jwksUrl) }));
    const { unclear } = await examineServer(guard, { withKey: true });
    assert.include(
      unclear.find(({ name }) => name === 'a good assertion'),
      { detail: 'a good assertion is not answered for now' },
    );
    assert.isDefined(unclear.find(({ name }) => name === CONTROL));
  });

  test('a 503 of something else is unclear', async () => {
    const { unclear } = await examineServer(always(503));
    assert.match(unclear[0]?.fix ?? '', /^Wait a minute, or lower --rate/);
  });
});

const SHELL = '<!doctype html><title>Staff area</title><nav>Home of the company, Reports of the year</nav>';
const CONTENT = '<h1>Salaries of everybody</h1><p>Alice earns a lot of money</p><p>Bob earns even more of it</p>';
/** As Next.js 16 streams a page: what waits, and what puts the rest into its place. */
const FRAME = '<section><p>Please wait a little</p><template id="B:0"></template></section>';
const MACHINE = '<script>$RX=function(b,c){var a=document.getElementById(b);a&&(a.data="an error in here")};</script>';
const NOINDEX = '<meta name="robots" content="noindex"/>';

describe('pomerium-edge doctor compares with what somebody sees who may', () => {
  /** A framework that renders: `refusal` for whom the gate does not let in. */
  const site =
    (
      refusal: (request: IncomingMessage, response: ServerResponse) => void,
      page = SHELL + FRAME + CONTENT + MACHINE,
    ): RequestListener =>
    async (request, response) => {
      if (!(await isVerified(request))) return refusal(request, response);
      if (request.url === '/admin' || request.url === '/') return void response.end(page);
      response.writeHead(404).end(SHELL);
    };
  const say = (status: number, body: string) => (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status).end(body);

  const sound: [name: string, refusal: ReturnType<typeof say>][] = [
    ['a page that refuses after its status was sent', say(200, `${SHELL}<h1>Sign in first</h1>${NOINDEX}`)],
    ['the data of one', say(200, '2:E{"digest":"NEXT_HTTP_ERROR_FALLBACK;401"}')],
    ['a redirect in one', say(200, `${SHELL}<meta id="x" http-equiv="refresh" content="0;url=/in"/>`)],
    ['one whose frame was sent with it', say(200, `${SHELL}${FRAME}${MACHINE}<h1>Sign in first</h1>${NOINDEX}`)],
    ['a refusal in the frame of all pages', say(401, `${SHELL}<h1>Sign in first</h1>`)],
  ];
  for (const [name, refusal] of sound) {
    test(`nothing is wrong with ${name}`, async () => {
      const { letIn, unclear } = await examineServer(site(refusal), { withKey: true });
      assert.deepEqual([...letIn, ...unclear], []);
    });
  }

  test('a refusal that comes with half of the page is unclear', async () => {
    const half = CONTENT.slice(0, CONTENT.indexOf('<p>Bob'));
    const { letIn, unclear } = await examineServer(site(say(200, SHELL + half + NOINDEX), SHELL + CONTENT), {
      withKey: true,
    });
    assert.deepEqual(letIn, []);
    assert.match(unclear[0]?.detail ?? '', /half of its text/);
  });

  test('without the key a page that may have refused is unclear', async () => {
    const { letIn, unclear } = await examineServer(site(say(200, SHELL + NOINDEX)));
    assert.deepEqual(letIn, []);
    assert.match(unclear[0]?.detail ?? '', /with --key it is compared/);
  });

  const flight = `<script>self.__next_f.push([1,"${CONTENT.replace(/<[^>]*>/g, '\\"')}"])</script>`;
  const broken: [name: string, refusal: ReturnType<typeof say>, detail: string, page?: string][] = [
    ['200 with the page', say(200, SHELL + CONTENT), 'it must be refused'],
    ['200 with another page', say(200, `${SHELL}<h1>Hello, guest</h1>`), 'it must be refused'],
    ['a page with noindex and the content', say(200, SHELL + FRAME + CONTENT + NOINDEX), 'it must be refused'],
    ['noindex, which the page has, too', say(200, SHELL + NOINDEX), 'it must be refused', SHELL + CONTENT + NOINDEX],
    ['401 of a layout, with the page', say(401, SHELL + CONTENT), 'the status refuses, but the page is in the body'],
    [
      '401, with the page as data',
      say(401, `${SHELL}<h1>Sign in</h1>${flight}`),
      'the status refuses, but the page is in the body',
    ],
    ['403, with a page of one word', say(403, 'secret'), 'the status refuses, but the page is in the body', 'secret'],
  ];
  for (const [name, refusal, detail, page] of broken) {
    test(`finds ${name}`, async () => {
      const { letIn } = await examineServer(site(refusal, page), { withKey: true });
      assert.include(
        letIn.find((finding) => finding.name === 'no assertion'),
        { detail },
      );
    });
  }
});

describe('pomerium-edge doctor --cookie', () => {
  const COOKIE = '_pomerium=abc';
  const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.AAAA';
  const hands: [name: string, listener: RequestListener, verdict: Finding['verdict'], detail: RegExp][] = [
    ['an assertion', (_, response) => void response.end(token), 'let in', /^Pomerium gives an assertion/],
    ['404', always(404), 'as it should', /^Pomerium gives no assertion away/],
    ['a redirect', always(302, { location: 'https://a/.pomerium/sign_in' }), 'unclear', /^the cookie is of no session/],
    ['a page', (_, response) => void response.end('<html>'), 'unclear', /is this Pomerium/],
  ];
  for (const [name, listener, verdict, detail] of hands) {
    test(`asks Pomerium for an assertion, and gets ${name}`, async () => {
      const asked: (string | undefined)[] = [];
      const pomerium = await serve((request, response) => {
        asked.push(request.url, request.headers.cookie);
        listener(request, response);
      });
      try {
        const plan = { session: { origin: pomerium.url, cookie: COOKIE } };
        const { findings } = await examineServer(always(401), { plan });
        assert.include(findings[0], { name: '/.pomerium/jwt, with a session', verdict });
        assert.match(findings[0]?.detail ?? '', detail);
        assert.deepEqual(asked, ['/.pomerium/jwt', COOKIE]);
      } finally {
        await pomerium.close();
      }
    });
  }

  test('as a value or in a file, without a word of either in the output', async () => {
    const server = await serve((request, response) => {
      response.writeHead(request.headers.cookie === COOKIE ? 200 : 401).end(token);
    });
    writeFileSync(join(folder, 'cookie.txt'), `Cookie: ${COOKIE}\n`);
    try {
      for (const cookie of [COOKIE, join(folder, 'cookie.txt')]) {
        const { code, stdout } = await runDoctor(server.url, '--cookie', cookie, '--pomerium', server.url);
        assert.equal(code, 1);
        assert.match(stdout, /^✗ \/\.pomerium\/jwt, with a session +LET IN +200/m);
        assert.match(stdout, /→ Take the runtime flag pomerium_jwt_endpoint away/);
        assert.notMatch(stdout, /eyJ|abc/);
      }
    } finally {
      await server.close();
    }
  });

  const wrong: [args: string[], message: RegExp][] = [
    [
      ['--cookie', 'a-value-without-its-name'],
      /^pomerium-edge: --cookie takes a line such as "_pomerium=…", or a file that can be read and holds it\.\n$/,
    ],
    [['--cookie', 'a=b\nc'], /--cookie takes a line/],
    [['--pomerium', 'https://a'], /--pomerium is for --cookie/],
    [['--cookie', 'a=b', '--pomerium', 'x'], /--pomerium takes an http/],
  ];
  for (const [args, message] of wrong) {
    test(`says in a sentence what is wrong with: ${args.join(' ').replace('\n', ' ')}`, async () => {
      const { code, stderr } = await runCli(['doctor', 'http://127.0.0.1:1/', '-a', HOST, '-y', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }
});
