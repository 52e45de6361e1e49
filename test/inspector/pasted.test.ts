import { assert, describe, test } from 'vitest';
import { pickAssertion } from '../../inspector/pasted.ts';
import { SEED_TOKEN as TOKEN } from '../support/seed.ts';

const OTHER = TOKEN.replace(/\.[^.]*$/, '.other');

describe('the assertion in what people copy', () => {
  const copied: [name: string, text: string][] = [
    ['alone', `\n${TOKEN}\r\n`],
    ['with the name of the header', `X-Pomerium-Jwt-Assertion: ${TOKEN}`],
    ['as a bearer token', `Authorization: Bearer ${TOKEN}`],
    ['in quotes', `"${TOKEN}"`],
    ['in single quotes', `'${TOKEN}'`],
    ['of a variable', `TOKEN="${TOKEN}"`],
    ['broken into lines', TOKEN.replace(/.{60}/g, '$&\n  ')],
    ['of curl -v', `> x-pomerium-jwt-assertion: ${TOKEN}`],
    ['of a curl command', `curl -H 'X-Pomerium-Jwt-Assertion: ${TOKEN}' http://127.0.0.1:8787/`],
    ['of JSON', JSON.stringify({ assertion: TOKEN })],
    [
      'of JSON with the headers',
      JSON.stringify({ authorization: `Bearer ${OTHER}`, 'x-pomerium-jwt-assertion': TOKEN }),
    ],
    [
      'of a dump of headers',
      `host: a\r\ncookie: session=${OTHER}\r\nx-pomerium-jwt-assertion: ${TOKEN}\r\naccept: */*`,
    ],
    ['of a page', `<!doctype html>\n<p>your assertion is <code>${TOKEN}</code></p>`],
  ];
  for (const [name, text] of copied) {
    test(name, () => {
      assert.equal(pickAssertion(text), TOKEN);
    });
  }

  const left: [name: string, text: string][] = [
    ['two of them', `${TOKEN},${TOKEN}`],
    ['two of them on lines', `${TOKEN}\n${OTHER}`],
    ['white space within', TOKEN.replace('.', ' .')],
    ['padding', TOKEN.replace('.', '=.')],
    ['no assertion', '<!doctype html>\n<title>Sign in</title>'],
    ['a word', 'rubbish'],
  ];
  for (const [name, text] of left) {
    test(`is not looked for in ${name}`, () => {
      assert.equal(pickAssertion(text), text);
    });
  }
});
