/** What each EC2 call needs in permissions, in the form of the service authorisation reference of EC2. */
import { type AuthorisationCheck, LOCAL_REGION } from '../service.ts';
import type { FleetRequest } from './fleet-request.ts';
import { ec2Arn } from './identifiers.ts';
import type { LaunchSpecification, LaunchTemplate, Tags } from './launch-templates.ts';

type Context = AuthorisationCheck['context'];

const REGION: Context = { 'aws:RequestedRegion': LOCAL_REGION };

const requestTagContext = (tags: Tags): Context => ({
  ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  ...(Object.keys(tags).length > 0 ? { 'aws:TagKeys': Object.keys(tags) } : {}),
});

const resourceTagContext = (tags: Tags): Context =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`ec2:ResourceTag/${key}`, value],
    ]),
  );

const check = (action: string, resource: string, context: Context = {}): AuthorisationCheck => ({
  action,
  resource,
  context: { ...REGION, 'ec2:Region': LOCAL_REGION, ...context },
});

/** Describe calls know no resources. */
export const describeChecks = (action: string): readonly AuthorisationCheck[] => [check(`ec2:${action}`, '*')];

const createTags = (resourceType: string, tags: Tags): readonly AuthorisationCheck[] =>
  Object.keys(tags).length === 0
    ? []
    : [
        check('ec2:CreateTags', ec2Arn(resourceType, '*'), {
          ...requestTagContext(tags),
          'ec2:CreateAction': 'CreateFleet',
        }),
      ];

/** For the request itself: the fleet and its tags. A missing one refuses the whole call. */
export const createFleetChecks = (request: FleetRequest): readonly AuthorisationCheck[] => [
  check('ec2:CreateFleet', ec2Arn('fleet', '*'), requestTagContext(request.fleetTags)),
  ...createTags('fleet', request.fleetTags),
];

export interface LaunchToAuthorise {
  readonly template: LaunchTemplate;
  readonly specification: LaunchSpecification;
  readonly request: FleetRequest;
  readonly instanceType: string;
  readonly subnetId: string;
  readonly marketType: 'spot' | 'on-demand';
  readonly roleArn?: string;
}

/** Tags of the request win over the template's. */
export const mergedTags = (
  resourceType: 'instance' | 'volume' | 'network-interface',
  specification: LaunchSpecification,
  request: FleetRequest,
): Tags => {
  const fromRequest = {
    instance: request.instanceTags,
    volume: request.volumeTags,
    'network-interface': request.networkInterfaceTags,
  };
  return { ...specification.tagsOf(resourceType), ...fromRequest[resourceType] };
};

const TAGGED_TYPES = ['instance', 'volume', 'network-interface'] as const;

/** For what the fleet does with the caller's rights: a missing one comes back inside `Errors` of an answer with status 200. */
export const launchChecks = (launch: LaunchToAuthorise): readonly AuthorisationCheck[] => {
  const { specification, request } = launch;
  const templateArn = ec2Arn('launch-template', launch.template.id);
  const common: Context = {
    'ec2:LaunchTemplate': templateArn,
    'ec2:IsLaunchTemplateResource': 'true',
  };
  const run = (resource: string, context: Context) => check('ec2:RunInstances', resource, { ...common, ...context });
  const tagged = TAGGED_TYPES.map((type) => [type, mergedTags(type, specification, request)] as const);
  return [
    ...tagged.map(([type, tags]) =>
      run(ec2Arn(type, '*'), {
        ...requestTagContext(tags),
        ...(type === 'instance'
          ? { 'ec2:InstanceType': launch.instanceType, 'ec2:InstanceMarketType': launch.marketType }
          : {}),
      }),
    ),
    run(templateArn, resourceTagContext(launch.template.tags)),
    run(ec2Arn('image', specification.imageId), {}),
    run(ec2Arn('subnet', launch.subnetId), {}),
    ...specification.securityGroupIds.map((group) => run(ec2Arn('security-group', group), {})),
    ...tagged.flatMap(([type, tags]) => createTags(type, tags)),
    ...(launch.roleArn === undefined
      ? []
      : [check('iam:PassRole', launch.roleArn, { 'iam:PassedToService': 'ec2.amazonaws.com' })]),
  ];
};

export const terminateChecks = (
  instances: readonly { readonly instanceId: string; readonly tags: Tags }[],
): readonly AuthorisationCheck[] =>
  instances.map(({ instanceId, tags }) =>
    check('ec2:TerminateInstances', ec2Arn('instance', instanceId), resourceTagContext(tags)),
  );
