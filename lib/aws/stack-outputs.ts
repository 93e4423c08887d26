import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { clientSettings } from './clients.ts';
import { awsErrorCode, awsErrorMessage } from './errors.ts';

/** What a deployed stack says of itself. */
export interface DeployedStack {
  readonly outputs: Readonly<Record<string, string>>;
  readonly account: string;
  readonly region: string;
}

/** There is no stack of that name in the account and Region that were asked. */
export class NoSuchStack extends Error {
  override readonly name = 'NoSuchStack';
  readonly stackName: string;
  constructor(stackName: string) {
    super(`There is no stack ${stackName} in this account and Region.`);
    this.stackName = stackName;
  }
}

const isMissing = (error: unknown): boolean =>
  awsErrorCode(error) === 'ValidationError' && awsErrorMessage(error).includes('does not exist');

/**
 * The stack's outputs, and from its ARN (`arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`) where it is.
 * @throws NoSuchStack
 */
export const readStack = async (stack: string, region: string | undefined): Promise<DeployedStack> => {
  const client = new CloudFormationClient({
    ...clientSettings('patient'),
    ...(region === undefined ? {} : { region }),
  });
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const [, , , stackRegion = '', account = ''] = (Stacks[0]?.StackId ?? '').split(':');
    const outputs = (Stacks[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]);
    return { outputs: Object.fromEntries(outputs), account, region: stackRegion };
  } catch (error) {
    if (isMissing(error)) throw new NoSuchStack(stack);
    throw error;
  } finally {
    client.destroy();
  }
};
