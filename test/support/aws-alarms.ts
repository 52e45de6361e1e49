/** The alarms that every deployable for AWS has, by their names. */
export interface ExpectedAlarm {
  readonly description: string;
  /** Of the metrics; none where there is one metric alone. */
  readonly expression: string | undefined;
  readonly metrics: Readonly<Record<string, ExpectedMetric>>;
  readonly threshold: number;
  readonly comparison: string;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly missing: string;
  /** Whether an SNS topic hears of it. */
  readonly actions: { readonly alarm: boolean; readonly ok: boolean };
}

interface ExpectedMetric {
  readonly name: string;
  /** Of functions by what they are: `authorizer` or `refresher`. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat: string;
  /** Seconds. */
  readonly period: number;
}

const own = (name: string, { code, ...more }: { code?: string; stat?: string; period?: number } = {}) => ({
  name: `PomeriumEdge ${name}`,
  dimensions: { service: 'authorizer', ...(code && { code }) },
  stat: 'Sum',
  period: 300,
  ...more,
});
const lambda = (name: string, FunctionName: 'authorizer' | 'refresher', stat = 'Sum') => ({
  name: `AWS/Lambda ${name}`,
  dimensions: { FunctionName },
  stat,
  period: 300,
});
const decisions = own('Latency', { stat: 'SampleCount' });

const DEFAULTS = {
  expression: undefined,
  threshold: 1,
  comparison: 'GreaterThanOrEqualToThreshold',
  evaluationPeriods: 1,
  datapointsToAlarm: 1,
  missing: 'notBreaching',
  actions: { alarm: true, ok: true },
};

/** With the thresholds that are there by default, and a timeout of ten seconds. */
export const ALARMS: Readonly<Record<string, ExpectedAlarm>> = {
  'keys-not-refreshed': {
    ...DEFAULTS,
    description: 'The authorizer cannot refresh its keys. It lets nobody in once they are an hour old.',
    metrics: { metric: own('KeyRefreshFailures') },
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
  },
  forged: {
    ...DEFAULTS,
    description: 'Somebody sends assertions that Pomerium did not sign.',
    expression: 'invalid + unknown',
    metrics: {
      invalid: own('Decisions', { code: 'invalid_signature' }),
      unknown: own('Decisions', { code: 'unknown_key' }),
    },
    threshold: 10,
  },
  'nobody-allowed': {
    ...DEFAULTS,
    description: 'The authorizer refuses everybody.',
    expression: 'IF(allowed + 0 * decisions < 1, decisions, 0)',
    metrics: { allowed: own('Decisions', { code: 'allowed' }), decisions },
    threshold: 10,
  },
  'authorizer-fails': {
    ...DEFAULTS,
    description: 'The authorizer has no keys, or makes a mistake; API Gateway answers 500.',
    expression: 'unavailable + misconfigured',
    metrics: {
      unavailable: own('Decisions', { code: 'keys_unavailable', period: 60 }),
      misconfigured: own('Decisions', { code: 'invalid_configuration', period: 60 }),
    },
  },
  'authorizer-times-out': {
    ...DEFAULTS,
    description: 'The authorizer times out; API Gateway answers 500.',
    metrics: { metric: lambda('Duration', 'authorizer', 'Maximum') },
    threshold: 10_000,
  },
  'authorizer-never-starts': {
    ...DEFAULTS,
    description: 'The authorizer fails without a single decision; API Gateway answers 500.',
    expression: 'IF(decisions + 0 * errors < 1, errors, 0)',
    metrics: { errors: lambda('Errors', 'authorizer'), decisions },
  },
  'authorizer-throttled': {
    ...DEFAULTS,
    description: "More requests at once than the authorizer's concurrency allows; API Gateway answers 500.",
    metrics: { metric: lambda('Throttles', 'authorizer') },
  },
  'refresher-fails': {
    ...DEFAULTS,
    description: 'The refresher fails; its log says why. Keys that only come from the parameter end after an hour.',
    metrics: { metric: lambda('Errors', 'refresher') },
    threshold: 3,
  },
  'refresher-stopped': {
    ...DEFAULTS,
    description: 'The schedule does not call the refresher any more.',
    metrics: { metric: lambda('Invocations', 'refresher') },
    comparison: 'LessThanThreshold',
    missing: 'breaching',
  },
};

interface Dimension {
  readonly Name: string;
  readonly Value: unknown;
}

interface AlarmProperties {
  readonly AlarmDescription: string;
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Statistic?: string;
  readonly Period?: number;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly ReturnData?: boolean;
    readonly MetricStat?: {
      readonly Metric: { Namespace: string; MetricName: string; Dimensions: readonly Dimension[] };
      readonly Period: number;
      readonly Stat: string;
    };
  }[];
  readonly Threshold: unknown;
  readonly ComparisonOperator: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly TreatMissingData: string;
  readonly AlarmActions?: unknown;
  readonly OKActions?: unknown;
}

type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>>;

/**
 * The alarms of a CloudFormation template. Their names are those of the resources, as `forged` of `ForgedAlarm`; `prefix` is
 * what the CDK puts before them. `parameters`: what the template's own are by default.
 */
export function alarmsOf(
  resources: Resources,
  { prefix = '', parameters = {} }: { prefix?: string; parameters?: Readonly<Record<string, unknown>> } = {},
): Record<string, ExpectedAlarm> {
  const alarms = Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');
  return Object.fromEntries(
    alarms.map(([id, { Properties }]) => {
      const name = id.slice(prefix.length).replace(/Alarm$|[0-9A-F]{8}$/, '');
      return [toKebabCase(name), readAlarm(Properties as AlarmProperties, parameters)];
    }),
  );
}

function readAlarm(alarm: AlarmProperties, parameters: Readonly<Record<string, unknown>>): ExpectedAlarm {
  const { Metrics = [], Threshold, EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods } = alarm;
  const returned = Metrics.filter(({ ReturnData = true }) => ReturnData);
  const stats = Metrics.flatMap(({ Id, MetricStat }) => (MetricStat ? [[Id, toMetric(MetricStat)] as const] : []));
  const { Namespace = '', MetricName = '', Dimensions = [], Statistic = '', Period = 0 } = alarm;
  const single = { Metric: { Namespace, MetricName, Dimensions }, Stat: Statistic, Period };
  return {
    description: alarm.AlarmDescription,
    expression: returned.length > 0 ? returned.map(({ Expression }) => Expression).join() : undefined,
    metrics: returned.length > 0 ? Object.fromEntries(stats) : { metric: toMetric(single) },
    threshold: Number(parameters[nameOf(Threshold)] ?? Threshold),
    comparison: alarm.ComparisonOperator,
    evaluationPeriods: EvaluationPeriods,
    datapointsToAlarm: DatapointsToAlarm,
    missing: alarm.TreatMissingData,
    actions: { alarm: hasTopic(alarm.AlarmActions), ok: hasTopic(alarm.OKActions) },
  };
}

function toMetric({ Metric, Stat, Period }: Required<NonNullable<AlarmProperties['Metrics']>[number]>['MetricStat']) {
  const dimensions = Metric.Dimensions.map(({ Name, Value }) => [Name, functionOf(nameOf(Value))] as const);
  return {
    name: `${Metric.Namespace} ${Metric.MetricName}`,
    dimensions: Object.fromEntries(dimensions),
    stat: Stat,
    period: Period,
  };
}

/** Of a reference, what it leads to; of everything else, what is written. */
function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'Ref' in value ? String(value.Ref) : String(value);
}

/** Which function a resource of such a name is; every other value as it is. */
function functionOf(name: string): string {
  return /authorizer|refresher/i.exec(name)?.[0].toLowerCase() ?? name;
}

/** Where there are actions only if there is a topic, those. */
function hasTopic(actions: unknown): boolean {
  return /HasAlarmTopic|arn:aws:sns:/.test(JSON.stringify(actions) ?? '');
}

function toKebabCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
}
