import { randomText } from '../iam/credentials.ts';
import type { ResourceInput } from '../service.ts';

/** The name CloudFormation gives a resource that has none: `STACK-LOGICALID-RANDOM`. */
export const generatedName = (input: ResourceInput, random: () => number): string =>
  `${input.stackName}-${input.logicalId}-${randomText(random, 12)}`;
