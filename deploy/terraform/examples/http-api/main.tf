# An HTTP API behind Pomerium. Copy this file into a folder of your own, and run "npm install pomerium-edge" there.
# In a clone of pomerium-edge set source to "../..", after "npm run package:lambda".
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.19"
    }
  }
}

variable "audience" {
  description = "The host name of the route in Pomerium."
  type        = string
}

variable "upstream" {
  description = "The URL of what is behind the API."
  type        = string
}

module "pomerium" {
  source = "./node_modules/pomerium-edge/deploy/terraform"

  audience           = var.audience
  api_execution_arns = { http = aws_apigatewayv2_api.this.execution_arn }
}

resource "aws_apigatewayv2_api" "this" {
  name          = "behind-pomerium"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_authorizer" "pomerium" {
  api_id          = aws_apigatewayv2_api.this.id
  name            = "pomerium"
  authorizer_type = "REQUEST"
  authorizer_uri  = module.pomerium.authorizer_invoke_arn
  # Without this header API Gateway answers 401 by itself.
  identity_sources                  = ["$request.header.x-pomerium-jwt-assertion"]
  authorizer_payload_format_version = "2.0"
  # The provider's default is false: API Gateway then wants a policy, does not understand the authorizer's answer, and answers
  # 500 to everybody. Where it has to be false, set POMERIUM_RESPONSES to policy in the module's environment.
  enable_simple_responses = true
  # Pomerium signs a new assertion for every request: a cached answer is never used again. The provider's default is AWS's, 300.
  authorizer_result_ttl_in_seconds = 0
}

resource "aws_apigatewayv2_integration" "upstream" {
  api_id             = aws_apigatewayv2_api.this.id
  integration_type   = "HTTP_PROXY"
  integration_method = "ANY"
  integration_uri    = var.upstream

  # What is behind the API may believe the first, which is always there, and no other x-pomerium-claim-*: those are the client's.
  request_parameters = {
    "overwrite:header.x-pomerium-claim-sub"  = "$context.authorizer.subject"
    "remove:header.x-pomerium-claim-email"   = "''"
    "remove:header.x-pomerium-jwt-assertion" = "''"
  }
}

resource "aws_apigatewayv2_route" "all" {
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = "$default"
  target             = "integrations/${aws_apigatewayv2_integration.upstream.id}"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.pomerium.id
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/behind-pomerium"
  retention_in_days = 30
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      requestId = "$context.requestId"
      route     = "$context.routeKey"
      status    = "$context.status"
      subject   = "$context.authorizer.subject"
      code      = "$context.authorizer.code"
      error     = "$context.error.responseType"
    })
  }
}

output "url" {
  value = aws_apigatewayv2_api.this.api_endpoint
}
