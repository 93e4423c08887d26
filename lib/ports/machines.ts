import type { Ec2FleetId, FleetName, InstanceId, IntentId } from '../fleet/ids.ts';
import type { Pool } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';

/** EC2's answers by class (reliability B18–B19). A class says what to do; the code says what to show. */
export type RefusalClass =
  | 'capacity'
  | 'price'
  | 'quota'
  | 'network'
  | 'throttle'
  | 'eventual'
  | 'configuration'
  | 'authorisation'
  | 'unknown';

export interface LaunchRefusal {
  readonly class: RefusalClass;
  readonly code: string;
  readonly message: string;
  /** Absent when the refusal concerns the whole request. */
  readonly pool?: Pool;
}

export interface LaunchedMachine {
  readonly instanceId: InstanceId;
  readonly pool: Pool;
}

/** Both lists may be filled in one answer. `unanswered` means that the outcome is unknown: repeat under the same token. */
export type LaunchAnswer =
  | {
      readonly answered: true;
      readonly ec2FleetId: Ec2FleetId | undefined;
      readonly machines: readonly LaunchedMachine[];
      readonly refusals: readonly LaunchRefusal[];
    }
  | { readonly answered: false; readonly code: string; readonly message: string };

/** What a launch needs to say; serialised into the intent before it is sent. */
export interface LaunchRequest {
  readonly token: string;
  readonly fleet: FleetName;
  readonly intentId: IntentId;
  readonly pools: readonly { readonly pool: Pool; readonly subnetId: string; readonly priority: number }[];
  readonly count: number;
  readonly launchTemplateId: string;
  readonly launchTemplateVersion: string;
  readonly tags: Readonly<Record<string, string>>;
}

export type MachineState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface DescribedMachine {
  readonly instanceId: InstanceId;
  readonly state: MachineState;
  readonly pool: Pool;
  readonly launchedAt: EpochMs;
  readonly tags: Readonly<Record<string, string>>;
  /** `Server.SpotInstanceTermination` when EC2 took it. */
  readonly stateReasonCode?: string;
}

export interface TerminateOutcome {
  readonly ended: readonly InstanceId[];
  /** Not gone for that: EC2 says "your instance may still be running" (B21). */
  readonly notFound: readonly InstanceId[];
  readonly refused: readonly { readonly instanceId: InstanceId; readonly code: string }[];
}

/** EC2, as far as the control plane needs it. */
export interface Machines {
  /** Serialises the request once; `launch` sends exactly these bytes, however often. */
  serialise(request: LaunchRequest): string;
  launch(serialisedRequest: string): Promise<LaunchAnswer>;
  /** Machines that carry our stack's tag for this fleet, in any state EC2 still shows. Eventually consistent. */
  describeFleet(fleet: FleetName): Promise<readonly DescribedMachine[]>;
  /**
   * Each asked for by its own id: what is absent from the answer EC2 does not know, which it may say of a machine that it
   * has just launched, and of one that ended an hour ago (B20).
   */
  describe(instanceIds: readonly InstanceId[]): Promise<readonly DescribedMachine[]>;
  /** The client token that made an EC2 fleet: the proof that it answered our intent. */
  tokenOf(ec2FleetId: Ec2FleetId): Promise<string | undefined>;
  terminate(instanceIds: readonly InstanceId[]): Promise<TerminateOutcome>;
}
