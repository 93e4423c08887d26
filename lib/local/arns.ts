/**
 * Resource names as AWS writes them, for the local account and region.
 *
 * Not modelled: other partitions, other accounts.
 */
import { compilePattern, matchesPattern } from './iam/wildcards.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from './service.ts';

/** `arnOf('events', 'rule/warnings')` gives `arn:aws:events:us-east-1:000000000000:rule/warnings`. */
export const arnOf = (service: string, resource: string): string =>
  `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;

/** The service's part of a name: `sqs` of `arn:aws:sqs:…`; empty when the text is no ARN. */
export const serviceOfArn = (arn: string): string => (arn.startsWith('arn:') ? (arn.split(':')[2] ?? '') : '');

/** A name CloudFormation would make up for a resource that the template does not name. */
export const madeUpName = (stackName: string, logicalId: string, lengthMax = 64): string =>
  `${stackName}-${logicalId}`.slice(0, lengthMax);

/** IAM's and EventBridge's `ArnLike`: `*` stands for any text, `?` for one character. */
export const arnLike = (pattern: string, arn: string): boolean =>
  matchesPattern(compilePattern(pattern, { wildcards: true }) ?? '', arn);
