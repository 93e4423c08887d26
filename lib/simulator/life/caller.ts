import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { FleetName, InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import { addMs, type EpochMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Backlog, TooManyInFlight } from '../../ports/queues.ts';
import type { Faults } from '../faults/faults.ts';
import type { FaultId } from '../faults/simulated.ts';
import type { SeededRandom } from '../random.ts';
import { canBeLate, sendLate } from './late-writes.ts';
import type { Trace } from './trace.ts';

export type Service = 'dynamodb' | 'sqs' | 'ec2' | 's3' | 'imds';

/** Who calls: what can happen to it depends on that. */
export type CallerKind = 'signals' | 'reconcile' | 'agent' | 'producer' | 'operator';

/** What a failing service looks like to its caller. */
export class ServiceFault extends Error {
  override readonly name = 'ServiceFault';
}

/** A promise of somebody who does not live to see it kept. */
const never = <T>(): Promise<T> => new Promise(() => {});

/** What is wrong with the world between callers and services at present. */
export interface Conditions {
  /** Services that refuse everybody, with the fault that is to blame. */
  readonly outages: Map<Service, FaultId>;
  /** When the last of them was over. */
  outageOverAt?: EpochMs;
  /** Of all calls, the share that is slow, and by how much at most. */
  readonly slowShare: number;
  readonly slowMsMax: number;
}

/** One machine's own troubles. */
export interface CallerTroubles {
  readonly unreachable: ReadonlySet<Service>;
  /** Resolves when the machine goes on; absent while it does. */
  standstill(): Promise<void> | undefined;
}

export interface CallerWorld {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly conditions: Conditions;
  /** Calls made by anybody. */
  readonly tally: { calls: number };
  /** Whose effect is happening: ports in memory change what they change before they answer. */
  readonly acting: { by: Caller | undefined };
  /** What can go wrong with each method in this life, by kind of caller; worked out when first needed. */
  readonly dangers: Map<CallerKind, Map<Method, readonly Danger[]>>;
}

/** One fault, and how likely it is at one call of one method. */
interface Danger {
  readonly id: FaultId;
  readonly rate: number;
}

/** One run of a function, or one life of an agent's process: what ends as a whole when it crashes. */
export interface Caller {
  readonly name: string;
  readonly kind: CallerKind;
  /** The machine it runs on, where it is an agent. */
  readonly machine?: InstanceId;
  /** What the auditor has to remember of this caller. */
  readonly memo: CallerMemo;
  /** Resolves when it crashes; never otherwise. */
  readonly crashed: Promise<void>;
  isDead(): boolean;
  crash(): void;
  call<T>(method: Method, args: readonly unknown[], effect: () => Promise<T>, onFailure?: () => void): Promise<T>;
}

export interface CallerMemo {
  /** The fleet file as it was when it began. */
  settings?: ReadonlyMap<FleetName, FleetSettings>;
  /** What it last counted of each queue. */
  readonly backlogs: Map<FleetName, Backlog>;
  /** When it last sent a message of each task. */
  readonly sent: Map<TaskId, EpochMs>;
  /** Items as it last read them: what it decides is judged by that. */
  readonly records: Map<InstanceId, InstanceRecord | undefined>;
  /** Every reading of each: what is done side by side goes by different ones. */
  readonly readings: Map<InstanceId, (InstanceRecord | undefined)[]>;
  /** Machines that drain since it wrote to them, whoever was first. */
  readonly drained: Set<InstanceId>;
  /** Tasks of which a checkpoint was written, or may be later, and no answer came. */
  readonly untold: Set<TaskId>;
}

/** One method of a port, as the faults see it. */
export interface Method {
  readonly name: string;
  readonly service: Service;
  readonly serial: number;
}

const CONDITIONAL_WRITES =
  /^(?:tasks\.apply|instances\.(?!get)|fleets\.(?:changeHead|addMember|removeMember|recordAnswer|closeIntent|note|keep)|money\.)/;

const BY_METHOD: Readonly<Record<string, readonly FaultId[]>> = {
  'queue.changeVisibility': ['F37'],
  'queue.delete': ['F38'],
  'queue.receive': ['F44'],
  'queue.send': ['F45'],
  'queue.sendMany': ['F45'],
  'machines.launch': ['F86'],
  'tasks.apply': ['F138'],
};

const CRASHES: readonly FaultId[] = ['F11', 'F12', 'F13'];

const faultsOf = ({ name, service }: Method, kind: CallerKind): readonly FaultId[] => {
  const canCrash = kind !== 'producer' && kind !== 'operator' && service !== 'imds';
  return [
    ...(canCrash ? CRASHES : []),
    ...(service === 'dynamodb' ? (['F18'] as const) : []),
    ...(CONDITIONAL_WRITES.test(name) ? (['F17'] as const) : []),
    ...(BY_METHOD[name] ?? []),
  ];
};

/** Whoever makes these calls, once an hour perhaps, must crash at them as surely as at those that are made every second. */
const WEIGHTS: Readonly<Record<string, number>> = {
  'machines.launch': 15,
  'machines.terminate': 15,
  'fleets.changeHead': 5,
  'fleets.closeIntent': 10,
  'money.putRun': 10,
  'instances.create': 10,
  'instances.dropLease': 8,
  'queue.send': 5,
  'queue.sendMany': 15,
  'blobs.put': 3,
};

const dangersOf = (method: Method, kind: CallerKind, { rate }: Faults): readonly Danger[] => {
  const weight = WEIGHTS[method.name] ?? 1;
  return faultsOf(method, kind)
    .map((id) => ({ id, rate: CRASHES.includes(id) ? rate(id) * weight : rate(id) }))
    .filter((danger) => danger.rate > 0);
};

/** A throttled caller is refused so many times in a row at most. */
const THROTTLES_IN_A_ROW_MAX = 6;

/** Two crashes within this time belong to one flow: whatever the first one left is being mended. */
const FLOW_MS = 120_000;

/** When each kind of caller last crashed, to know a second crash in one flow. */
export type LastCrashes = Map<string, EpochMs>;

export const createCaller = (
  world: CallerWorld,
  options: {
    readonly name: string;
    readonly kind: CallerKind;
    readonly machine?: InstanceId;
    readonly settings?: ReadonlyMap<FleetName, FleetSettings>;
    readonly troubles?: CallerTroubles;
    readonly lastCrashes: LastCrashes;
    /** Its process ends by itself, and not with its machine. */
    readonly onCrash?: () => void;
  },
): Caller => {
  const { clock, random, faults, trace, conditions, tally } = world;
  const { name, kind, troubles } = options;
  const { promise: crashed, resolve } = Promise.withResolvers<void>();
  const dangers = world.dangers.get(kind) ?? new Map<Method, readonly Danger[]>();
  world.dangers.set(kind, dangers);
  let isDead = false;
  let throttlesLeft = 0;

  const crash = (): void => {
    isDead = true;
    resolve();
  };

  const noteCrash = (): void => {
    const before = options.lastCrashes.get(name);
    if (before !== undefined && clock.now() < addMs(before, FLOW_MS)) faults.met('F14', name);
    options.lastCrashes.set(name, clock.now());
    options.onCrash?.();
    crash();
  };

  const strikeOf = (method: Method): FaultId | undefined => {
    if (faults.isHealed()) return undefined;
    if (method.service === 'dynamodb' && throttlesLeft > 0) {
      throttlesLeft -= 1;
      return 'F18';
    }
    let point = random.next();
    for (const { id, rate } of dangersHere(method)) {
      point -= rate;
      if (point < 0) return id;
    }
    return undefined;
  };

  const dangersHere = (method: Method): readonly Danger[] => {
    const known = dangers.get(method);
    if (known !== undefined) return known;
    const drawn = dangersOf(method, kind, faults);
    dangers.set(method, drawn);
    return drawn;
  };

  const refusalOf = (method: Method): ServiceFault | undefined => {
    const outage = conditions.outages.get(method.service);
    if (outage !== undefined) return new ServiceFault(`${method.name}: the service does not answer (${outage})`);
    const isCutOff = troubles?.unreachable.has(method.service) === true;
    return isCutOff ? new ServiceFault(`${method.name}: no route to the service`) : undefined;
  };

  const told = (method: Method, args: readonly unknown[]): string =>
    method.name === 'tasks.apply' ? `${method.name} ${(args[1] as TaskStep).step}` : method.name;

  /** Which task, machine or fleet it was about, where it says so first. */
  const about = ([first]: readonly unknown[]): string => (typeof first === 'string' && first.length < 40 ? first : '');

  const noteCrashAround = (method: Method, args: readonly unknown[]): void => {
    if (method.name === 'queue.send' || method.name === 'queue.sendMany') faults.met('F47', name);
    if (method.name === 'instances.dropLease') faults.met('F49', name);
    if (method.name === 'machines.launch') faults.met('F87', name);
    const isPointer = method.name === 'tasks.apply' && (args[1] as TaskStep).step === 'checkpoint';
    if (method.name === 'blobs.put' || isPointer) faults.met('F53', name);
  };

  const noteUntold = (method: Method, [task, step]: readonly unknown[]): void => {
    if (method.name === 'tasks.apply' && (step as TaskStep).step === 'checkpoint')
      caller.memo.untold.add(task as TaskId);
  };

  const strike = async <T>(id: FaultId, method: Method, args: readonly unknown[], effect: () => Promise<T>) => {
    if (throttlesLeft === 0) faults.met(id, name);
    trace.note(name, `${id} at ${told(method, args)}`, () => about(args));
    if (id === 'F18' && throttlesLeft === 0) throttlesLeft = random.whole(0, THROTTLES_IN_A_ROW_MAX);
    if (id === 'F44') throw new TooManyInFlight();
    if (id === 'F18' || id === 'F37' || id === 'F38') throw new ServiceFault(`${method.name}: throttled`);
    if (id === 'F11') {
      noteCrashAround(method, args);
      noteCrash();
      return never<T>();
    }
    if (id === 'F138') {
      await sendLate(world, effect);
      noteUntold(method, args);
      throw new ServiceFault(`${method.name}: no answer came`);
    }
    if (id === 'F45' && random.chance(0.5)) throw new ServiceFault(`${method.name}: no answer came`);
    const answer = await effect();
    if (id === 'F86') return { answered: false, code: 'TimeoutError', message: 'The answer was lost.' } as T;
    if (id === 'F17') noteUntold(method, args);
    if (id === 'F17' || id === 'F45') throw new ServiceFault(`${method.name}: the answer was lost`);
    if (id === 'F12') {
      noteCrashAround(method, args);
      noteCrash();
      return never<T>();
    }
    // F13: the answer came, and the caller ends before it does anything with it.
    noteCrash();
    return answer;
  };

  const acting = <T>(effect: () => Promise<T>): Promise<T> => {
    world.acting.by = caller;
    return effect();
  };

  const slowly = (): Promise<void> | undefined =>
    conditions.slowShare > 0 && !faults.isHealed() && random.chance(conditions.slowShare)
      ? clock.sleep(random.between(1, conditions.slowMsMax))
      : undefined;

  /** An answer reaches whoever is still there, once it goes on. */
  const deliver = <T>(answer: T): T | Promise<T> => {
    const still = troubles?.standstill();
    if (still !== undefined) return still.then(() => (isDead ? never<T>() : answer));
    return isDead ? never<T>() : answer;
  };

  const ask = <T>(
    method: Method,
    args: readonly unknown[],
    effect: () => Promise<T>,
    onFailure: (() => void) | undefined,
  ): Promise<T> => {
    const refusal = refusalOf(method);
    if (refusal !== undefined) {
      onFailure?.();
      return Promise.reject(refusal);
    }
    const struck = strikeOf(method);
    const id = struck === 'F138' && !canBeLate(kind, method, args) ? undefined : struck;
    const answer = id === undefined ? acting(effect) : strike(id, method, args, () => acting(effect));
    if (onFailure === undefined) return answer.then(deliver);
    return answer.then(deliver, (error: unknown) => {
      onFailure();
      throw error;
    });
  };

  /** Nearly every call is answered at once: each promise that is not made for it is time for other lives. */
  const begin: Caller['call'] = (method, args, effect, onFailure) => {
    if (isDead) return never();
    tally.calls += 1;
    trace.mix(method.serial);
    trace.mix(clock.now());
    const wait = slowly();
    if (wait === undefined) return ask(method, args, effect, onFailure);
    return wait.then(() => ask(method, args, effect, onFailure));
  };

  const caller: Caller = {
    name,
    kind,
    ...(options.machine === undefined ? {} : { machine: options.machine }),
    memo: {
      sent: new Map(),
      backlogs: new Map(),
      records: new Map(),
      readings: new Map(),
      drained: new Set(),
      untold: new Set(),
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    },
    crashed,
    isDead: () => isDead,
    crash,
    call: (method, args, effect, onFailure) => {
      const still = troubles?.standstill();
      if (still !== undefined) return still.then(() => begin(method, args, effect, onFailure));
      return begin(method, args, effect, onFailure);
    },
  };
  return caller;
};
