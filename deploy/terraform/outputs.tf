output "authorizer_function_name" {
  description = "For `aws_lambda_permission`."
  value       = aws_lambda_function.this["authorizer"].function_name
}

output "authorizer_arn" {
  description = "Without a version, so that it never changes."
  value       = aws_lambda_function.this["authorizer"].arn
}

output "authorizer_invoke_arn" {
  description = "For `authorizer_uri`."
  value       = aws_lambda_function.this["authorizer"].invoke_arn
}

output "refresher_function_name" {
  description = "For the first refresh: aws lambda invoke --function-name NAME out.json"
  value       = aws_lambda_function.this["refresher"].function_name
}

output "parameter_name" {
  description = "The SSM parameter that holds the keys: POMERIUM_JWKS_SSM of other functions."
  value       = aws_ssm_parameter.jwks.name
}
