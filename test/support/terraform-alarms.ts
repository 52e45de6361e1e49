import type { ExpectedAlarm } from './aws-alarms.ts';

type Values = Readonly<Record<string, unknown>>;
type Block = Values & { readonly for_each: string };

/** A file as `hcl2json` gives it. */
interface Blocks {
  readonly locals?: readonly Values[];
  readonly resource?: Readonly<Record<string, Values>>;
}

/** The alarms that each `aws_cloudwatch_metric_alarm` makes of what its `for_each` names. `values`: of all other expressions. */
export function alarmsOfTerraform(blocks: Blocks = {}, values: Values): Record<string, ExpectedAlarm> {
  const locals = Object.fromEntries(
    (blocks.locals ?? []).flatMap(Object.entries).map(([name, value]) => [`local.${name}`, value]),
  );
  const resources = Object.values(blocks.resource?.['aws_cloudwatch_metric_alarm'] ?? {});
  return Object.fromEntries(
    resources.flat().flatMap((resource) => {
      const scope = { ...locals, ...values };
      const instances = evaluate((resource as Block).for_each, scope) as Values;
      return Object.entries(instances).map(([key, value]) => {
        const alarm = readAlarm(resource as Block, { ...scope, each: { key, value } });
        return [key, alarm];
      });
    }),
  );
}

function readAlarm(resource: Block, scope: Values): ExpectedAlarm {
  const alarm = evaluate({ ...resource, metric_query: undefined, dynamic: undefined }, scope) as Values;
  const { metric_query: queries, dynamic } = resource as unknown as {
    metric_query?: readonly [Values];
    dynamic?: { metric_query: readonly [{ for_each: string; content: readonly [{ metric: readonly [Values] }] }] };
  };
  const [each] = dynamic?.metric_query ?? [];
  const metrics = Object.entries(each ? (evaluate(each.for_each, scope) as Values) : {}).map(([key, value]) => {
    const [metric] = each?.content[0].metric ?? [];
    return [key, toMetric(evaluate(metric, { ...scope, metric_query: { key, value } }) as Values)] as const;
  });
  const [query] = queries ?? [];
  const periods = Number(alarm['evaluation_periods']);
  return {
    description: String(alarm['alarm_description']),
    expression: query && String(evaluate(query['expression'], scope)),
    metrics: query ? Object.fromEntries(metrics) : { metric: toMetric(alarm) },
    threshold: Number(alarm['threshold']),
    comparison: String(alarm['comparison_operator']),
    evaluationPeriods: periods,
    datapointsToAlarm: Number(alarm['datapoints_to_alarm'] ?? periods),
    missing: String(alarm['treat_missing_data']),
    actions: { alarm: Array.isArray(alarm['alarm_actions']), ok: Array.isArray(alarm['ok_actions']) },
  };
}

function toMetric({ namespace, metric_name, dimensions, statistic, stat, period }: Values) {
  return {
    name: `${namespace} ${metric_name}`,
    dimensions: dimensions as Record<string, string>,
    stat: String(stat ?? statistic),
    period: Number(period),
  };
}

/** Of the language only what alarms.tf has: names, members, and `try` with a literal. */
function evaluate(value: unknown, scope: Values): unknown {
  if (Array.isArray(value)) return value.map((one) => evaluate(one, scope));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, evaluate(member, scope)]));
  }
  const [, expression] = /^\$\{([^{}]+)\}$/.exec(String(value)) ?? [];
  if (typeof value !== 'string' || expression === undefined) return value;
  const [, path, fallback] = /^try\(([\w.]+), (.+)\)$/.exec(expression) ?? [];
  if (path !== undefined && fallback !== undefined) return lookUp(path, scope) ?? JSON.parse(fallback);
  const found = lookUp(expression, scope);
  if (found === undefined) throw new Error(`alarms.tf has ${expression}, which this test does not know.`);
  return found;
}

function lookUp(path: string, scope: Values): unknown {
  if (path in scope) return evaluate(scope[path], scope);
  const members = path.split('.');
  const found = members.reduce<unknown>(
    (parent, name) => (typeof parent === 'object' && parent !== null ? (parent as Values)[name] : undefined),
    scope,
  );
  return evaluate(found, scope);
}
