/**
 * What a thrown AWS error means to whoever asked, whichever service it came from. The SDK has already retried what is
 * worth retrying (its standard mode waits exponentially with full jitter); what arrives here is its last word.
 */
export type AwsErrorClass = 'throttle' | 'network' | 'server' | 'not-found' | 'conditional' | 'authorisation' | 'other';

/** Every code once. Sources: each service's "Common Errors" page, and EC2's errors-overview page. */
const CODES: Readonly<Record<Exclude<AwsErrorClass, 'other'>, readonly string[]>> = {
  throttle: [
    'RequestLimitExceeded',
    'Throttling',
    'ThrottlingException',
    'ThrottledException',
    'EC2ThrottledException',
    'TooManyRequestsException',
    'RequestThrottled',
    'RequestThrottledException',
    'ProvisionedThroughputExceededException',
    'BandwidthLimitExceeded',
    'SlowDown',
    'KmsThrottled',
  ],
  network: [
    'TimeoutError',
    'RequestTimeout',
    'RequestTimeoutException',
    'NetworkingError',
    'ECONNRESET',
    'ECONNREFUSED',
    'ETIMEDOUT',
    'EPIPE',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
  ],
  server: ['InternalError', 'InternalFailure', 'InternalServerError', 'ServiceUnavailable', 'Unavailable'],
  'not-found': [
    'InvalidInstanceID.NotFound',
    'InvalidFleetId.NotFound',
    'ResourceNotFoundException',
    'QueueDoesNotExist',
    'AWS.SimpleQueueService.NonExistentQueue',
    'NoSuchKey',
    'NoSuchBucket',
    'NotFound',
    'NotFoundException',
  ],
  conditional: ['ConditionalCheckFailedException', 'PreconditionFailed'],
  authorisation: [
    'UnauthorizedOperation',
    'AccessDenied',
    'AccessDeniedException',
    'AuthFailure',
    'AuthorizationError',
    'AuthorizationErrorException',
    'SsmAccessDenied',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
    'ExpiredToken',
    'ExpiredTokenException',
    'RequestExpired',
    'SignatureDoesNotMatch',
    'MissingAuthenticationToken',
    'OptInRequired',
    'Blocked',
    'PendingVerification',
    'CredentialsProviderError',
  ],
};

const CLASS_OF = new Map(
  Object.entries(CODES).flatMap(([errorClass, codes]) => codes.map((code) => [code, errorClass as AwsErrorClass])),
);

interface AwsErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

const shapeOf = (error: unknown): AwsErrorShape => (typeof error === 'object' && error !== null ? error : {});

/** The service's own code where it gave one, else the name of what went wrong on the way. */
export const awsErrorCode = (error: unknown): string => {
  const { name, code, Code } = shapeOf(error);
  const named = [Code, code, name].filter((candidate) => typeof candidate === 'string' && candidate !== 'Error');
  return (named.find((candidate) => CLASS_OF.has(candidate as string)) ?? named[0] ?? 'UnknownError') as string;
};

export const awsErrorMessage = (error: unknown): string => {
  const { message } = shapeOf(error);
  return typeof message === 'string' ? message : String(error);
};

/** How often the request was sent: more than once means that an earlier sending may have had its effect unseen. */
export const awsErrorAttempts = (error: unknown): number => shapeOf(error).$metadata?.attempts ?? 1;

/** `AuthFailure.ServiceLinkedRoleCreationNotPermitted` and its like are classed by what stands before the dot. */
const classOfCode = (code: string): AwsErrorClass | undefined =>
  CLASS_OF.get(code) ?? CLASS_OF.get(code.split('.')[0]!);

/** By code first, then by status: an unknown 5xx is the service's trouble, an unknown 4xx is ours. */
export const classifyAwsError = (error: unknown): AwsErrorClass => {
  const known = classOfCode(awsErrorCode(error));
  if (known) return known;
  const status = shapeOf(error).$metadata?.httpStatusCode;
  if (status === 429) return 'throttle';
  return status !== undefined && status >= 500 ? 'server' : 'other';
};

/** Runs a conditional write; `undefined` when its condition did not hold. */
export const unlessRefused = async <Answer>(write: () => Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await write();
  } catch (error) {
    if (classifyAwsError(error) === 'conditional') return undefined;
    throw error;
  }
};
