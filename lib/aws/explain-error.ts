import { awsErrorCode, awsErrorMessage, classifyAwsError } from './errors.ts';
import { NoSuchStack } from './stack-outputs.ts';

/** What went wrong, why and what to do about it, for a person at a terminal. AWS's own words are in `why`, as they came. */
export interface ExplainedError {
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  /** Trying again at once would only fail again. */
  readonly isLasting: boolean;
}

type Explain = (error: unknown) => ExplainedError;

const AGAIN = 'run it again; whatever was done already is recognised';

const noCredentials: Explain = () => ({
  what: 'AWS credentials',
  why: 'none were found in the environment, in a profile or in a sign-in',
  fix: 'sign in with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  isLasting: true,
});

const expired: Explain = () => ({
  what: 'AWS credentials',
  why: 'they have expired',
  fix: `sign in anew, such as with \`aws sso login\`, and ${AGAIN}`,
  isLasting: true,
});

const unknownCredentials: Explain = (error) => ({
  what: 'AWS credentials',
  why: `AWS does not accept them: ${awsErrorMessage(error)}`,
  fix: 'check AWS_PROFILE and the keys in the environment, and that AWS_ENDPOINT_URL leads where they are from',
  isLasting: true,
});

const denied: Explain = (error) => ({
  what: 'permission',
  why: awsErrorMessage(error),
  fix: 'have that action on that resource allowed for whom you are signed in as; `aws sts get-caller-identity` says who it is',
  isLasting: true,
});

const throttled: Explain = () => ({
  what: 'AWS',
  why: 'it limits how often it may be asked, and went on to after several tries',
  fix: `wait a minute and ${AGAIN}`,
  isLasting: false,
});

const unreachable: Explain = (error) => ({
  what: 'AWS',
  why: `it could not be reached (${awsErrorCode(error)})`,
  fix: 'check the network; if AWS_ENDPOINT_URL is set, that something answers there, such as `npx spothop local`',
  isLasting: false,
});

const notThere: Explain = (error) => ({
  what: 'stack',
  why: `something that belongs to it is not there: ${awsErrorMessage(error)}`,
  fix: 'run serverless deploy, which makes it again',
  isLasting: true,
});

const noRegion: Explain = () => ({
  what: 'AWS Region',
  why: 'none is set',
  fix: 'set AWS_REGION, or say --region eu-central-1',
  isLasting: true,
});

const noStack = (stack: string): ExplainedError => ({
  what: `stack ${stack}`,
  why: 'there is none of that name in this account and Region',
  fix: 'deploy it with serverless deploy, or name it with --stack or SPOTHOP_STACK, and its Region with --region',
  isLasting: true,
});

const broken: Explain = (error) => ({
  what: 'AWS',
  why: `${awsErrorCode(error)}: ${awsErrorMessage(error)}`,
  fix: AGAIN,
  isLasting: false,
});

const EXPLANATIONS_BY_CODE: Readonly<Record<string, Explain>> = {
  CredentialsProviderError: noCredentials,
  TokenProviderError: expired,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  RequestExpired: expired,
  UnrecognizedClientException: unknownCredentials,
  InvalidClientTokenId: unknownCredentials,
  InvalidAccessKeyId: unknownCredentials,
  InvalidSignatureException: unknownCredentials,
  SignatureDoesNotMatch: unknownCredentials,
};

const EXPLANATIONS_BY_CLASS: Readonly<Record<ReturnType<typeof classifyAwsError>, Explain>> = {
  throttle: throttled,
  network: unreachable,
  server: broken,
  'not-found': notThere,
  conditional: broken,
  authorisation: denied,
  other: broken,
};

/** Errors of our own carry their own words and are no trouble of AWS's. */
const isOfAws = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && ('$metadata' in error || '$fault' in error || 'code' in error);

/** `undefined` for an error that did not come from AWS or from the way there. */
export const explainAwsError = (error: unknown): ExplainedError | undefined => {
  if (error instanceof NoSuchStack) return noStack(error.stackName);
  if (error instanceof Error && /^Region is missing/.test(error.message)) return noRegion(error);
  const explain = EXPLANATIONS_BY_CODE[awsErrorCode(error)];
  if (explain) return explain(error);
  const errorClass = classifyAwsError(error);
  return isOfAws(error) || errorClass !== 'other' ? EXPLANATIONS_BY_CLASS[errorClass](error) : undefined;
};
