/**
 * EC2, by reliability B17 (tokens), B18 (both lists may be filled in one answer), B19 (classes of refusals), B20 (ended
 * machines are shown for an hour) and B21 (ending).
 * Held against the adapter by `test/contracts/machines.test.ts`.
 *
 * Not modelled: eventual consistency (injected above it: F90, F91, F101), prices and the choice among pools by them (the deepest pool
 * gives), pools that get machines back, refusals of pools for which others made up, a boot (a machine runs at once) and a
 * shutdown (it is terminated at once), volumes and networks.
 */
import { type Ec2FleetId, ec2FleetId, type FleetName, type InstanceId, instanceId } from '../../fleet/ids.ts';
import { type Pool, type PoolKey, poolKey } from '../../fleet/pool.ts';
import { EC2_FLEET_TAG, FLEET_TAG, INTENT_TAG, STACK_TAG } from '../../fleet/tags.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  DescribedMachine,
  LaunchAnswer,
  LaunchedMachine,
  LaunchRefusal,
  LaunchRequest,
  MachineState,
  Machines,
  TerminateOutcome,
} from '../../ports/machines.ts';

/** B20: EC2 shows an ended machine for about an hour. */
const SHOWN_AFTER_END_MS = 3_600_000;

const ENDED: readonly MachineState[] = ['shutting-down', 'terminated'];

type Refusal = Omit<LaunchRefusal, 'pool'>;

interface StoredMachine {
  readonly described: DescribedMachine;
  readonly endedAt?: EpochMs;
}

/** A small EC2 that does as it is told. */
export interface MemoryMachines extends Machines {
  /** Machines that a pool has left to give; a pool that was never told has enough. */
  setCapacity(pool: Pool, count: number): void;
  /** Every launch in the pool is refused like this, until it is told otherwise. */
  refuse(pool: Pool, refusal: Refusal | undefined): void;
  /** The next launch happens, and its answer is lost on the way. */
  loseNextAnswer(): void;
  /** Machines under termination protection. */
  protect(instanceId: InstanceId): void;
  isProtected(instanceId: InstanceId): boolean;
  setState(instanceId: InstanceId, state: MachineState, stateReasonCode?: string): void;
  /** Somebody with the rights to do so takes tags away. */
  removeTags(instanceId: InstanceId, keys: readonly string[]): void;
  /** Everything that was ever launched. */
  all(): readonly DescribedMachine[];
}

const NO_CAPACITY: Refusal = {
  class: 'capacity',
  code: 'InsufficientInstanceCapacity',
  message: 'There is no capacity in this pool.',
};

const MISMATCH: LaunchAnswer = {
  answered: false,
  code: 'IdempotentParameterMismatch',
  message: 'The token was used with another request.',
};

/** Ids as EC2 writes them: 17 hexadecimal digits, here a plain count. */
const numbered = (count: number): string => count.toString(16).padStart(17, '0');

class MemoryEc2 {
  readonly machines = new Map<InstanceId, StoredMachine>();
  readonly capacity = new Map<PoolKey, number>();
  readonly refusals = new Map<PoolKey, Refusal>();
  readonly tokens = new Map<string, { readonly request: string; readonly answer: LaunchAnswer }>();
  readonly tokenByFleet = new Map<Ec2FleetId, string>();
  readonly isProtected = new Set<InstanceId>();
  losesAnswer = false;
  readonly #clock: Clock;
  readonly #stackTag: string;

  constructor(clock: Clock, stackTag: string) {
    this.#clock = clock;
    this.#stackTag = stackTag;
  }

  /** B17: the same token with the same request is the same result, with another request a mismatch. */
  launch(serialised: string): LaunchAnswer {
    const request = JSON.parse(serialised) as LaunchRequest;
    const before = this.tokens.get(request.token);
    if (before && before.request !== serialised) return MISMATCH;
    const answer = before?.answer ?? this.#launchAnew(request);
    this.tokens.set(request.token, { request: serialised, answer });
    if (!this.losesAnswer) return answer;
    this.losesAnswer = false;
    return { answered: false, code: 'TimeoutError', message: 'The answer was lost.' };
  }

  /** B18: both lists may be filled in one answer. */
  #launchAnew(request: LaunchRequest): LaunchAnswer {
    const fleetId = ec2FleetId(`fleet-${numbered(this.tokenByFleet.size + 1)}`);
    this.tokenByFleet.set(fleetId, request.token);
    const machines: LaunchedMachine[] = [];
    while (machines.length < request.count) {
      const pool = this.#deepestPool(request);
      if (!pool) break;
      machines.push(this.#start(request, fleetId, pool));
    }
    const refusals = machines.length < request.count ? this.#refusalsOf(request) : [];
    return { answered: true, ec2FleetId: fleetId, machines, refusals };
  }

  #left(pool: Pool): number {
    return this.refusals.has(poolKey(pool)) ? 0 : (this.capacity.get(poolKey(pool)) ?? Number.POSITIVE_INFINITY);
  }

  /** The pool with most left; among equals the one that was asked for first. */
  #deepestPool({ pools }: LaunchRequest): Pool | undefined {
    const byPriority = [...pools].sort((one, other) => one.priority - other.priority).map(({ pool }) => pool);
    const most = Math.max(0, ...byPriority.map((pool) => this.#left(pool)));
    return most === 0 ? undefined : byPriority.find((pool) => this.#left(pool) === most);
  }

  #refusalsOf({ pools }: LaunchRequest): LaunchRefusal[] {
    return pools.map(({ pool }) => ({ ...(this.refusals.get(poolKey(pool)) ?? NO_CAPACITY), pool }));
  }

  #start(request: LaunchRequest, fleetId: Ec2FleetId, pool: Pool): LaunchedMachine {
    this.capacity.set(poolKey(pool), this.#left(pool) - 1);
    const id = instanceId(`i-${numbered(this.machines.size + 1)}`);
    const tags = {
      ...request.tags,
      [STACK_TAG]: this.#stackTag,
      [FLEET_TAG]: request.fleet,
      [INTENT_TAG]: request.intentId,
      [EC2_FLEET_TAG]: fleetId,
    };
    const launchedAt = this.#clock.now();
    this.machines.set(id, { described: { instanceId: id, state: 'running', pool, launchedAt, tags } });
    return { instanceId: id, pool };
  }

  removeTags(id: InstanceId, keys: readonly string[]): void {
    const stored = this.machines.get(id);
    if (!stored) return;
    const tags = Object.fromEntries(Object.entries(stored.described.tags).filter(([key]) => !keys.includes(key)));
    this.machines.set(id, { ...stored, described: { ...stored.described, tags } });
  }

  setState(id: InstanceId, state: MachineState, stateReasonCode?: string): void {
    const stored = this.machines.get(id);
    if (!stored) throw new Error(`No machine ${id} was ever launched here.`);
    const reason = stateReasonCode === undefined ? {} : { stateReasonCode };
    const endedAt = ENDED.includes(state) ? { endedAt: stored.endedAt ?? this.#clock.now() } : {};
    this.machines.set(id, { described: { ...stored.described, state, ...reason }, ...endedAt });
  }

  shown(): DescribedMachine[] {
    const oldest = this.#clock.now() - SHOWN_AFTER_END_MS;
    return [...this.machines.values()]
      .filter(({ endedAt }) => endedAt === undefined || endedAt > oldest)
      .map(({ described }) => described);
  }

  ofFleet(fleet: FleetName): DescribedMachine[] {
    return this.shown().filter(({ tags }) => tags[STACK_TAG] === this.#stackTag && tags[FLEET_TAG] === fleet);
  }

  /** B21: idempotent; ids that are unknown, or known no longer, are told apart from the ended. */
  terminate(ids: readonly InstanceId[]): TerminateOutcome {
    const shown = new Map(this.shown().map((machine) => [machine.instanceId, machine]));
    const known = ids.filter((id) => shown.has(id));
    const ended = known.filter((id) => !this.isProtected.has(id));
    for (const id of ended) {
      if (!ENDED.includes(shown.get(id)!.state)) this.setState(id, 'terminated', 'Client.UserInitiatedShutdown');
    }
    return {
      ended,
      notFound: ids.filter((id) => !shown.has(id)),
      refused: known
        .filter((id) => this.isProtected.has(id))
        .map((id) => ({ instanceId: id, code: 'OperationNotPermitted' })),
    };
  }
}

/** EC2 in memory, for as much as the control plane asks of it. It does not model eventual consistency. */
export const memoryMachines = (clock: Clock, stackTag: string): MemoryMachines => {
  const ec2 = new MemoryEc2(clock, stackTag);
  return {
    setCapacity: (pool, count) => void ec2.capacity.set(poolKey(pool), count),
    refuse: (pool, refusal) =>
      void (refusal ? ec2.refusals.set(poolKey(pool), refusal) : ec2.refusals.delete(poolKey(pool))),
    loseNextAnswer: () => {
      ec2.losesAnswer = true;
    },
    protect: (id) => void ec2.isProtected.add(id),
    isProtected: (id) => ec2.isProtected.has(id),
    setState: (id, state, stateReasonCode) => ec2.setState(id, state, stateReasonCode),
    removeTags: (id, keys) => ec2.removeTags(id, keys),
    all: () => [...ec2.machines.values()].map(({ described }) => described),
    serialise: (request) => JSON.stringify(request),
    launch: async (serialised) => ec2.launch(serialised),
    describeFleet: async (fleet) => ec2.ofFleet(fleet),
    describe: async (ids) => ec2.shown().filter((machine) => ids.includes(machine.instanceId)),
    tokenOf: async (id) => ec2.tokenByFleet.get(id),
    terminate: async (ids) => ec2.terminate(ids),
  };
};
