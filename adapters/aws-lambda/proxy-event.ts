type Texts = Readonly<Record<string, string | undefined>>;
type Lists = Readonly<Record<string, string[] | undefined>>;

/**
 * The event of a function behind a Function URL, an HTTP API, a REST API or an ALB, as far as it is read without saying which:
 * each of their types in `@types/aws-lambda` may stand for it. VPC Lattice has other names.
 */
export interface ProxyEvent {
  readonly version?: string | undefined;
  /** Function URLs and HTTP APIs 2.0. */
  readonly rawPath?: string | undefined;
  readonly rawQueryString?: string | undefined;
  readonly routeKey?: string | undefined;
  readonly cookies?: string[] | undefined;
  /** The others. */
  readonly path?: string | undefined;
  readonly httpMethod?: string | undefined;
  readonly resource?: string | undefined;
  readonly headers?: Texts | null | undefined;
  readonly multiValueHeaders?: Lists | null | undefined;
  readonly queryStringParameters?: Texts | null | undefined;
  readonly multiValueQueryStringParameters?: Lists | null | undefined;
  readonly pathParameters?: Texts | null | undefined;
  readonly stageVariables?: Texts | null | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  readonly requestContext?: ProxyRequestContext | undefined;
}

interface ProxyRequestContext {
  readonly requestId?: string | undefined;
  readonly domainName?: string | undefined;
  readonly stage?: string | undefined;
  /** Function URLs and HTTP APIs 2.0. */
  readonly http?:
    | { readonly method: string; readonly path: string; readonly sourceIp: string; readonly userAgent: string }
    | undefined;
  /** REST APIs and HTTP APIs 1.0. */
  readonly identity?: { readonly sourceIp: string; readonly userAgent: string | null } | undefined;
  readonly elb?: { readonly targetGroupArn: string } | undefined;
}

/** The second argument of a function, as Lambda's Node.js runtime makes it. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  getRemainingTimeInMillis(): number;
}
