/**
 * STS GetCallerIdentity.
 *
 * What it does not model: AssumeRole and every other call; sessions are handed out by the local cloud itself.
 */
import { queryAnswer, queryError } from '../http/answers.ts';
import { parseAwsQuery, queryString } from '../http/aws-query.ts';
import { callerArn } from '../iam/caller.ts';
import { AwsError, LOCAL_ACCOUNT, type LocalService } from '../service.ts';

export const stsService = (): LocalService => ({
  signingNames: ['sts'],
  understand: (request) => {
    const action = queryString(parseAwsQuery(request.body), 'Action') ?? 'none';
    if (action !== 'GetCallerIdentity') {
      throw new AwsError(400, 'InvalidAction', `The local STS serves GetCallerIdentity only, not ${action}.`);
    }
    // AWS asks for no permission here, whoever calls.
    return { action: 'sts:GetCallerIdentity', checks: [], parameters: {} };
  },
  handle: async (request) => {
    const Arn = callerArn(request.caller);
    const identity = { Arn, UserId: Arn.split('/').at(-1) ?? Arn, Account: LOCAL_ACCOUNT };
    return queryAnswer('GetCallerIdentity', 'https://sts.amazonaws.com/doc/2011-06-15/', identity);
  },
  error: queryError,
});
