import { configurationError } from '../../core/adapter.ts';
import { requireMethods } from './require-methods.ts';

/** The AWS SDK's `SSMClient`, or the part of its `SSM` that is used. */
export type SsmClientLike = SsmSender | SsmMethods;

interface SsmSender {
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own signature has a type for each command
  send(command: any): Promise<any>;
}

/** What needs no command classes of the SDK. */
export interface SsmMethods {
  getParameter(input: { Name: string }): Promise<{ Parameter?: { Value?: string | undefined } | undefined }>;
  putParameter(input: {
    Name: string;
    Value: string;
    Type: 'String';
    Overwrite: true;
    Tier: 'Intelligent-Tiering';
  }): Promise<unknown>;
}

const SDK = '@aws-sdk/client-ssm';

/**
 * `client`'s methods; without a client, those of one that the AWS SDK of the runtime makes. Once for a store.
 * @throws {PomeriumError} `invalid_configuration`
 */
export function ssmMethods(client: SsmClientLike | undefined): () => Promise<SsmMethods> {
  if (hasMethods(client)) return async () => client;
  requireMethods('client', client, ['send']);
  let made: SsmMethods | undefined;
  return async () => {
    made ??= commandsOf(await requireSdk(), client);
    return made;
  };
}

function hasMethods(client: SsmClientLike | undefined): client is SsmMethods {
  return 'getParameter' in Object(client);
}

function commandsOf(sdk: typeof import('@aws-sdk/client-ssm'), given: SsmSender | undefined): SsmMethods {
  const client: SsmSender = given ?? new sdk.SSMClient({});
  return {
    getParameter: (input) => client.send(new sdk.GetParameterCommand(input)),
    putParameter: (input) => client.send(new sdk.PutParameterCommand(input)),
  };
}

/**
 * By a `require` that no bundler follows (webpack does where `createRequire` is imported by its name): an `import()` wants the SDK to
 * be installed, or puts all of it into each bundle. From the working folder, on Lambda that of the function, and then NODE_PATH, where
 * the runtime has it for ES modules, too.
 *
 * @throws {PomeriumError} `invalid_configuration`
 */
async function requireSdk(): Promise<typeof import('@aws-sdk/client-ssm')> {
  const { default: module } = await import('node:module');
  try {
    return module.createRequire(`${process.cwd()}/`)(SDK);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : String(error);
    throw configurationError(
      `${SDK} cannot be loaded (${reason}). Lambda's Node.js runtimes bring it along; elsewhere install it, or pass client to ssmStore.`,
    );
  }
}
