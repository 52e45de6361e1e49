# What an operator is told of: the same alarms as those of deploy/aws-lambda/alarms.yml.
# Metrics of the namespace PomeriumEdge are the authorizer's own: their dimension "service" is the function's name.
# One that nothing was counted for yet does not exist. In metric math "+" takes what is missing as 0; of FILL AWS does not say
# whether it does, and IF leaves out what has no condition.
locals {
  authorizer = aws_lambda_function.this["authorizer"].function_name
  refresher  = aws_lambda_function.this["refresher"].function_name

  alarms = {
    keys-not-refreshed = {
      description = "The authorizer cannot refresh its keys. It lets nobody in once they are an hour old."
      namespace   = "PomeriumEdge"
      metric      = "KeyRefreshFailures"
      dimensions  = { service = local.authorizer }
      periods     = 3
      datapoints  = 2
    }
    authorizer-times-out = {
      description = "The authorizer times out; API Gateway answers 500."
      namespace   = "AWS/Lambda"
      metric      = "Duration"
      statistic   = "Maximum"
      dimensions  = { FunctionName = local.authorizer }
      threshold   = aws_lambda_function.this["authorizer"].timeout * 1000
    }
    authorizer-throttled = {
      description = "More requests at once than the authorizer's concurrency allows; API Gateway answers 500."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = local.authorizer }
    }
    refresher-fails = {
      description = "The refresher fails; its log says why. Keys that only come from the parameter end after an hour."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = local.refresher }
      threshold   = 3
    }
    refresher-stopped = {
      description = "The schedule does not call the refresher any more."
      namespace   = "AWS/Lambda"
      metric      = "Invocations"
      dimensions  = { FunctionName = local.refresher }
      comparison  = "LessThanThreshold"
      missing     = "breaching"
    }
  }

  math_alarms = {
    forged = {
      description = "Somebody sends assertions that Pomerium did not sign."
      expression  = "invalid + unknown"
      threshold   = var.forged_threshold
      metrics = {
        invalid = {
          namespace  = "PomeriumEdge"
          metric     = "Decisions"
          dimensions = { service = local.authorizer, code = "invalid_signature" }
        }
        unknown = {
          namespace  = "PomeriumEdge"
          metric     = "Decisions"
          dimensions = { service = local.authorizer, code = "unknown_key" }
        }
      }
    }
    nobody-allowed = {
      description = "The authorizer refuses everybody."
      expression  = "IF(allowed + 0 * decisions < 1, decisions, 0)"
      threshold   = var.refused_threshold
      metrics = {
        allowed = {
          namespace  = "PomeriumEdge"
          metric     = "Decisions"
          dimensions = { service = local.authorizer, code = "allowed" }
        }
        decisions = {
          namespace  = "PomeriumEdge"
          metric     = "Latency"
          statistic  = "SampleCount"
          dimensions = { service = local.authorizer }
        }
      }
    }
    # Not by Errors of the function: a refusal with "Unauthorized", as REST APIs and WebSockets want it, is one of them.
    authorizer-fails = {
      description = "The authorizer has no keys, or makes a mistake; API Gateway answers 500."
      expression  = "unavailable + misconfigured"
      period      = 60
      metrics = {
        unavailable = {
          namespace  = "PomeriumEdge"
          metric     = "Decisions"
          dimensions = { service = local.authorizer, code = "keys_unavailable" }
        }
        misconfigured = {
          namespace  = "PomeriumEdge"
          metric     = "Decisions"
          dimensions = { service = local.authorizer, code = "invalid_configuration" }
        }
      }
    }
    # Not "invocations - decisions": an invocation counts where it begins and a decision where it ends, maybe in the next period.
    authorizer-never-starts = {
      description = "The authorizer fails without a single decision; API Gateway answers 500."
      expression  = "IF(decisions + 0 * errors < 1, errors, 0)"
      metrics = {
        errors = {
          namespace  = "AWS/Lambda"
          metric     = "Errors"
          dimensions = { FunctionName = local.authorizer }
        }
        decisions = {
          namespace  = "PomeriumEdge"
          metric     = "Latency"
          statistic  = "SampleCount"
          dimensions = { service = local.authorizer }
        }
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = try(each.value.statistic, "Sum")
  period              = 300
  evaluation_periods  = try(each.value.periods, 1)
  datapoints_to_alarm = try(each.value.datapoints, null)
  threshold           = try(each.value.threshold, 1)
  comparison_operator = try(each.value.comparison, "GreaterThanOrEqualToThreshold")
  treat_missing_data  = try(each.value.missing, "notBreaching")
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "math" {
  for_each = local.math_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  threshold           = try(each.value.threshold, 1)
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  metric_query {
    id          = "result"
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics
    content {
      id = metric_query.key
      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        period      = try(each.value.period, 300)
        stat        = try(metric_query.value.statistic, "Sum")
      }
    }
  }
}
