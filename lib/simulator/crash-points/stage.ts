import { type TaskId, taskId } from '../../fleet/ids.ts';
import { PRICES_SECONDS } from '../../fleet/limits.ts';
import { encodeWake } from '../../fleet/message.ts';
import { addMs, epochMs, secondsToMs } from '../../fleet/time.ts';
import type { WakeQueue } from '../../ports/queues.ts';
import type { SignalQueue } from '../../ports/signal-queue.ts';
import { submitTasks } from '../../workflows/submit-tasks.ts';
import { type MemoryMoneyLedger, memoryMoneyLedger } from '../ports/memory-money-ledger.ts';
import { type MemoryWorld, memoryWorld } from '../ports/memory-world.ts';
import { type VirtualClock, virtualClock } from '../virtual-clock.ts';
import { type Auditor, createAuditor } from './auditor.ts';
import { type CallRecorder, type CallSite, createCallRecorder, type Fault, type Invocation } from './call-recorder.ts';
import { endViolations } from './end-state.ts';
import { CONTEXT, type ExploredFunctions, sqsRecord } from './functions.ts';
import { instrumented } from './instrument.ts';
import { createMachineHost, type HostedMachine, type MachineHost } from './machine-host.ts';
import { type Market, marketViolations, pricesWorld } from './market.ts';
import type { Hands, Scenario } from './scenario.ts';
import { createSignalDelivery, type SignalDelivery } from './signal-delivery.ts';
import { HOME, stateChange } from './signal-events.ts';
import { agentPorts, functionWorld, type StagePorts } from './stage-ports.ts';
import type { StepWork } from './step-worker.ts';

/** 2026-01-01T00:00:00Z. */
const START = epochMs(1_767_225_600_000);

/** A world that has not come to rest by then never will: silence, boot and intents are given up within ten minutes each. */
const LIMIT_SECONDS = 3_600;

/** Far more wakes than any scenario needs: whoever gets there wakes itself over and over. */
const WAKES_MAX = 300;

const SLICE_SECONDS = 30;
const MINUTE_SECONDS = 60;

export interface StageOptions {
  readonly scenario: Scenario;
  readonly functions: ExploredFunctions;
  /** In the order in which they strike. */
  readonly faults?: readonly Fault[];
  /** Every invocation of a function is followed by the same one again. */
  readonly isRepeated?: boolean;
  /** Makes the world worse than it is, to see whether that is noticed. */
  readonly breaks?: (memory: MemoryWorld) => MemoryWorld;
}

export interface StageRun {
  readonly sites: readonly CallSite[];
  /** Where each fault whose call came to be made stands among the sites. */
  readonly struck: readonly number[];
  readonly violations: readonly string[];
  readonly virtualSeconds: number;
}

/** Figures only have to differ, and to be the same in every run. */
const countingRandom = (): (() => number) => {
  let count = 0;
  return () => (count++ % 2 === 0 ? 0 : count / 2 ** 32);
};

/** One scenario played once, from the first task to the last machine, with the faults that it is given. */
class Stage {
  readonly clock: VirtualClock = virtualClock(START);
  readonly money: MemoryMoneyLedger = memoryMoneyLedger();
  readonly memory: MemoryWorld;
  readonly auditor: Auditor;
  readonly recorder: CallRecorder;
  readonly host: MachineHost;
  readonly delivery: SignalDelivery;
  readonly expected = new Map<TaskId, StepWork>();
  readonly #options: StageOptions;
  #underWay = 0;
  #wakesDelivered = 0;

  constructor(options: StageOptions) {
    this.#options = options;
    const { scenario, breaks = (memory) => memory } = options;
    this.memory = breaks(memoryWorld(this.clock, countingRandom()));
    this.auditor = createAuditor(this.memory, scenario.settings.capacity);
    this.recorder = createCallRecorder(options.faults);
    this.host = this.#createHost(scenario);
    this.delivery = createSignalDelivery(this.clock, (messageId, body) => this.#invokeSignals(messageId, body));
  }

  async play(): Promise<StageRun> {
    const { scenario } = this.#options;
    const hands = this.#hands();
    for (const [id, work] of (await scenario.prepare?.(hands)) ?? []) this.expected.set(id, work);
    await this.#submit(scenario);
    void this.#track(scenario.script(hands));
    void this.#runSchedule();
    if (scenario.market !== undefined) void this.#readPrices(scenario.market);
    let left: readonly string[] = [];
    for (let until = START; until < addMs(START, secondsToMs(LIMIT_SECONDS)); ) {
      until = addMs(until, secondsToMs(SLICE_SECONDS));
      await this.clock.runUntil(until);
      left = await endViolations(this.memory, this.money, this.#expectation());
      if (scenario.market !== undefined) left = [...left, ...(await marketViolations(this.memory, scenario))];
      left = [...left, ...(scenario.violations?.(hands) ?? [])];
      if (left.length === 0 && this.#underWay === 0) break;
    }
    const given = this.delivery.givenUp.map((body) => `no signal is given up: ${body}`);
    const loops = this.#wakesDelivered >= WAKES_MAX ? [`no hot loop: ${WAKES_MAX} wakes`] : [];
    const unfinished = this.#underWay > 0 ? ['the world comes to rest: something is still under way'] : [];
    return {
      sites: this.recorder.sites,
      struck: this.recorder.struck,
      violations: [...new Set([...this.auditor.violations, ...left, ...given, ...loops, ...unfinished])],
      virtualSeconds: (this.clock.now() - START) / 1_000,
    };
  }

  #expectation() {
    const { fleet } = this.#options.scenario.settings;
    return { fleet, tasks: this.expected, machines: this.host.machines, foreign: this.auditor.foreign };
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#underWay += 1;
    try {
      await work;
    } finally {
      this.#underWay -= 1;
    }
  }

  async #submit({ settings, tasks, messagesLost = [] }: Scenario): Promise<void> {
    for (const work of tasks) {
      const id = taskId(work.name);
      this.expected.set(id, work);
      const queue = this.memory.workQueue(settings.fleet);
      const losing = messagesLost.includes(work.name) ? { ...queue, sendMany: async () => [] } : queue;
      const world = { tasks: this.auditor.tasks, queue: losing, blobs: this.memory.blobs, clock: this.clock };
      await submitTasks(world, settings.fleet, [{ taskId: id, body: JSON.stringify(work) }]);
    }
  }

  #begin(by: string): Invocation {
    const { scenario } = this.#options;
    return this.recorder.begin(by, scenario.explores(by, this.clock.now() - START));
  }

  /** The wake queue and what it starts: a wake whose function crashes is lost, which is more than SQS would do. */
  readonly #wakes: WakeQueue = {
    wake: async (fleet, delaySeconds = 0) => {
      await this.memory.wakes.wake(fleet, delaySeconds);
      void this.#track(this.#deliverWakes(delaySeconds));
    },
  };

  get #ports(): StagePorts {
    const { memory, auditor, money, host } = this;
    const { settings } = this.#options.scenario;
    return { memory, auditor, money, wakes: this.#wakes, settings, onMachinesChanged: host.refresh };
  }

  async #deliverWakes(delaySeconds: number): Promise<void> {
    await this.clock.sleep(secondsToMs(delaySeconds));
    if (this.#wakesDelivered >= WAKES_MAX) return;
    this.#wakesDelivered += 1;
    const Records = this.memory.wakes.takeDue().map((fleet) => sqsRecord(`wake of ${fleet}`, encodeWake(fleet)));
    if (Records.length > 0) await this.#invokeReconcile('wake', { Records });
  }

  async #runSchedule(): Promise<void> {
    for (;;) {
      await this.#invokeReconcile('minute', { schedule: 'minute' });
      await this.clock.sleep(secondsToMs(MINUTE_SECONDS));
    }
  }

  /** The schedule of `functions/prices.ts`. */
  async #readPrices(market: Market): Promise<void> {
    const { functions, scenario } = this.#options;
    for (;;) {
      const read = (invocation: Invocation) =>
        functions.prices(pricesWorld(this.#ports, invocation, market, scenario))();
      // What fails is an alarm, and the next reading does the same.
      await this.#invoke('prices', read).catch(() => undefined);
      await this.clock.sleep(secondsToMs(PRICES_SECONDS));
    }
  }

  /** Runs an invocation to its end or to its crash, and again where everything is done twice. */
  async #invoke<T>(by: string, run: (invocation: Invocation) => Promise<T>): Promise<T | 'crashed'> {
    const once = async (): Promise<T | 'crashed'> => {
      const invocation = this.#begin(by);
      return Promise.race([run(invocation), invocation.crashed.then(() => 'crashed' as const)]);
    };
    const outcome = await once();
    return this.#options.isRepeated ? once() : outcome;
  }

  async #invokeReconcile(by: 'minute' | 'wake', event: Parameters<ReturnType<ExploredFunctions['reconcile']>>[0]) {
    try {
      await this.#invoke(by, (invocation) =>
        this.#options.functions.reconcile(functionWorld(this.#ports, invocation))(event),
      );
    } catch {
      // Lambda counts it and does not repeat it: the next minute does the same.
    }
  }

  async #invokeSignals(messageId: string, body: string): Promise<'done' | 'failed' | 'failed-soon' | 'crashed'> {
    let isSoon = false;
    const handling = this.#invoke('signals', (invocation) => {
      const queue: SignalQueue = {
        retrySoon: async () => {
          isSoon = true;
        },
        keepAside: async () => this.delivery.giveUp(body),
      };
      const world = functionWorld(this.#ports, invocation);
      const signals = { world, queue: instrumented('signals', queue, invocation), home: HOME };
      return this.#options.functions.signals(signals)({ Records: [sqsRecord(messageId, body)] }, CONTEXT);
    });
    // A function that throws has answered for no record: all of them come again.
    const outcome = await handling.catch(() => 'crashed' as const);
    if (outcome === 'crashed') return 'crashed';
    if (outcome.batchItemFailures.length === 0) return 'done';
    return isSoon ? 'failed-soon' : 'failed';
  }

  #createHost({ settings, crewOf, tellsStateChanges, slots = 1 }: Scenario): MachineHost {
    return createMachineHost({
      clock: this.clock,
      ec2: this.memory.machines,
      foreign: this.auditor.foreign,
      crewOf,
      settings: {
        fleet: settings.fleet,
        version: 'explored',
        visibilitySeconds: 60,
        failuresMax: 3,
        retryDelaySeconds: 30,
        drainPolicy: settings.drain,
        concurrency: slots,
        stopSeconds: 90,
        maximumAgeSeconds: settings.maximumAgeSeconds,
      },
      begin: (by) => this.#begin(by),
      agentPorts: (invocation, machine) => agentPorts(this.#ports, invocation, machine),
      onEnded: ({ instanceId }) => {
        if (!tellsStateChanges) return;
        for (const state of ['shutting-down', 'terminated'])
          this.#signal(stateChange(instanceId, this.clock.now(), state));
      },
    });
  }

  #signal(body: string): void {
    void this.#track(this.delivery.deliver(body));
  }

  /** Waits a second at a time for what the scenario needs to go on. */
  async #until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await this.clock.sleep(1_000);
    }
  }

  #hands(): Hands {
    const { memory, host } = this;
    const heldBy = ({ instanceId }: HostedMachine): number =>
      Object.keys(memory.instances.records.get(instanceId)?.leases ?? {}).length;
    return {
      clock: this.clock,
      memory,
      settings: this.#options.scenario.settings,
      machine: (ordinal) => this.#until(() => host.machines[ordinal - 1]),
      holds: async (machine, count) => {
        await this.#until(() => (machine.endedBy !== undefined || heldBy(machine) >= count ? true : undefined));
      },
      signal: (body) => this.#signal(body),
      announce: host.announce,
      reclaim: host.reclaim,
      freeze: host.freeze,
      kill: host.kill,
      stallAt: host.stallAt,
      addForeign: (id) => this.auditor.addForeign(id),
      refresh: host.refresh,
      until: async (holds) => void (await this.#until(() => (holds() ? true : undefined))),
    };
  }
}

export const playScenario = (options: StageOptions): Promise<StageRun> => new Stage(options).play();
