locals {
  zip_path       = coalesce(var.zip_path, "${path.module}/../../dist/pomerium-authorizer.zip")
  parameter_name = coalesce(var.parameter_name, "/${var.name}/jwks")

  environment = merge(
    var.environment,
    { POMERIUM_JWKS_SSM = local.parameter_name },
    var.audience == null ? {} : { POMERIUM_AUDIENCE = var.audience },
    var.routes == null ? {} : { POMERIUM_ROUTES = var.routes },
  )

  functions = {
    authorizer = {
      parameter_actions    = ["ssm:GetParameter"]
      reserved_concurrency = var.reserved_concurrency
      vpc_config           = var.vpc_config
    }
    refresher = {
      parameter_actions    = ["ssm:GetParameter", "ssm:PutParameter"]
      reserved_concurrency = -1
      vpc_config           = var.refresher_vpc_config
    }
  }
}

# Its value is the refresher's; until its first run it holds no keys, and the authorizer asks Pomerium itself.
resource "aws_ssm_parameter" "jwks" {
  name  = local.parameter_name
  type  = "String"
  value = "{}"

  lifecycle {
    ignore_changes = [value, tier]
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_in_days
}

resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name    = "${var.name}-${each.key}"
  role             = aws_iam_role.this[each.key].arn
  filename         = local.zip_path
  source_code_hash = filebase64sha256(local.zip_path)
  handler          = "${each.key}.handler"
  runtime          = var.runtime
  architectures    = [var.architecture]
  memory_size      = var.memory_size
  timeout          = 10

  reserved_concurrent_executions = each.value.reserved_concurrency

  environment {
    variables = local.environment
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = each.value.vpc_config[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = (var.audience == null) != (var.routes == null)
      error_message = "Set either audience or routes."
    }
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

# An authorizer that has its keys from the parameter alone learns of a new key, and of a withdrawn one, by this.
resource "aws_cloudwatch_event_rule" "refresh" {
  name                = "${var.name}-refresh"
  schedule_expression = "rate(1 minute)"
}

resource "aws_cloudwatch_event_target" "refresh" {
  rule = aws_cloudwatch_event_rule.refresh.name
  arn  = aws_lambda_function.this["refresher"].arn
}

resource "aws_lambda_permission" "refresh" {
  function_name = aws_lambda_function.this["refresher"].function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.refresh.arn
}

resource "aws_lambda_permission" "api" {
  for_each = var.api_execution_arns

  function_name = aws_lambda_function.this["authorizer"].function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${each.value}/authorizers/*"
}
