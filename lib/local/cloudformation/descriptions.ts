/** Stacks as CloudFormation describes them. */
import type { EpochMs } from '../../fleet/time.ts';
import type { XmlValue } from '../http/xml.ts';
import type { ChangeSet } from './change-sets.ts';
import type { Stack, StackEvent, StackResource } from './stack.ts';

type Xml = Readonly<Record<string, XmlValue>>;

const iso = (at: EpochMs | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString();

const parametersOf = (given: ReadonlyMap<string, string>): Xml[] =>
  [...given].map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));

export const describeStack = (stack: Stack): Xml => ({
  StackId: stack.id,
  StackName: stack.name,
  Description: stack.template.Description,
  CreationTime: iso(stack.createdAt),
  LastUpdatedTime: iso(stack.updatedAt),
  StackStatus: stack.status,
  StackStatusReason: stack.statusReason,
  DisableRollback: false,
  EnableTerminationProtection: false,
  Parameters: parametersOf(stack.givenParameters),
  Tags: stack.tags.map(({ Key, Value }) => ({ Key, Value })),
  Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
  Outputs: stack.outputs.map((output) => ({
    OutputKey: output.key,
    OutputValue: output.value,
    Description: output.description,
    ExportName: output.exportName,
  })),
});

export const describeEvent = (stack: Stack, event: StackEvent): Xml => ({
  StackId: stack.id,
  StackName: stack.name,
  EventId: event.eventId,
  LogicalResourceId: event.logicalId,
  PhysicalResourceId: event.physicalId,
  ResourceType: event.type,
  Timestamp: iso(event.at),
  ResourceStatus: event.status,
  ResourceStatusReason: event.reason,
});

export const summariseResource = (resource: StackResource): Xml => ({
  LogicalResourceId: resource.logicalId,
  PhysicalResourceId: resource.provisioned.physicalId,
  ResourceType: resource.type,
  LastUpdatedTimestamp: iso(resource.updatedAt),
  ResourceStatus: resource.status,
});

export const describeResource = (stack: Stack, resource: StackResource): Xml => ({
  StackName: stack.name,
  StackId: stack.id,
  LogicalResourceId: resource.logicalId,
  PhysicalResourceId: resource.provisioned.physicalId,
  ResourceType: resource.type,
  Timestamp: iso(resource.updatedAt),
  LastUpdatedTimestamp: iso(resource.updatedAt),
  ResourceStatus: resource.status,
});

export const describeChangeSet = (set: ChangeSet): Xml => ({
  ChangeSetName: set.name,
  ChangeSetId: set.id,
  StackId: set.stackId,
  StackName: set.stackName,
  Status: set.status,
  StatusReason: set.statusReason,
  ExecutionStatus: set.status === 'FAILED' ? 'UNAVAILABLE' : 'AVAILABLE',
  Changes: set.changes.map((change) => ({
    Type: 'Resource',
    ResourceChange: { Action: change.action, LogicalResourceId: change.logicalId, ResourceType: change.type },
  })),
});
