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
}

interface AlarmProps {
  readonly alarmTopic?: ITopic;
  readonly forgedThreshold?: number;
  readonly refusedThreshold?: number;
}

const period = Duration.minutes(5);

/** What an operator is told of. docs/aws-deploy.md of pomerium-edge says what to do about each. */
export function addAlarms(
  scope: Construct,
  { authorizer, refresher }: Functions,
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
    if (alarmTopic) alarm.addAlarmAction(new SnsAction(alarmTopic));
  };

  add(
    'KeysUnavailable',
    'The authorizer has no keys and lets nobody in.',
    own('Decisions', 'Sum', 'keys_unavailable').with({ period: Duration.minutes(1) }),
  );
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
      expression: 'FILL(invalid, 0) + FILL(unknown, 0)',
      usingMetrics: {
        invalid: own('Decisions', 'Sum', 'invalid_signature'),
        unknown: own('Decisions', 'Sum', 'unknown_key'),
      },
      period,
    }),
    { threshold: forgedThreshold },
  );
  add(
    'NobodyAllowed',
    'The authorizer refuses everybody.',
    new MathExpression({
      expression: 'IF(FILL(allowed, 0) < 1, decisions, 0)',
      usingMetrics: { decisions, allowed: own('Decisions', 'Sum', 'allowed') },
      period,
    }),
    { threshold: refusedThreshold },
  );
  // No refusal of an HTTP API is an error. Those of a REST API are, unless POMERIUM_RESPONSES is policy.
  add(
    'AuthorizerFails',
    'The authorizer does not start, or throws; API Gateway answers 500.',
    authorizer.metricErrors({ period }),
  );
  add(
    'AuthorizerThrottled',
    "More requests at once than the authorizer's concurrency allows; API Gateway answers 500.",
    authorizer.metricThrottles({ period }),
  );
  add('RefresherFails', 'The refresher fails; its log says why.', refresher.metricErrors({ period }), { threshold: 3 });
  add(
    'RefresherStopped',
    'The schedule does not call the refresher any more.',
    refresher.metricInvocations({ period }),
    { isMissing: true },
  );
}
