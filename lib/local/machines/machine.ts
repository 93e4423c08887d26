/**
 * One machine from launch to termination, in EC2's states and in EC2's order.
 *
 * Not modelled: stopping and hibernation, reboots, an agent being restarted by its init system, status checks.
 * A machine whose agent died powers itself off after fifteen minutes, as the timer in the user data does.
 */
import type { Purchase } from '../../fleet/pool.ts';
import { addMs, type EpochMs } from '../../fleet/time.ts';
import { NOTICE_MS } from '../../market/settings.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AwsEvent, Recorder } from '../service.ts';
import { ENDED_BY, type EndCause, type StateReason, stateReasonOf } from './end-cause.ts';
import {
  bidEvictedEvent,
  interruptionWarningEvent,
  rebalanceEvent,
  spotFulfilmentEvent,
  stateChangeEvent,
} from './events.ts';
import type { MachineProcess, ProcessHost, ProcessSpecification } from './processes.ts';

export type MachineState = 'pending' | 'running' | 'shutting-down' | 'terminated';

/** What is fixed when a machine is launched. */
export interface MachineLaunch {
  readonly instanceId: string;
  readonly fleetId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly purchase: Purchase;
  /** The machine is the n-th that its pool has launched. */
  readonly ordinal: number;
  /** The pool's price at launch; spot machines pay the price in force as it changes. */
  readonly microUsdPerHour: number;
  readonly launchedAt: EpochMs;
  readonly imageId: string;
  readonly userData: string;
  readonly securityGroupIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly instanceProfile?: string;
  readonly spotRequestId?: string;
}

/** What a machine needs from the local cloud. */
export interface MachineWorld {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly processes: ProcessHost;
  putEvent(event: AwsEvent): void;
  /** Service time from launch to running. */
  bootDelayMs(launch: MachineLaunch): number;
  /** Opens the metadata service, fetches the agent; answers with the process to run. */
  prepare(machine: Machine): Promise<ProcessSpecification>;
  /** Closes what `prepare` opened. */
  release(machine: Machine): Promise<void>;
}

/** Between SIGTERM and SIGKILL of an ending machine. */
export const SHUTDOWN_GRACE_MS = 2_000;

/** The dead-man's switch: a machine without a live agent powers itself off after this (design section 3, Instances). */
export const AGENT_GONE_MS = 15 * 60_000;

/** What the unit of somebody else's machine says: it stays on when its agent ends, and has no dead-man's switch of ours. */
const STAYS_ON = /^SuccessAction=none$/m;

export class Machine {
  #launch: MachineLaunch;
  state: MachineState = 'pending';
  runningAt: EpochMs | undefined;
  rebalanceAt: EpochMs | undefined;
  /** When EC2 said it would take the machine. */
  deadlineAt: EpochMs | undefined;
  shuttingDownAt: EpochMs | undefined;
  terminatedAt: EpochMs | undefined;
  endCause: EndCause | undefined;
  readonly #world: MachineWorld;
  readonly #over = new AbortController();
  #process: MachineProcess | undefined;
  #lived: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(launch: MachineLaunch, world: MachineWorld) {
    this.#launch = launch;
    this.#world = world;
  }

  get launch(): MachineLaunch {
    return this.#launch;
  }

  /** Aborts when the machine begins to end. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get stateReason(): StateReason | undefined {
    return this.endCause && stateReasonOf(this.endCause);
  }

  start(): void {
    const { purchase, microUsdPerHour, fleetId, spotRequestId, instanceId, launchedAt } = this.launch;
    this.#record('launch', { purchase, microUsdPerHour, fleetId, by: 'us' });
    this.#world.putEvent(stateChangeEvent(instanceId, 'pending', launchedAt));
    if (spotRequestId !== undefined) this.#world.putEvent(spotFulfilmentEvent(instanceId, spotRequestId));
    this.#lived = this.#live();
  }

  recommendRebalance(scripted = false): void {
    if (this.over.aborted || this.rebalanceAt !== undefined) return;
    this.rebalanceAt = this.#world.clock.now();
    this.#record('rebalance', { by: 'ec2', scripted });
    this.#world.putEvent(rebalanceEvent(this.launch.instanceId));
  }

  /** A tag of AWS's own, which no request sets; without a value it is taken away. */
  setTag(key: string, value: string | undefined): void {
    const { [key]: _before, ...others } = this.#launch.tags;
    this.#launch = { ...this.#launch, tags: value === undefined ? others : { ...others, [key]: value } };
  }

  /** A notice is given once; a machine that has one keeps its deadline. */
  giveNotice(scripted = false): void {
    if (this.over.aborted || this.deadlineAt !== undefined) return;
    this.deadlineAt = addMs(this.#world.clock.now(), NOTICE_MS);
    this.#record('notice', { by: 'ec2', deadlineAt: this.deadlineAt, scripted });
    this.#world.putEvent(interruptionWarningEvent(this.launch.instanceId));
  }

  /** Gives notice and takes the machine when the notice has run out. */
  async reclaimWithNotice(scripted = false): Promise<void> {
    this.giveNotice(scripted);
    const { clock } = this.#world;
    await clock.sleep(Math.max(0, (this.deadlineAt ?? clock.now()) - clock.now()), this.over);
    await this.end('spot-reclaim', scripted);
  }

  /** Ends the machine; the first cause counts, and everyone waits for the same end. */
  end(cause: EndCause, scripted = false): Promise<void> {
    this.#ended ??= this.#end(cause, scripted);
    return this.#ended;
  }

  async #live(): Promise<void> {
    const { clock } = this.#world;
    await clock.sleep(this.#world.bootDelayMs(this.launch), this.over);
    if (this.over.aborted) return;
    this.state = 'running';
    this.runningAt = clock.now();
    this.#record('running', {});
    this.#world.putEvent(stateChangeEvent(this.launch.instanceId, 'running', this.runningAt));
    const shutsDown = await this.#runAgent();
    if (STAYS_ON.test(this.launch.userData)) return;
    if (!shutsDown) await clock.sleep(AGENT_GONE_MS, this.over);
    if (!this.over.aborted) void this.end('self');
  }

  /** Whether the agent ended by asking for the machine's shutdown. */
  async #runAgent(): Promise<boolean> {
    const specification = await this.#world.prepare(this).catch((error: unknown) => {
      this.#record('boot-failed', { why: error instanceof Error ? error.message : String(error) });
      return undefined;
    });
    if (specification === undefined || this.over.aborted) return false;
    const running = this.#world.processes.start(specification);
    this.#process = running;
    const { instanceId } = this.launch;
    this.#world.recorder.write({ kind: 'process-start', instanceId, pid: running.pid });
    const end = await running.ended;
    this.#world.recorder.write({ kind: 'process-end', instanceId, pid: running.pid, ...end });
    return end.code === 0;
  }

  async #end(cause: EndCause, scripted: boolean): Promise<void> {
    if (cause === 'spot-kill') this.#process?.kill();
    this.#over.abort();
    this.endCause = cause;
    this.state = 'shutting-down';
    this.shuttingDownAt = this.#world.clock.now();
    if (cause === 'spot-reclaim') this.#record('reclaim', { by: 'ec2', scripted });
    if (cause === 'spot-kill') this.#record('kill', { by: 'ec2', scripted });
    this.#world.putEvent(stateChangeEvent(this.launch.instanceId, 'shutting-down', this.shuttingDownAt));
    await this.#stopProcess(cause === 'local-cloud-closed' ? 0 : SHUTDOWN_GRACE_MS);
    await this.#lived;
    await this.#world.release(this);
    this.#terminated(cause);
  }

  async #stopProcess(graceMs: number): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    if (graceMs > 0) {
      running.terminate();
      const waited = new AbortController();
      await Promise.race([running.ended, this.#world.clock.sleep(graceMs, waited.signal)]);
      waited.abort();
    }
    running.kill();
    await running.ended;
  }

  #terminated(cause: EndCause): void {
    const { instanceId } = this.launch;
    this.state = 'terminated';
    this.terminatedAt = this.#world.clock.now();
    this.#record('end', {
      by: ENDED_BY[cause],
      cause,
      purchase: this.launch.purchase,
      launchedAt: this.launch.launchedAt,
      runningAt: this.runningAt ?? null,
      shuttingDownAt: this.shuttingDownAt ?? null,
    });
    this.#world.putEvent(stateChangeEvent(instanceId, 'terminated', this.terminatedAt));
    if (ENDED_BY[cause] === 'ec2') this.#world.putEvent(bidEvictedEvent(instanceId, this.terminatedAt));
  }

  #record(what: string, fields: Readonly<Record<string, unknown>>): void {
    const { instanceId, instanceType, zone } = this.launch;
    this.#world.recorder.write({ kind: 'machine', what, instanceId, instanceType, zone, ...fields });
  }
}
