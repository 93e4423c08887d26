/**
 * ECR as an account without repositories: `serverless remove` asks for one and goes on when there is none.
 *
 * What it does not model: repositories and images.
 */
import { jsonError } from '../http/answers.ts';
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION, type LocalService } from '../service.ts';

const operationOf = (target: string | undefined): string => target?.split('.').at(-1) ?? 'none';

export const ecrService = (): LocalService => ({
  signingNames: ['ecr'],
  understand: (request) => {
    const operation = operationOf(request.headers['x-amz-target']);
    const resource = `arn:aws:ecr:${LOCAL_REGION}:${LOCAL_ACCOUNT}:repository/*`;
    return {
      action: `ecr:${operation}`,
      checks: [{ action: `ecr:${operation}`, resource, context: {} }],
      parameters: {},
    };
  },
  handle: async () => {
    throw new AwsError(400, 'RepositoryNotFoundException', 'The local cloud holds no container repositories.');
  },
  error: (status, code, message) => jsonError(status, code, message, '1.1'),
});
