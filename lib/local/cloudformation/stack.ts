/** A stack and what happened to it. */
import type { EpochMs } from '../../fleet/time.ts';
import type { ProvisionedResource } from '../service.ts';
import type { Template } from './template.ts';

export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  readonly provisioned: ProvisionedResource;
  readonly status: string;
  readonly isRetained: boolean;
  readonly updatedAt: EpochMs;
}

export interface StackEvent {
  readonly eventId: string;
  readonly at: EpochMs;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

export interface StackOutput {
  readonly key: string;
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

export interface Stack {
  readonly name: string;
  readonly id: string;
  readonly createdAt: EpochMs;
  updatedAt?: EpochMs;
  status: string;
  statusReason?: string;
  template: Template;
  templateText: string;
  parameters: ReadonlyMap<string, unknown>;
  /** As given, for descriptions. */
  givenParameters: ReadonlyMap<string, string>;
  tags: readonly { readonly Key: string; readonly Value: string }[];
  outputs: readonly StackOutput[];
  readonly resources: Map<string, StackResource>;
  /** Oldest first. */
  readonly events: StackEvent[];
}

export const STACK_TYPE = 'AWS::CloudFormation::Stack';
