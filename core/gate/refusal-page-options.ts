import { configurationError, describeValue } from '../errors.ts';
import { isPlainObject } from '../json.ts';
import { requireKnown } from '../option-readers.ts';
import { ENGLISH, type RefusalTexts } from './refusal-texts.ts';

/** The page that a person gets who is refused. Plain data: `POMERIUM_REFUSAL_PAGE` takes it as JSON. */
export interface RefusalPageOptions {
  /**
   * What people call this site.
   * @defaultValue its host behind Pomerium, where there is one only
   */
  siteName?: string;
  /**
   * Where people get help: a link of `https`, `http` or `mailto`.
   * @defaultValue none
   */
  helpUrl?: string;
  /**
   * The page's texts by language (a tag such as `nl` or `pt-BR`), of which `Accept-Language` chooses; the first is for whoever
   * asks for none of them. What a language leaves out is English, and English is always there.
   * @defaultValue English
   */
  texts?: Readonly<Record<string, RefusalTexts>>;
}

const EXAMPLE = "{ siteName: 'Wiki', texts: { nl: { 403: ['Geen toegang', 'Vraag het de helpdesk.'] } } }";

/** @throws {PomeriumError} `invalid_configuration`. `option`: how the operator wrote it. */
export function readRefusalPage(option: string, value: unknown = {}): RefusalPageOptions {
  if (!isPlainObject(value)) throw mistake(option, 'an object', value);
  requireKnown(value, ['siteName', 'helpUrl', 'texts'], `member of ${option}`);
  const { siteName, helpUrl, texts } = value as Record<string, unknown>;
  if (siteName !== undefined && !isText(siteName)) throw mistake(`${option}.siteName`, 'text', siteName);
  if (helpUrl !== undefined && !isHelpUrl(helpUrl)) {
    throw mistake(`${option}.helpUrl`, 'a URL of https, http or mailto', helpUrl);
  }
  if (texts !== undefined) requireTexts(`${option}.texts`, texts);
  return value;
}

function requireTexts(name: string, texts: unknown): void {
  if (!isPlainObject(texts)) throw mistake(name, 'an object of languages', texts);
  for (const [language, words] of Object.entries(texts)) {
    if (!/^[a-z]{2,8}(-[a-z\d]{1,8})*$/i.test(language)) throw mistake(name, 'by language', language);
    const of = `${name}.${language}`;
    if (!isPlainObject(words)) throw mistake(of, 'an object', words);
    requireKnown(words, Object.keys(ENGLISH), `text ${of}`);
    for (const [key, text] of Object.entries(words)) {
      const isMessage = /\d/.test(key);
      const isRight = isMessage ? Array.isArray(text) && text.length === 2 && text.every(isText) : isText(text);
      if (!isRight) throw mistake(`${of}.${key}`, isMessage ? 'a list of heading and advice' : 'text', text);
    }
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isHelpUrl(value: unknown): boolean {
  return typeof value === 'string' && /^(https?:\/\/|mailto:)/i.test(value) && URL.canParse(value);
}

function mistake(name: string, expected: string, value: unknown): Error {
  return configurationError(`${name} must be ${expected}, as in ${EXAMPLE}; it is ${describeValue(value)}.`);
}
