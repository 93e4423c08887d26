/**
 * EC2 as the local cloud serves it: the Query API, launch templates, machines that are processes, and a spot market.
 *
 * Not modelled: fleets of other types than `instant`, RunInstances, stopped machines, volumes, addresses, eventual
 * consistency (what was launched is visible at once), request throttling, termination protection, placement groups.
 */

import { epochMs } from '../../fleet/time.ts';
import { createMarket } from '../../market/market.ts';
import type { MarketScript } from '../../market/script.ts';
import type { MarketSettings } from '../../market/settings.ts';
import { type PriceSurge, withSurges } from '../../market/surge.ts';
import type { FetchProgram } from '../machines/fetch-program.ts';
import { Machine, type MachineLaunch, type MachineWorld } from '../machines/machine.ts';
import type { ProcessHost } from '../machines/processes.ts';
import type { LocalContext, LocalPart, LocalService } from '../service.ts';
import { byHandService } from './by-hand.ts';
import { callNamed } from './calls.ts';
import { followFate } from './fate-runner.ts';
import { createIdentifiers } from './identifiers.ts';
import { createLaunchTemplates } from './launch-templates.ts';
import { machineWorld } from './machine-world.ts';
import { type LocalNetwork, localNetwork } from './network.ts';
import { recordPrices } from './price-recorder.ts';
import { parseQuery } from './query.ts';
import { assertPlayable, type HoldsWork, playScript } from './script-runner.ts';
import { type Ec2State, liveMachines } from './state.ts';
import { type MachineSnapshot, type MarketSummary, snapshotOf, summarise } from './summary.ts';
import { xmlError } from './xml.ts';

export interface Ec2Options {
  readonly market: MarketSettings;
  /** Working folder of the agents: workers' commands are looked up from here. */
  readonly projectFolder: string;
  /** The path of a program that a machine's user data names, fetched as the machine's role. */
  readonly fetchProgram: FetchProgram;
  /** Default: the built-in network with one subnet in each of the market's zones. */
  readonly network?: LocalNetwork;
  /** Played once the local cloud has started. */
  readonly script?: MarketScript;
  /** For scripts whose target must hold work. */
  readonly holdsWork?: HoldsWork;
  /** The account's limit for on-demand machines, in vCPU; none by default. */
  readonly onDemandLimitVcpu?: number;
  readonly processes?: ProcessHost;
}

/** What Auto Scaling does to a machine. */
export interface MachineInGroups {
  readonly instanceId: string;
  readonly zone: string;
  readonly isRunning: boolean;
  /** Aborts when the machine begins to end. */
  readonly over: AbortSignal;
  setTag(key: string, value: string | undefined): void;
  end(): void;
}

export interface Ec2Part extends LocalPart {
  /** Machines that are pending or running, in the order of their launch. */
  runningMachines(): readonly MachineSnapshot[];
  /** Lays a script on the market; its times count from now. Resolves when all of it has happened. */
  applyScript(script: MarketScript): Promise<void>;
  marketSummary(): MarketSummary;
  /** A machine for whoever holds machines in groups; undefined when EC2 shows none of that id. */
  machine(instanceId: string): MachineInGroups | undefined;
  start(): Promise<void>;
  /** Kills every machine's process group and waits until all are gone. */
  close(): Promise<void>;
}

const createState = (context: LocalContext, options: Ec2Options, world: MachineWorld): Ec2State => {
  const identifiers = createIdentifiers(options.market.seed);
  const machines = new Map<string, Machine>();
  const surges: PriceSurge[] = [];
  const state: Ec2State = {
    context,
    clock: context.clock,
    market: withSurges(createMarket(options.market), surges),
    surges,
    network: options.network ?? localNetwork(options.market.zones),
    identifiers,
    templates: createLaunchTemplates(context.clock, identifiers),
    onDemandLimitVcpu: options.onDemandLimitVcpu ?? Number.POSITIVE_INFINITY,
    machines,
    fleets: new Map(),
    fleetIdByToken: new Map(),
    launchedByPool: new Map(),
    noSpotUntil: epochMs(0),
    isClosing: false,
    launch: (launch: MachineLaunch) => {
      const machine = new Machine(launch, world);
      machines.set(launch.instanceId, machine);
      machine.start();
      if (launch.purchase === 'spot') void followFate(state, machine);
    },
  };
  return state;
};

const queryService = (state: Ec2State): LocalService => ({
  signingNames: ['ec2'],
  understand: (request) => {
    const query = parseQuery(request.body.toString('utf8'));
    const action = query.text('Action') ?? '';
    const call = callNamed(action);
    return { action: `ec2:${action}`, checks: call.checks(state, query), parameters: call.parameters(query) };
  },
  handle: async (request) => {
    const query = parseQuery(request.body.toString('utf8'));
    return callNamed(query.text('Action') ?? '').answer(state, query, request.caller);
  },
  error: (status, code, message) => xmlError(status, code, message, state.identifiers.request()),
});

const inGroups = (machine: Machine): MachineInGroups => ({
  instanceId: machine.launch.instanceId,
  zone: machine.launch.zone,
  isRunning: machine.state === 'running',
  over: machine.over,
  setTag: (key, value) => machine.setTag(key, value),
  end: () => void machine.end('user'),
});

export const ec2Service = (context: LocalContext, options: Ec2Options): Ec2Part => {
  const world: MachineWorld = machineWorld(context, options, () => state);
  const state: Ec2State = createState(context, options, world);
  const scripts: MarketScript[] = [];
  const applyScript = async (script: MarketScript): Promise<void> => {
    assertPlayable(script, options.holdsWork);
    scripts.push(script);
    await playScript(state, script, options.holdsWork);
  };
  if (options.script) assertPlayable(options.script, options.holdsWork);
  const close = async (): Promise<void> => {
    state.isClosing = true;
    await Promise.all([...state.machines.values()].map((machine) => machine.end('local-cloud-closed')));
    await world.processes.close();
  };
  context.signal.addEventListener('abort', () => void close(), { once: true });
  return {
    services: [queryService(state), byHandService(state)],
    providers: [state.templates.provider],
    start: async () => {
      void recordPrices(state);
      if (options.script) void applyScript(options.script);
    },
    runningMachines: () => liveMachines(state).map(snapshotOf),
    applyScript,
    machine: (instanceId) => {
      const machine = state.machines.get(instanceId);
      return machine && inGroups(machine);
    },
    marketSummary: () => summarise(state, scripts.flat()),
    close,
  };
};
