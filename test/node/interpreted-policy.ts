/**
 * Pomerium's policy language a second time, as plainly as it can be written: it interprets the document for each
 * decision and shares nothing with core/policy. It knows documents that compilePolicy accepts, and no others.
 */
type Json = Record<string, unknown>;

export interface Facts {
  claims: Json;
  method: string;
  path: string;
  headers: Record<string, string>;
}

export function interpret(document: unknown, facts: Facts, listClaims: readonly string[]): boolean {
  const rules = (Array.isArray(document) ? document : [document]) as Json[];
  const matching = (action: string) =>
    rules.some((rule) => action in rule && bodyHolds(rule[action] as Record<string, Json[]>, facts, listClaims));
  return matching('allow') && !matching('deny');
}

function bodyHolds(body: Record<string, Json[]>, facts: Facts, listClaims: readonly string[]): boolean {
  for (const [operator, criteria] of Object.entries(body)) {
    if (operator === 'action' || criteria.length === 0) continue;
    const results = criteria.map((criterion) => criterionHolds(criterion, facts, listClaims));
    const trues = results.filter((result) => result).length;
    if (operator === 'and' && trues === results.length) return true;
    if (operator === 'or' && trues > 0) return true;
    if (operator === 'not' && trues === 0) return true;
    if (operator === 'nor' && trues < results.length) return true;
  }
  return false;
}

function criterionHolds(
  criterion: Json,
  { claims, method, path, headers }: Facts,
  listClaims: readonly string[],
): boolean {
  const [key = '', data] = Object.entries(criterion)[0] ?? [];
  const [name = '', ...rest] = key.split('/');
  const email = String(claims['email'] ?? '');
  switch (name) {
    case 'accept':
      return true;
    case 'authenticated_user':
      return Boolean(claims['sub']);
    case 'user':
      return Boolean(claims['sub']) && stringHolds(String(claims['sub']), data);
    case 'email':
      return stringHolds(email, data);
    case 'domain':
      return email.split('@')[1] !== undefined && stringHolds(email.split('@')[1] ?? '', data);
    case 'groups':
      return (claims['groups'] as string[]).length > 0 && listHolds(claims['groups'] as string[], data);
    case 'claim': {
      const value = claims[rest.join('/')];
      if (value === undefined) return listHolds([], data);
      if (!listClaims.includes(rest.join('/'))) return listHolds([String(value)], data);
      return listHolds(value === '' ? [] : String(value).split(','), data);
    }
    case 'http_method':
      return stringHolds(method, data);
    case 'http_path':
      return stringHolds(path, data);
    case 'cors_preflight':
      return method === 'OPTIONS' && Boolean(headers['access-control-request-method']) && Boolean(headers['origin']);
    default:
      return false;
  }
}

function stringHolds(value: string, data: unknown): boolean {
  if (typeof data === 'string') return value === data;
  return Object.entries(data as Json).every(([operator, operand]) => {
    const text = String(operand);
    const list = operand as string[];
    if (operator === 'is') return value === text;
    if (operator === 'not') return value !== text;
    if (operator === 'contains') return value.indexOf(text) !== -1;
    if (operator === 'starts_with') return value.slice(0, text.length) === text;
    if (operator === 'ends_with')
      return text.length <= value.length && value.slice(value.length - text.length) === text;
    if (operator === 'in') return list.indexOf(value) !== -1;
    return list.indexOf(value) === -1;
  });
}

function listHolds(values: string[], data: unknown): boolean {
  if (typeof data === 'string') return values.indexOf(data) !== -1;
  return Object.entries(data as Json).every(([operator, operand]) => {
    const isIn = values.indexOf(String(operand)) !== -1;
    if (operator === 'has') return isIn;
    if (operator === 'exclude') return !isIn;
    return isIn && values.length === 1;
  });
}
