import { assert, describe, test } from 'vitest';
import type { GateOptions, GateRequest } from '../../core/adapter.ts';
import { createVerifier, staticKeys } from '../../core/index.ts';
import { ASSERTION, key, makeGateRig } from '../support/gate.ts';
import { jwks, NOW, sign } from '../support/issuer.ts';
import { errorOf } from '../support/verifying.ts';

const WIKI = 'wiki.example.com';
const PAYROLL = 'payroll.example.com';
const both: GateOptions = { audience: [WIKI, PAYROLL] };
const withAddress: GateOptions = { audience: [WIKI, '2001:DB8::1'] };
const assertion = (aud: unknown, iss: string) => sign(key, { aud, iss });

const FOR = {
  wiki: await assertion(WIKI, WIKI),
  'wiki, with the issuer as a URI': await assertion(WIKI, `https://${WIKI}/`),
  payroll: await assertion(PAYROLL, PAYROLL),
  'an IPv6 address': await assertion('2001:DB8::1', '2001:DB8::1'),
  'wiki, issued by payroll': await assertion(WIKI, PAYROLL),
  'wiki, issued by payroll as a URI': await assertion(WIKI, `https://${PAYROLL}/`),
  'both, issued by payroll': await assertion([WIKI, PAYROLL], PAYROLL),
  'wiki and a stranger': await assertion([WIKI, 'other.example.com'], WIKI),
  'wiki and a stranger, issued by the stranger': await assertion([WIKI, 'other.example.com'], 'other.example.com'),
  'wiki, issued by the authenticate service': await assertion(WIKI, 'authenticate.example.com'),
};

type Row = [which: keyof typeof FOR, options: GateOptions, request: Partial<GateRequest>, answer: string];

function testAnswers(title: string, rows: readonly Row[]) {
  describe(title, () => {
    for (const [which, options, request, answer] of rows) {
      const { url = '/', headers = {} } = request;
      test(`for ${which}, ${JSON.stringify({ ...options, url, ...headers })}: ${answer}`, async () => {
        const all = { ...(headers as Record<string, string>), [ASSERTION]: FOR[which] };
        assert.equal(await makeGateRig(options).ask({ url, headers: all }), answer);
      });
    }
  });
}

testAnswers('issuer and audience are the same one of several audiences', [
  ['wiki', both, {}, 'u-alice'],
  ['wiki, with the issuer as a URI', both, {}, 'u-alice'],
  ['payroll', both, {}, 'u-alice'],
  ['wiki, issued by payroll', both, {}, 'issuer_mismatch'],
  ['wiki, issued by payroll as a URI', both, {}, 'issuer_mismatch'],
  ['both, issued by payroll', both, {}, 'u-alice'],
  ['wiki and a stranger', both, {}, 'u-alice'],
  ['wiki and a stranger, issued by the stranger', both, {}, 'issuer_mismatch'],
  ['wiki, issued by payroll', { audience: [WIKI] }, {}, 'issuer_mismatch'],
]);

testAnswers('with an issuer option, issuer and audience need not be the same one of several audiences', [
  ['wiki, issued by payroll', { ...both, issuer: [WIKI, PAYROLL] }, {}, 'u-alice'],
  ['wiki, issued by the authenticate service', { ...both, issuer: 'authenticate.example.com' }, {}, 'u-alice'],
  ['wiki', { ...both, issuer: 'authenticate.example.com' }, {}, 'issuer_mismatch'],
  ['wiki', { ...both, issuer: WIKI }, { url: `https://${PAYROLL}/` }, 'audience_mismatch'],
]);

testAnswers('where the request was sent to one of several audiences, it must be that one', [
  ['wiki', both, { url: `https://${WIKI}/` }, 'u-alice'],
  ['wiki', both, { url: `https://${PAYROLL}/` }, 'audience_mismatch'],
  ['wiki', both, { url: `https://${PAYROLL}:8443/` }, 'audience_mismatch'],
  ['wiki', both, { url: `https://${PAYROLL}./` }, 'audience_mismatch'],
  ['wiki', both, { url: `https://${PAYROLL.toUpperCase()}/` }, 'audience_mismatch'],
  ['wiki', both, { headers: { host: PAYROLL } }, 'audience_mismatch'],
  ['wiki', both, { headers: { Host: PAYROLL } }, 'audience_mismatch'],
  ['wiki', both, { headers: { host: PAYROLL.toUpperCase() } }, 'audience_mismatch'],
  ['wiki', both, { headers: { host: `${PAYROLL}:8443` } }, 'audience_mismatch'],
  ['wiki', both, { headers: { host: `${PAYROLL}.` } }, 'audience_mismatch'],
  ['wiki', both, { headers: { host: `${PAYROLL}.:8443` } }, 'audience_mismatch'],
  ['wiki', both, { headers: { host: `${WIKI}.:8443` } }, 'u-alice'],
  ['wiki', both, { url: `https://${WIKI}/`, headers: { host: PAYROLL } }, 'audience_mismatch'],
  ['both, issued by payroll', both, { url: `https://${WIKI}/`, headers: { host: PAYROLL } }, 'audience_mismatch'],
  [
    'both, issued by payroll',
    { ...both, issuer: PAYROLL },
    { url: `https://${PAYROLL}/`, headers: { host: WIKI } },
    'audience_mismatch',
  ],
  // Node.js hands over such a target, and new URL(req.url, …) takes it for a host.
  ['wiki', both, { url: `//${PAYROLL}/x`, headers: { host: WIKI } }, 'audience_mismatch'],
  ['wiki', both, { url: `/\\${PAYROLL}/x`, headers: { host: WIKI } }, 'audience_mismatch'],
  ['wiki', both, { url: `//${PAYROLL}:8443`, headers: { host: WIKI } }, 'audience_mismatch'],
  ['wiki', both, { url: `/${PAYROLL}/x`, headers: { host: WIKI } }, 'u-alice'],
  ['wiki', both, { url: '//x/x', headers: { host: WIKI } }, 'u-alice'],
  ['wiki', both, { url: '//', headers: { host: WIKI } }, 'u-alice'],
  ['wiki', both, { headers: { ':authority': PAYROLL } }, 'audience_mismatch'],
  ['wiki', both, { headers: { ':authority': `${PAYROLL}:8443`, host: WIKI } }, 'audience_mismatch'],
  ['wiki', both, { headers: { ':authority': WIKI, host: PAYROLL } }, 'audience_mismatch'],
  ['wiki', both, { headers: { ':authority': WIKI } }, 'u-alice'],
  ['wiki', withAddress, { headers: { host: '[2001:db8::1]' } }, 'audience_mismatch'],
  ['wiki', withAddress, { headers: { host: '[2001:db8::1]:443' } }, 'audience_mismatch'],
  ['wiki', withAddress, { url: 'https://[2001:db8::1]:8443/' }, 'audience_mismatch'],
  ['an IPv6 address', withAddress, { headers: { host: '[2001:db8::1]' } }, 'u-alice'],
  ['an IPv6 address', withAddress, { url: 'https://[2001:db8::1]:8443/' }, 'u-alice'],
  ['an IPv6 address', withAddress, { headers: { host: WIKI } }, 'audience_mismatch'],
  ['both, issued by payroll', both, { url: `https://${WIKI}/` }, 'issuer_mismatch'],
  ['both, issued by payroll', both, { url: `https://${PAYROLL}/` }, 'u-alice'],
]);

testAnswers('a host that is none of several audiences says nothing, nor does any beside a single one', [
  ['wiki', both, { url: 'https://edge.example/' }, 'u-alice'],
  ['payroll', both, { url: 'https://edge.example/' }, 'u-alice'],
  ['wiki', both, { headers: { host: 'edge.example' } }, 'u-alice'],
  ['wiki', both, { headers: { 'x-forwarded-host': PAYROLL } }, 'u-alice'],
  ['wiki', { audience: WIKI }, { url: `https://${PAYROLL}/` }, 'u-alice'],
  ['payroll', { audience: WIKI }, { url: `https://${WIKI}/` }, 'audience_mismatch'],
]);

test('a request that names two of several audiences is told to be for one host', async () => {
  const verifier = createVerifier({ audience: [WIKI, PAYROLL], keys: staticKeys(jwks(key)), now: () => NOW });
  const headers = { host: PAYROLL, [ASSERTION]: FOR.wiki };
  const error = await errorOf(() => verifier.verifyRequest({ url: `https://${WIKI}/`, headers }));
  assert.equal(error?.code, 'audience_mismatch');
  assert.equal(error?.expected, 'one host');
});
