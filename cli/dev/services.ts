import { describeFetchFailure } from '../../core/fetch-failure.ts';
import { ASSERTION_HEADER } from '../../core/gate/headers.ts';
import { isObject, parseObject } from '../../core/json.ts';
import type { Service } from './state.ts';

const TIMEOUT = 5000;

/** What a service says of an assertion, and without one. */
export interface ServiceAnswer extends Service {
  readonly answer: ServiceVerdict;
  readonly without: ServiceVerdict;
}

interface ServiceVerdict {
  readonly isIn: boolean;
  readonly text: string;
}

export async function askServices(services: readonly Service[], assertion: string): Promise<ServiceAnswer[]> {
  return Promise.all(
    services.map(async (service) => {
      const [answer, without] = await Promise.all([
        ask(service.url, { [ASSERTION_HEADER]: assertion }),
        ask(service.url, {}),
      ]);
      return { ...service, answer, without };
    }),
  );
}

async function ask(url: string, headers: Record<string, string>): Promise<ServiceVerdict> {
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) });
    const body = parseObject(await response.text());
    return { isIn: response.ok, text: response.ok ? nameIn(body) : `${response.status} ${codeIn(body)}`.trim() };
  } catch (error) {
    return { isIn: false, text: `no answer: ${describeFetchFailure(error)}` };
  }
}

function nameIn(body: unknown): string {
  const { email, user, subject } = isObject(body) ? body : {};
  return String(email || user || subject || 'somebody');
}

function codeIn(body: unknown): string {
  return isObject(body) && typeof body['code'] === 'string' ? body['code'] : '';
}
