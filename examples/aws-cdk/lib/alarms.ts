import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

interface Functions {
  readonly authorizer: IFunction;
  readonly refresher: IFunction;
  /** The authorizer's. */
  readonly timeout: Duration;
}

interface AlarmProps {
  readonly alarmTopic?: ITopic;
  readonly forgedThreshold?: number;
  readonly refusedThreshold?: number;
}

const period = Duration.minutes(5);

/**
 * What an operator is told of. docs/aws-deploy.md of pomerium-edge says what to do about each.
 * A metric that nothing was counted for yet does not exist. In metric math "+" takes what is missing as 0; of FILL AWS does not
 * say whether it does, and IF leaves out what has no condition.
 */
export function addAlarms(
  scope: Construct,
  { authorizer, refresher, timeout }: Functions,
  { alarmTopic, forgedThreshold = 10, refusedThreshold = 10 }: AlarmProps,
): void {
  const own = (metricName: string, statistic: string, code?: string) =>
    new Metric({
      namespace: 'PomeriumEdge',
      metricName,
      statistic,
      period,
      dimensionsMap: { service: authorizer.functionName, ...(code && { code }) },
    });
  const decisionsOf = (code: string) => own('Decisions', 'Sum', code);
  const decisions = own('Latency', 'SampleCount');
  const add = (
    id: string,
    alarmDescription: string,
    metric: IMetric,
    { threshold = 1, evaluationPeriods = 1, datapointsToAlarm = 1, isMissing = false } = {},
  ) => {
    const alarm = new Alarm(scope, id, {
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods,
      datapointsToAlarm,
      comparisonOperator: isMissing
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: isMissing ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    if (!alarmTopic) return;
    alarm.addAlarmAction(new SnsAction(alarmTopic));
    alarm.addOkAction(new SnsAction(alarmTopic));
  };

  add(
    'KeysNotRefreshed',
    'The authorizer cannot refresh its keys. It lets nobody in once they are an hour old.',
    own('KeyRefreshFailures', 'Sum'),
    { evaluationPeriods: 3, datapointsToAlarm: 2 },
  );
  add(
    'Forged',
    'Somebody sends assertions that Pomerium did not sign.',
    new MathExpression({
      expression: 'invalid + unknown',
      usingMetrics: { invalid: decisionsOf('invalid_signature'), unknown: decisionsOf('unknown_key') },
      period,
    }),
    { threshold: forgedThreshold },
  );
  add(
    'NobodyAllowed',
    'The authorizer refuses everybody.',
    new MathExpression({
      expression: 'IF(allowed + 0 * decisions < 1, decisions, 0)',
      usingMetrics: { allowed: decisionsOf('allowed'), decisions },
      period,
    }),
    { threshold: refusedThreshold },
  );
  // Not by Errors of the function: a refusal with "Unauthorized", as REST APIs and WebSockets want it, is one of them.
  add(
    'AuthorizerFails',
    'The authorizer has no keys, or makes a mistake; API Gateway answers 500.',
    new MathExpression({
      expression: 'unavailable + misconfigured',
      usingMetrics: {
        unavailable: decisionsOf('keys_unavailable'),
        misconfigured: decisionsOf('invalid_configuration'),
      },
      period: Duration.minutes(1),
    }),
  );
  add(
    'AuthorizerTimesOut',
    'The authorizer times out; API Gateway answers 500.',
    authorizer.metricDuration({ period, statistic: 'Maximum' }),
    { threshold: timeout.toMilliseconds() },
  );
  // Not "invocations - decisions": an invocation counts where it begins and a decision where it ends, maybe in the next period.
  add(
    'AuthorizerNeverStarts',
    'The authorizer fails without a single decision; API Gateway answers 500.',
    new MathExpression({
      expression: 'IF(decisions + 0 * errors < 1, errors, 0)',
      usingMetrics: { decisions, errors: authorizer.metricErrors({ period }) },
      period,
    }),
  );
  add(
    'AuthorizerThrottled',
    "More requests at once than the authorizer's concurrency allows; API Gateway answers 500.",
    authorizer.metricThrottles({ period }),
  );
  add(
    'RefresherFails',
    'The refresher fails; its log says why. Keys that only come from the parameter end after an hour.',
    refresher.metricErrors({ period }),
    { threshold: 3 },
  );
  add(
    'RefresherStopped',
    'The schedule does not call the refresher any more.',
    refresher.metricInvocations({ period }),
    { isMissing: true },
  );
}
