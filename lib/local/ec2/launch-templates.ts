/**
 * Launch templates of the template's stack. Versions are kept: a launch may pin any of them.
 *
 * Not modelled: the API calls that make launch templates (they come from CloudFormation here), block devices,
 * spot options inside the template.
 */

import type { EpochMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import { AwsError, type ProvisionedResource, type ResourceInput, type ResourceProvider } from '../service.ts';
import type { Identifiers } from './identifiers.ts';
import { LOCAL_IMAGE_ID, LOCAL_SECURITY_GROUP_ID } from './network.ts';

export type Tags = Readonly<Record<string, string>>;

export interface LaunchTemplateVersion {
  readonly version: number;
  readonly createdAt: EpochMs;
  /** `LaunchTemplateData` as the template of the stack gives it. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LaunchTemplate {
  readonly id: string;
  readonly name: string;
  readonly tags: Tags;
  readonly versions: readonly LaunchTemplateVersion[];
}

interface TagSpecification {
  readonly ResourceType?: string;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

/** Tags for one resource type, from a list of `TagSpecifications` as templates and requests write it. */
export const tagsFor = (specifications: unknown, resourceType: string): Tags =>
  Object.fromEntries(
    ((specifications ?? []) as readonly TagSpecification[])
      .filter((specification) => specification.ResourceType === resourceType)
      .flatMap((specification) => specification.Tags ?? [])
      .map((tag) => [tag.Key, String(tag.Value)]),
  );

interface TemplateData {
  readonly ImageId?: string;
  readonly InstanceType?: string;
  readonly UserData?: string;
  readonly IamInstanceProfile?: { readonly Arn?: string; readonly Name?: string };
  readonly SecurityGroupIds?: readonly string[];
  readonly NetworkInterfaces?: readonly { readonly Groups?: readonly string[]; readonly SubnetId?: string }[];
  readonly TagSpecifications?: readonly TagSpecification[];
  readonly InstanceInitiatedShutdownBehavior?: string;
}

/** What a launch takes from a template version. */
export interface LaunchSpecification {
  readonly imageId: string;
  readonly instanceType?: string;
  readonly subnetId?: string;
  /** Decoded. */
  readonly userData: string;
  readonly instanceProfile?: string;
  readonly securityGroupIds: readonly string[];
  readonly tagsOf: (resourceType: string) => Tags;
  readonly shutdownBehaviour: string;
}

const optional = <Name extends string>(name: Name, value: string | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: string };

export const launchSpecification = (version: LaunchTemplateVersion): LaunchSpecification => {
  const data = version.data as TemplateData;
  const interfaces = data.NetworkInterfaces ?? [];
  const groups = [...(data.SecurityGroupIds ?? []), ...interfaces.flatMap((one) => one.Groups ?? [])];
  return {
    imageId: data.ImageId?.startsWith('ami-') ? data.ImageId : LOCAL_IMAGE_ID,
    ...optional('instanceType', data.InstanceType),
    ...optional('subnetId', interfaces[0]?.SubnetId),
    userData: Buffer.from(data.UserData ?? '', 'base64').toString('utf8'),
    ...optional('instanceProfile', data.IamInstanceProfile?.Arn ?? data.IamInstanceProfile?.Name),
    securityGroupIds: groups.length > 0 ? groups : [LOCAL_SECURITY_GROUP_ID],
    tagsOf: (resourceType) => tagsFor(data.TagSpecifications, resourceType),
    shutdownBehaviour: data.InstanceInitiatedShutdownBehavior ?? 'stop',
  };
};

export interface LaunchTemplateStore {
  readonly provider: ResourceProvider;
  find(idOrName: string): LaunchTemplate | undefined;
  all(): readonly LaunchTemplate[];
}

/** `$Default` is the first version: CloudFormation cannot move it. */
const versionNumber = (template: LaunchTemplate, wanted: string): number => {
  if (wanted === '$Latest') return template.versions.length;
  return wanted === '$Default' || wanted === '' ? 1 : Number(wanted);
};

export const templateVersion = (template: LaunchTemplate, wanted: string): LaunchTemplateVersion => {
  const version = template.versions[versionNumber(template, wanted) - 1];
  if (version) return version;
  throw new AwsError(
    400,
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${wanted} for the launch template with ID ${template.id}.`,
  );
};

const provisioned = (template: LaunchTemplate, input: ResourceInput): ProvisionedResource => ({
  physicalId: template.id,
  ref: template.id,
  attributes: {
    LaunchTemplateId: template.id,
    LatestVersionNumber: String(template.versions.length),
    DefaultVersionNumber: '1',
  },
  properties: input.properties,
});

const nameOf = (input: ResourceInput, id: string): string =>
  (input.properties['LaunchTemplateName'] as string | undefined) ?? `${input.logicalId}_${id.slice(-12)}`;

const dataOf = (input: ResourceInput): Readonly<Record<string, unknown>> =>
  (input.properties['LaunchTemplateData'] ?? {}) as Readonly<Record<string, unknown>>;

export const createLaunchTemplates = (clock: Clock, identifiers: Identifiers): LaunchTemplateStore => {
  const templates = new Map<string, LaunchTemplate>();
  const withVersion = (template: LaunchTemplate, input: ResourceInput): LaunchTemplate => ({
    ...template,
    tags: tagsFor(input.properties['TagSpecifications'], 'launch-template'),
    versions: [
      ...template.versions,
      { version: template.versions.length + 1, createdAt: clock.now(), data: dataOf(input) },
    ],
  });
  const save = (template: LaunchTemplate, input: ResourceInput): ProvisionedResource => {
    templates.set(template.id, template);
    return provisioned(template, input);
  };
  const create = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const id = identifiers.launchTemplate();
    return save(withVersion({ id, name: nameOf(input, id), tags: {}, versions: [] }, input), input);
  };
  const provider: ResourceProvider = {
    type: 'AWS::EC2::LaunchTemplate',
    create,
    update: async (input, existing) => {
      const template = templates.get(existing.physicalId);
      if (!template || nameOf(input, template.id) !== template.name) return create(input);
      const unchanged = JSON.stringify(dataOf(input)) === JSON.stringify(template.versions.at(-1)?.data);
      return save(unchanged ? template : withVersion(template, input), input);
    },
    delete: async (existing) => {
      templates.delete(existing.physicalId);
    },
  };
  return {
    provider,
    find: (idOrName) =>
      templates.get(idOrName) ?? [...templates.values()].find((template) => template.name === idOrName),
    all: () => [...templates.values()],
  };
};
