# What an operator is told of: the same alarms as those of deploy/aws-lambda/alarms.yml.
# Metrics of the namespace PomeriumEdge are the authorizer's own: their dimension "service" is the function's name.
locals {
  authorizer = aws_lambda_function.this["authorizer"].function_name
  refresher  = aws_lambda_function.this["refresher"].function_name

  alarms = {
    keys-unavailable = {
      description = "The authorizer has no keys and lets nobody in."
      namespace   = "PomeriumEdge"
      metric      = "Decisions"
      dimensions  = { service = local.authorizer, code = "keys_unavailable" }
      period      = 60
    }
    keys-not-refreshed = {
      description = "The authorizer cannot refresh its keys. It lets nobody in once they are an hour old."
      namespace   = "PomeriumEdge"
      metric      = "KeyRefreshFailures"
      dimensions  = { service = local.authorizer }
      periods     = 3
      datapoints  = 2
    }
    # Not by Errors of the function: a refusal with "Unauthorized", as REST APIs and WebSockets want it, is one of them.
    authorizer-fails = {
      description = "The authorizer has no keys, or makes a mistake; API Gateway answers 500."
      namespace   = "PomeriumEdge"
      metric      = "Failures"
      dimensions  = { service = local.authorizer }
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
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = try(each.value.statistic, "Sum")
  period              = try(each.value.period, 300)
  evaluation_periods  = try(each.value.periods, 1)
  datapoints_to_alarm = try(each.value.datapoints, null)
  threshold           = try(each.value.threshold, 1)
  comparison_operator = try(each.value.comparison, "GreaterThanOrEqualToThreshold")
  treat_missing_data  = try(each.value.missing, "notBreaching")
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "forged" {
  alarm_name          = "${var.name}-forged"
  alarm_description   = "Somebody sends assertions that Pomerium did not sign."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.forged_threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  metric_query {
    id          = "forged"
    expression  = "FILL(invalid, 0) + FILL(unknown, 0)"
    label       = "signed by somebody else"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { invalid = "invalid_signature", unknown = "unknown_key" }
    content {
      id = metric_query.key
      metric {
        namespace   = "PomeriumEdge"
        metric_name = "Decisions"
        dimensions  = { service = local.authorizer, code = metric_query.value }
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "nobody_allowed" {
  alarm_name          = "${var.name}-nobody-allowed"
  alarm_description   = "The authorizer refuses everybody."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.refused_threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  metric_query {
    id          = "refused"
    expression  = "IF(FILL(allowed, 0) < 1, decisions, 0)"
    label       = "refused while nobody is let in"
    return_data = true
  }

  metric_query {
    id = "decisions"
    metric {
      namespace   = "PomeriumEdge"
      metric_name = "Latency"
      dimensions  = { service = local.authorizer }
      period      = 300
      stat        = "SampleCount"
    }
  }

  metric_query {
    id = "allowed"
    metric {
      namespace   = "PomeriumEdge"
      metric_name = "Decisions"
      dimensions  = { service = local.authorizer, code = "allowed" }
      period      = 300
      stat        = "Sum"
    }
  }
}

# Not "invocations - decisions": an invocation counts where it begins and a decision where it ends, maybe in the next period.
resource "aws_cloudwatch_metric_alarm" "authorizer_never_starts" {
  alarm_name          = "${var.name}-authorizer-never-starts"
  alarm_description   = "The authorizer fails without a single decision; API Gateway answers 500."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions

  metric_query {
    id          = "undecided"
    expression  = "IF(FILL(decisions, 0) < 1, errors, 0)"
    label       = "errors while nothing is decided"
    return_data = true
  }

  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = { FunctionName = local.authorizer }
      period      = 300
      stat        = "Sum"
    }
  }

  metric_query {
    id = "decisions"
    metric {
      namespace   = "PomeriumEdge"
      metric_name = "Latency"
      dimensions  = { service = local.authorizer }
      period      = 300
      stat        = "SampleCount"
    }
  }
}
