import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { pricesHandler } from '../../functions/prices.ts';
import { reconcileHandler } from '../../functions/reconcile.ts';
import { signalsHandler } from '../../functions/signals.ts';
import type { TaskId } from '../../lib/fleet/ids.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import type { LaunchRequest } from '../../lib/ports/machines.ts';
import type { CallSite, FaultOutcome } from '../../lib/simulator/crash-points/call-recorder.ts';
import { exploreCrashPoints } from '../../lib/simulator/crash-points/explore.ts';
import { explorePairsOf, firstFaults } from '../../lib/simulator/crash-points/explore-pairs.ts';
import type { ExploredFunctions } from '../../lib/simulator/crash-points/functions.ts';
import type { Scenario } from '../../lib/simulator/crash-points/scenario.ts';
import { SCENARIOS } from '../../lib/simulator/crash-points/scenarios.ts';
import { playScenario, type StageOptions } from '../../lib/simulator/crash-points/stage.ts';
import type { MemoryWorld } from '../../lib/simulator/ports/memory-world.ts';

const FUNCTIONS: ExploredFunctions = {
  signals: signalsHandler,
  reconcile: reconcileHandler,
  prices: pricesHandler,
};
const PATIENCE_MS = 90_000;

const scenarioNamed = (name: string): Scenario => SCENARIOS.find((scenario) => scenario.name === name)!;

const callsOf = (sites: readonly CallSite[]): Set<string> =>
  new Set(sites.map(({ by, call, step }) => [by, call, ...(step === undefined ? [] : [step])].join(' ')));

/** Calls that each path is known to make: if one is no longer found, the scenario no longer tells what it should. */
const KNOWN: Readonly<Record<string, { readonly sitesMin: number; readonly calls: readonly string[] }>> = {
  signal: {
    sitesMin: 20,
    calls: [
      'signals instances.recordSignal',
      'signals tasks.apply release',
      'signals queue.send',
      'signals instances.dropLease',
      'signals fleets.keepUnclaimed',
      'signals wakes.wake',
    ],
  },
  launch: {
    sitesMin: 110,
    calls: [
      'minute fleets.changeHead',
      'minute machines.launch',
      'minute fleets.recordAnswer',
      'minute instances.create',
      'minute fleets.addMember',
      'minute fleets.closeIntent',
      'wake fleets.read',
      'minute money.putRun',
      'minute instances.markGone',
      'minute fleets.removeMember',
    ],
  },
  adoption: {
    sitesMin: 70,
    calls: [
      'minute machines.describeFleet',
      'minute machines.tokenOf',
      'minute instances.create',
      'minute fleets.unclaimed',
      'minute fleets.addMember',
      'minute fleets.closeIntent',
    ],
  },
  sweep: {
    sitesMin: 40,
    calls: ['minute tasks.due', 'minute tasks.get', 'minute tasks.apply release', 'minute tasks.apply check-again'],
  },
  agent: {
    sitesMin: 80,
    calls: [
      'agent 1 instances.openSession',
      'agent 1 tasks.apply submit',
      'agent 1 tasks.apply take',
      'agent 1 instances.changeLeases',
      'agent 1 tasks.apply checkpoint',
      'agent 1 tasks.apply commit',
      'agent 1 tasks.apply fail',
      'agent 1 tasks.apply hand-back',
      'agent 1 queue.changeVisibility',
      'agent 1 queue.delete',
      'agent 1 instances.recordSignal',
      'agent 1 wakes.wake',
      'agent 1 blobs.get',
    ],
  },
  slots: {
    sitesMin: 80,
    calls: [
      'agent 1 instances.openSession',
      'agent 1 instances.changeLeases',
      'agent 1 tasks.get',
      'agent 1 tasks.apply hand-back',
      'agent 1 tasks.apply commit',
      'agent 1 queue.send',
    ],
  },
  zombie: { sitesMin: 40, calls: ['agent 1 tasks.apply commit', 'agent 1 instances.heartbeat'] },
  prices: {
    sitesMin: 8,
    calls: ['prices fleets.prices', 'prices prices.spotHistory', 'prices prices.onDemand', 'prices fleets.putPrices'],
  },
  groups: {
    sitesMin: 60,
    calls: [
      'wake groups.detach',
      'wake groups.deregister',
      'wake instances.markGroupStep',
      'wake groups.completeLifecycle',
    ],
  },
};

describe('every outside call may fail before it, lose its reply, or be the last thing its caller does', () => {
  it.each(Object.keys(KNOWN))(
    '%s: nothing is lost, doubled, forgotten or taken from others, and every step may be done twice',
    async (name) => {
      const exploration = await exploreCrashPoints({ scenarios: [scenarioNamed(name)], functions: FUNCTIONS });
      expect(exploration.violations).toEqual([]);
      const { sitesMin, calls } = KNOWN[name]!;
      expect(exploration.sites.length).toBeGreaterThanOrEqual(sitesMin);
      expect(calls.filter((call) => !callsOf(exploration.sites).has(call))).toEqual([]);
      expect(exploration.sites.every((site) => site.held && site.outcomes.length === 3)).toBe(true);
    },
    PATIENCE_MS,
  );

  it('no scenario is left out', () => {
    expect(SCENARIOS.map(({ name }) => name)).toEqual(Object.keys(KNOWN));
  });
});

describe('two calls in a row may go wrong', () => {
  it(
    'each call and outcome is followed by every call that comes after it, in each outcome',
    async () => {
      const scenarios = [scenarioNamed('prices')];
      const first = await firstFaults(scenarios, FUNCTIONS);
      expect(first).toHaveLength(
        3 * (await playScenario({ scenario: scenarios[0]!, functions: FUNCTIONS })).sites.length,
      );
      const { pairs, runs, violations } = await explorePairsOf(first[0]!, FUNCTIONS);
      expect(violations).toEqual([]);
      // One that failed is repeated: as many calls follow as there were, each of which may fail in three ways.
      expect(pairs).toBeGreaterThanOrEqual(first.length - 3 - 2 * 3);
      expect(runs).toBe(pairs + 2);
    },
    PATIENCE_MS,
  );

  it('the second strikes after the first, and never before', async () => {
    const options = { scenario: scenarioNamed('prices'), functions: FUNCTIONS };
    const { sites } = await playScenario(options);
    const [one, two] = [sites[2]!, sites[0]!];
    const faults = [one, two].map(({ call, nth }) => ({ call, nth, outcome: 'failed-before' }) as const);
    expect((await playScenario({ ...options, faults })).struck).toHaveLength(1);
    expect((await playScenario({ ...options, faults: faults.toReversed() })).struck).toHaveLength(2);
  });
});

type Worse = Pick<StageOptions, 'breaks'> & { readonly functions?: ExploredFunctions };

/** What is found when the last such call ends in this way, in a world that is worse than ours. */
const foundAfter = async (
  scenario: string,
  call: string,
  outcome: FaultOutcome,
  { functions = FUNCTIONS, ...worse }: Worse,
): Promise<readonly string[]> => {
  const options = { scenario: scenarioNamed(scenario), functions, ...worse };
  const { sites } = await playScenario(options);
  const site = sites.findLast((one) => [one.call, one.step].filter(Boolean).join(' ') === call);
  if (site === undefined) throw new Error(`${scenario} makes no call ${call}`);
  const run = await playScenario({ ...options, faults: [{ call: site.call, nth: site.nth, outcome }] });
  expect(run.struck).toHaveLength(1);
  return run.violations;
};

const foundPlainly = async (scenario: string, { functions = FUNCTIONS, ...worse }: Worse): Promise<readonly string[]> =>
  (await playScenario({ scenario: scenarioNamed(scenario), functions, ...worse })).violations;

/** Nobody looks at rows whose time has come. */
const withoutSweep = (memory: MemoryWorld): MemoryWorld => ({
  ...memory,
  tasks: { ...memory.tasks, due: async () => [] },
});

/** EC2 launches again for a token that it has seen. */
const withoutTokens = (memory: MemoryWorld): MemoryWorld => {
  let count = 0;
  const launch: MemoryWorld['machines']['launch'] = async (serialised) => {
    count += 1;
    return memory.machines.launch(
      JSON.stringify({ ...(JSON.parse(serialised) as LaunchRequest), token: `token-${count}` }),
    );
  };
  return { ...memory, machines: { ...memory.machines, launch } };
};

/** Releasing makes a row ready, whatever became of it since. */
const withReleaseUnconditional = (memory: MemoryWorld): MemoryWorld => {
  const rows = memory.tasks.rows as Map<TaskId, TaskRecord>;
  const apply: MemoryWorld['tasks']['apply'] = async (id, step) => {
    const row = rows.get(id);
    if (step.step !== 'release' || row === undefined) return memory.tasks.apply(id, step);
    const released: TaskRecord = { ...row, status: 'ready' };
    rows.set(id, released);
    return { outcome: 'done', row: released };
  };
  return { ...memory, tasks: { ...memory.tasks, apply } };
};

/** Committing asks for no attempt: whoever comes first, or last, is right. */
const withoutFence = (memory: MemoryWorld): MemoryWorld => {
  const rows = memory.tasks.rows as Map<TaskId, TaskRecord>;
  const apply: MemoryWorld['tasks']['apply'] = async (id, step) => {
    const row = rows.get(id);
    if (step.step !== 'commit' || row === undefined) return memory.tasks.apply(id, step);
    const { checkAt: _checkAt, ...rest } = row;
    const done: TaskRecord = { ...rest, status: 'done', result: step.result, finishedAt: step.now };
    rows.set(id, done);
    return { outcome: 'done', row: done };
  };
  return { ...memory, tasks: { ...memory.tasks, apply } };
};

/** EC2 is asked, and nobody wrote down that it would be. */
const withIntentsUnwritten: ExploredFunctions = {
  ...FUNCTIONS,
  reconcile: (world) => reconcileHandler({ ...world, fleets: { ...world.fleets, changeHead: async () => 'done' } }),
};

describe('a world that is worse is noticed', () => {
  it('a lost reply alone is harmless, and not reported', async () => {
    expect(await foundAfter('agent', 'tasks.apply take', 'reply-lost', {})).toEqual([]);
  });

  it('without the sweep, an agent that ends between taking and holding loses its task', async () => {
    const worse = { breaks: withoutSweep };
    expect(await foundPlainly('agent', worse)).toEqual([]);
    expect(await foundAfter('agent', 'tasks.apply take', 'crashed-after', worse)).toContainEqual(
      expect.stringContaining('no task is lost (W1)'),
    );
  });

  it('without idempotent tokens, a launch whose answer is lost is launched twice', async () => {
    const worse = { breaks: withoutTokens };
    expect(await foundAfter('launch', 'machines.launch', 'crashed-after', worse)).toContainEqual(
      expect.stringContaining('an intent asks for at most its count (N4)'),
    );
  });

  it('without its condition, a release that is repeated takes what it should not', async () => {
    const worse = { breaks: withReleaseUnconditional };
    expect(await foundAfter('signal', 'instances.dropLease', 'failed-before', worse)).toContainEqual(
      expect.stringContaining('a release takes only what was read'),
    );
  });

  it('without the fence, an agent that stood still commits a task that is somebody else’s by then', async () => {
    expect(await foundPlainly('zombie', {})).toEqual([]);
    expect(await foundPlainly('zombie', { breaks: withoutFence })).toContainEqual(
      expect.stringContaining('the fence holds (W2)'),
    );
  });

  it('without a written intent, the machine of a launch that was not heard of is forgotten', async () => {
    const worse = { functions: withIntentsUnwritten };
    expect(await foundPlainly('adoption', worse)).toEqual([]);
    expect(await foundAfter('adoption', 'machines.launch', 'crashed-after', worse)).toContainEqual(
      expect.stringContaining('a run is closed once'),
    );
  });
});

describe('the command', () => {
  it(
    'ends with one line of JSON, and with 0 because everything held',
    async () => {
      const command = fileURLToPath(new URL('../../bin/crash-points.ts', import.meta.url));
      const run = promisify(execFile);
      const { stdout } = await run(process.execPath, [command, '--json', '--scenario', 'signal'], {
        maxBuffer: 10_000_000,
      });
      const result: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
      expect(result).toMatchObject({ scenarios: ['signal'], violations: [] });
      expect(result).toHaveProperty('sites.0', {
        scenario: 'signal',
        by: 'signals',
        call: 'instances.recordSignal',
        nth: 1,
        outcomes: ['failed-before', 'reply-lost', 'crashed-after'],
        held: true,
      });
    },
    PATIENCE_MS,
  );
});
