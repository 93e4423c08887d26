/** How each service refuses: the code and status it uses for an unknown key and for a missing permission. */
import { callerArn } from '../iam/caller.ts';
import type { Decision } from '../iam/evaluate.ts';
import { type AuthorisationCheck, AwsError, type Caller } from '../service.ts';

interface RefusalForm {
  readonly status: number;
  readonly code: string;
}

/** Services that answer JSON say AccessDeniedException with 400 or 403; the older XML ones say AccessDenied with 403. */
const DENIED: Readonly<Record<string, RefusalForm>> = {
  ec2: { status: 403, code: 'UnauthorizedOperation' },
  dynamodb: { status: 400, code: 'AccessDeniedException' },
  lambda: { status: 403, code: 'AccessDeniedException' },
  scheduler: { status: 403, code: 'AccessDeniedException' },
  ses: { status: 403, code: 'AccessDeniedException' },
  events: { status: 400, code: 'AccessDeniedException' },
  logs: { status: 400, code: 'AccessDeniedException' },
  pricing: { status: 400, code: 'AccessDeniedException' },
  ecr: { status: 400, code: 'AccessDeniedException' },
  sns: { status: 403, code: 'AuthorizationError' },
};
const DENIED_OTHERWISE: RefusalForm = { status: 403, code: 'AccessDenied' };

const UNKNOWN_KEY: Readonly<Record<string, RefusalForm>> = {
  ec2: { status: 401, code: 'AuthFailure' },
  s3: { status: 403, code: 'InvalidAccessKeyId' },
  dynamodb: { status: 400, code: 'UnrecognizedClientException' },
  lambda: { status: 403, code: 'UnrecognizedClientException' },
  scheduler: { status: 403, code: 'UnrecognizedClientException' },
  ses: { status: 403, code: 'UnrecognizedClientException' },
  events: { status: 400, code: 'UnrecognizedClientException' },
  logs: { status: 400, code: 'UnrecognizedClientException' },
  pricing: { status: 400, code: 'UnrecognizedClientException' },
  ecr: { status: 400, code: 'UnrecognizedClientException' },
};
const UNKNOWN_KEY_OTHERWISE: RefusalForm = { status: 403, code: 'InvalidClientTokenId' };

const UNKNOWN_KEY_MESSAGE =
  'The security token included in the request is invalid. Use the credentials that the local cloud prints or hands to its functions and machines.';

export const unknownKeyError = (signingName: string): AwsError => {
  const form = UNKNOWN_KEY[signingName] ?? UNKNOWN_KEY_OTHERWISE;
  return new AwsError(form.status, form.code, UNKNOWN_KEY_MESSAGE);
};

/** Names the principal, the action and the resource, as IAM's own message does. */
export const deniedError = (
  signingName: string,
  caller: Caller,
  check: AuthorisationCheck,
  reason: Extract<Decision, { allowed: false }>['reason'],
): AwsError => {
  const form = DENIED[signingName] ?? DENIED_OTHERWISE;
  const because =
    reason === 'explicit-deny'
      ? 'with an explicit deny in a policy'
      : `because no policy allows the ${check.action} action`;
  return new AwsError(
    form.status,
    form.code,
    `User: ${callerArn(caller)} is not authorized to perform: ${check.action} on resource: ${check.resource} ${because}`,
  );
};
