import { LOCAL_ACCOUNT } from '../service.ts';
import { describing, notFound } from './describing.ts';
import type { LaunchTemplate, LaunchTemplateVersion } from './launch-templates.ts';
import { pageOf } from './paging.ts';
import { type XmlValue, xmlAnswer, xmlTime } from './xml.ts';

interface TemplateFields {
  readonly ImageId?: string;
  readonly InstanceType?: string;
  readonly UserData?: string;
  readonly InstanceInitiatedShutdownBehavior?: string;
  readonly IamInstanceProfile?: { readonly Arn?: string; readonly Name?: string };
  readonly SecurityGroupIds?: readonly string[];
  readonly MetadataOptions?: Readonly<Record<string, string | number>>;
  readonly TagSpecifications?: readonly {
    readonly ResourceType: string;
    readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  }[];
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

const templateData = (version: LaunchTemplateVersion): XmlValue => {
  const data = version.data as TemplateFields;
  return {
    imageId: data.ImageId,
    instanceType: data.InstanceType,
    userData: data.UserData,
    instanceInitiatedShutdownBehavior: data.InstanceInitiatedShutdownBehavior,
    iamInstanceProfile: data.IamInstanceProfile && {
      arn: data.IamInstanceProfile.Arn,
      name: data.IamInstanceProfile.Name,
    },
    securityGroupIdSet: data.SecurityGroupIds,
    metadataOptions:
      data.MetadataOptions &&
      Object.fromEntries(Object.entries(data.MetadataOptions).map(([name, value]) => [lowerFirst(name), value])),
    tagSpecificationSet: data.TagSpecifications?.map((one) => ({
      resourceType: one.ResourceType,
      tagSet: one.Tags.map((tag) => ({ key: tag.Key, value: tag.Value })),
    })),
  };
};

const wantedVersions = (template: LaunchTemplate, wanted: readonly string[]): readonly LaunchTemplateVersion[] => {
  if (wanted.length === 0) return [...template.versions].reverse();
  const latest = template.versions.length;
  const numbers = wanted.map((one) => (one === '$Latest' ? latest : one === '$Default' ? 1 : Number(one)));
  return template.versions.filter((version) => numbers.includes(version.version));
};

export const describeLaunchTemplateVersions = describing(
  ['LaunchTemplateId', 'LaunchTemplateName', 'LaunchTemplateVersion.N', 'ResolveAlias', 'MaxResults', 'NextToken'],
  (state, query) => {
    const idOrName = query.text('LaunchTemplateId') ?? query.required('LaunchTemplateName');
    const template = state.templates.find(idOrName);
    if (!template) throw notFound('InvalidLaunchTemplateId.NotFound', 'launch template', idOrName);
    const versions = wantedVersions(template, query.texts('LaunchTemplateVersion'));
    const page = pageOf(query, versions, (version) => String(version.version));
    return xmlAnswer('DescribeLaunchTemplateVersions', state.identifiers.request(), {
      launchTemplateVersionSet: page.items.map((version) => ({
        launchTemplateId: template.id,
        launchTemplateName: template.name,
        versionNumber: version.version,
        createTime: xmlTime(version.createdAt),
        createdBy: `arn:aws:iam::${LOCAL_ACCOUNT}:root`,
        defaultVersion: version.version === 1,
        launchTemplateData: templateData(version),
      })),
      nextToken: page.nextToken,
    });
  },
);
