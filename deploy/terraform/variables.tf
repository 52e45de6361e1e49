variable "zip_path" {
  description = "The zip with both functions. Default: dist/pomerium-authorizer.zip of the package that this module is in."
  type        = string
  default     = null
}

variable "name" {
  description = "What the names of functions, roles, log groups and alarms begin with. One for each stage."
  type        = string
  default     = "pomerium-authorizer"
}

variable "audience" {
  description = "The host name of the route in Pomerium; several with commas. Either this or `routes`."
  type        = string
  default     = null
}

variable "routes" {
  description = "Pomerium's own routes as JSON, as `npx pomerium-edge routes config.yaml --for aws` prints them. Either this or `audience`."
  type        = string
  default     = null
}

variable "environment" {
  description = "All other POMERIUM_* variables, such as `{ POMERIUM_ALGORITHMS = \"RS256\" }`, and NODE_EXTRA_CA_CERTS."
  type        = map(string)
  default     = {}
}

variable "parameter_name" {
  description = "The SSM parameter that holds the keys. Default: /NAME/jwks."
  type        = string
  default     = null
}

variable "api_execution_arns" {
  description = "The APIs that may call the authorizer, each by a name of yours and its `execution_arn`."
  type        = map(string)
  default     = {}
}

variable "runtime" {
  description = "Lambda's runtime: nodejs22.x or later."
  type        = string
  default     = "nodejs24.x"
}

variable "architecture" {
  description = "arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "memory_size" {
  description = "Megabytes for each function."
  type        = number
  default     = 256
}

variable "reserved_concurrency" {
  description = "How many requests the authorizer may check at once. -1: as many as the account has to give."
  type        = number
  default     = -1
}

variable "log_retention_in_days" {
  description = "For how long the functions' logs are kept."
  type        = number
  default     = 30
}

variable "vpc_config" {
  description = "The VPC of the authorizer. Without a way out to Pomerium set POMERIUM_FETCH_KEYS to false in `environment`."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default     = null
}

variable "refresher_vpc_config" {
  description = "The VPC of the refresher, where Pomerium answers only from there."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default     = null
}

variable "alarm_actions" {
  description = "What is told of alarms: ARNs of SNS topics."
  type        = list(string)
  default     = []
}

variable "forged_threshold" {
  description = "How many forged assertions in five minutes raise an alarm."
  type        = number
  default     = 10
}

variable "refused_threshold" {
  description = "How many refusals in five minutes raise an alarm, where nobody at all is let in."
  type        = number
  default     = 10
}
