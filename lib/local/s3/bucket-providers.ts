/**
 * AWS::S3::Bucket and AWS::S3::BucketPolicy.
 *
 * What it does not model: encryption, versioning, lifecycle, public access and notification settings are accepted and
 * have no effect.
 */
import type { Clock } from '../../ports/clock.ts';
import { generatedName } from '../cloudformation/physical-name.ts';
import { readPolicyDocument } from '../iam/validate-policy.ts';
import { LOCAL_REGION, type ProvisionedResource, type ResourceInput, type ResourceProvider } from '../service.ts';
import type { BucketStore } from './bucket-store.ts';

const BUCKET_NAME_LENGTH_MAX = 63;

const provisioned = (name: string, properties: Readonly<Record<string, unknown>>): ProvisionedResource => ({
  physicalId: name,
  ref: name,
  attributes: {
    Arn: `arn:aws:s3:::${name}`,
    DomainName: `${name}.s3.amazonaws.com`,
    RegionalDomainName: `${name}.s3.${LOCAL_REGION}.amazonaws.com`,
  },
  properties,
});

export const bucketProvider = (buckets: BucketStore, clock: Clock, random: () => number): ResourceProvider => {
  const create = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const generated = generatedName(input, random).toLowerCase().slice(-BUCKET_NAME_LENGTH_MAX);
    const name = String(input.properties['BucketName'] ?? generated);
    buckets.create(name, clock.now());
    return provisioned(name, input.properties);
  };
  return {
    type: 'AWS::S3::Bucket',
    create,
    update: async (input, existing) => {
      const name = input.properties['BucketName'] ?? existing.physicalId;
      if (name === existing.physicalId) return provisioned(existing.physicalId, input.properties);
      buckets.remove(existing.physicalId);
      return create(input);
    },
    delete: async (existing) => buckets.remove(existing.physicalId),
  };
};

export const bucketPolicyProvider = (buckets: BucketStore): ResourceProvider => {
  const apply = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const name = String(input.properties['Bucket']);
    buckets.bucket(name).policy = readPolicyDocument(
      input.properties['PolicyDocument'],
      `${input.logicalId} (AWS::S3::BucketPolicy)`,
    );
    return { physicalId: name, ref: name, attributes: {}, properties: input.properties };
  };
  const remove = async (existing: ProvisionedResource): Promise<void> => {
    delete buckets.find(existing.physicalId)?.policy;
  };
  return {
    type: 'AWS::S3::BucketPolicy',
    create: apply,
    update: async (input, existing) => {
      await remove(existing);
      return apply(input);
    },
    delete: remove,
  };
};
