/**
 * AWS::IAM::Role, Policy, ManagedPolicy and InstanceProfile.
 *
 * What it does not model: users, groups, boundaries, session durations; a managed policy the local cloud does not know is
 * refused by name.
 */
import { generatedName } from '../cloudformation/physical-name.ts';
import {
  LOCAL_ACCOUNT,
  type PolicyDocument,
  type ProvisionedResource,
  type ResourceInput,
  type ResourceProvider,
} from '../service.ts';
import { randomText } from './credentials.ts';
import type { IamDirectory } from './directory.ts';
import { readPolicyDocument } from './validate-policy.ts';

type Properties = Readonly<Record<string, unknown>>;

const NAME_LENGTH_MAX = 64;

const nameOf = (input: ResourceInput, property: string, random: () => number): string =>
  String(input.properties[property] ?? generatedName(input, random).slice(-NAME_LENGTH_MAX));

const listOf = (value: unknown): readonly unknown[] => (value === undefined ? [] : [value].flat());

const pathOf = (properties: Properties): string => String(properties['Path'] ?? '/');

const roleProvider = (directory: IamDirectory, random: () => number): ResourceProvider => {
  const put = (
    input: ResourceInput,
    roleName: string,
    roleId: string,
    attached: ReadonlyMap<string, PolicyDocument>,
  ) => {
    const where = `${input.logicalId} (AWS::IAM::Role)`;
    const own = (listOf(input.properties['Policies']) as Properties[]).map((policy): [string, PolicyDocument] => [
      `role:${String(policy['PolicyName'])}`,
      readPolicyDocument(policy['PolicyDocument'], where),
    ]);
    const managedPolicyArns = listOf(input.properties['ManagedPolicyArns']).map(String);
    for (const arn of managedPolicyArns) directory.managedPolicy(arn);
    const roleArn = `arn:aws:iam::${LOCAL_ACCOUNT}:role${pathOf(input.properties)}${roleName}`;
    const trustPolicy = readPolicyDocument(input.properties['AssumeRolePolicyDocument'], where);
    directory.putRole({
      roleName,
      roleArn,
      roleId,
      trustPolicy,
      inlinePolicies: new Map([...attached, ...own]),
      managedPolicyArns,
    });
    return {
      physicalId: roleName,
      ref: roleName,
      attributes: { Arn: roleArn, RoleId: roleId },
      properties: input.properties,
    };
  };
  return {
    type: 'AWS::IAM::Role',
    create: async (input) => put(input, nameOf(input, 'RoleName', random), `AROA${randomText(random, 17)}`, new Map()),
    update: async (input, existing) => {
      const former = directory.role(existing.physicalId);
      const attached = [...(former?.inlinePolicies ?? [])].filter(([name]) => !name.startsWith('role:'));
      const name = String(input.properties['RoleName'] ?? existing.physicalId);
      const updated = put(input, name, existing.attributes['RoleId'] ?? '', new Map(attached));
      if (name !== existing.physicalId) directory.removeRole(existing.physicalId);
      return updated;
    },
    delete: async (existing) => directory.removeRole(existing.physicalId),
  };
};

const policyProvider = (directory: IamDirectory, random: () => number): ResourceProvider => {
  const detach = async (existing: ProvisionedResource): Promise<void> => {
    for (const role of listOf(existing.properties['Roles'])) directory.detachPolicy(String(role), existing.physicalId);
  };
  const attach = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const name = `policy:${nameOf(input, 'PolicyName', random)}`;
    const document = readPolicyDocument(input.properties['PolicyDocument'], `${input.logicalId} (AWS::IAM::Policy)`);
    for (const role of listOf(input.properties['Roles'])) directory.attachPolicy(String(role), name, document);
    return { physicalId: name, ref: name, attributes: { Id: name }, properties: input.properties };
  };
  return {
    type: 'AWS::IAM::Policy',
    create: attach,
    update: async (input, existing) => {
      await detach(existing);
      return attach(input);
    },
    delete: detach,
  };
};

const managedPolicyProvider = (directory: IamDirectory, random: () => number): ResourceProvider => {
  const put = (input: ResourceInput, arn: string): ProvisionedResource => {
    const document = readPolicyDocument(
      input.properties['PolicyDocument'],
      `${input.logicalId} (AWS::IAM::ManagedPolicy)`,
    );
    directory.putManagedPolicy(arn, document);
    for (const role of listOf(input.properties['Roles'])) directory.attachPolicy(String(role), arn, document);
    return { physicalId: arn, ref: arn, attributes: { PolicyArn: arn }, properties: input.properties };
  };
  const remove = async (existing: ProvisionedResource): Promise<void> => {
    directory.removeManagedPolicy(existing.physicalId);
    for (const role of listOf(existing.properties['Roles'])) directory.detachPolicy(String(role), existing.physicalId);
  };
  return {
    type: 'AWS::IAM::ManagedPolicy',
    create: async (input) => {
      const name = nameOf(input, 'ManagedPolicyName', random);
      return put(input, `arn:aws:iam::${LOCAL_ACCOUNT}:policy${pathOf(input.properties)}${name}`);
    },
    update: async (input, existing) => {
      await remove(existing);
      return put(input, existing.physicalId);
    },
    delete: remove,
  };
};

const instanceProfileProvider = (directory: IamDirectory, random: () => number): ResourceProvider => {
  const put = (input: ResourceInput, name: string): ProvisionedResource => {
    const [role] = listOf(input.properties['Roles']);
    directory.instanceProfiles.set(name, String(role));
    const Arn = `arn:aws:iam::${LOCAL_ACCOUNT}:instance-profile${pathOf(input.properties)}${name}`;
    return { physicalId: name, ref: name, attributes: { Arn }, properties: input.properties };
  };
  const remove = async (existing: ProvisionedResource): Promise<void> => {
    directory.instanceProfiles.delete(existing.physicalId);
  };
  return {
    type: 'AWS::IAM::InstanceProfile',
    create: async (input) => put(input, nameOf(input, 'InstanceProfileName', random)),
    update: async (input, existing) => {
      await remove(existing);
      return put(input, String(input.properties['InstanceProfileName'] ?? existing.physicalId));
    },
    delete: remove,
  };
};

export const iamProviders = (directory: IamDirectory, random: () => number): readonly ResourceProvider[] => [
  roleProvider(directory, random),
  policyProvider(directory, random),
  managedPolicyProvider(directory, random),
  instanceProfileProvider(directory, random),
];
