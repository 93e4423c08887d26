/**
 * KMS keys as the template names them.
 *
 * Not modelled: encrypting anything. A key has an id and an ARN, so that what refers to it can be deployed.
 */
import { arnOf } from '../arns.ts';
import type { ProvisionedResource, ResourceInput, ResourceProvider } from '../service.ts';

const hexadecimal = (random: () => number, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');

const keyId = (random: () => number): string => [8, 4, 4, 4, 12].map((digits) => hexadecimal(random, digits)).join('-');

const provisioned = (physicalId: string, { properties }: ResourceInput): ProvisionedResource => ({
  physicalId,
  ref: physicalId,
  attributes: { Arn: arnOf('kms', `key/${physicalId}`), KeyId: physicalId },
  properties,
});

export const keyProvider = (random: () => number): ResourceProvider => ({
  type: 'AWS::KMS::Key',
  create: async (input) => provisioned(keyId(random), input),
  update: async (input, existing) => provisioned(existing.physicalId, input),
  delete: async () => undefined,
});
