import { describe, expect, it } from 'vitest';
import type { AgentPorts } from '../../lib/agent/world.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { sweep } from '../../lib/workflows/sweep.ts';
import { manualClock } from '../support/manual-clock.ts';
import { anInstanceId, START } from '../support/records.ts';
import {
  type Cloud,
  createCloud,
  createMachine,
  newItem,
  rowOf,
  seconds,
  submit,
  taskOfSeconds,
} from './support/machine.ts';

const TASKS = ['a', 'b', 'c', 'd', 'e', 'f'];
const MINUTES = 40;

/** Counts the commits that the ledger accepted, by task. */
const countingCommits = (cloud: Cloud) => {
  const commits = new Map<string, number>();
  const apply: TaskLedger['apply'] = async (id, step) => {
    const outcome = await cloud.tasks.apply(id, step);
    if (step.step === 'commit' && outcome.outcome === 'done') commits.set(id, (commits.get(id) ?? 0) + 1);
    return outcome;
  };
  return { commits, wrap: (ports: AgentPorts): AgentPorts => ({ ...ports, tasks: { ...ports.tasks, apply } }) };
};

/** An agent whose clock is off by so much, beside the control plane and a machine whose clocks are right. */
describe.each([
  ['ten minutes behind', -600],
  ['ten minutes ahead', 600],
])('a machine whose clock is %s (F55)', (_name, skewSeconds) => {
  const skewed = (ports: AgentPorts): AgentPorts => ({
    ...ports,
    clock: { ...ports.clock, now: () => (ports.clock.now() + seconds(skewSeconds)) as never },
  });

  const sweepEveryMinute = async (clock: ReturnType<typeof manualClock>, cloud: Cloud): Promise<void> => {
    const nothing = () => undefined;
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    const world = {
      ...cloud,
      clock,
      log,
      metrics: { count: nothing },
      workQueue: () => cloud.queue,
      settings: new Map(),
    };
    for (let minute = 0; minute < MINUTES; minute += 1) {
      await clock.advance(seconds(60));
      await sweep(world);
    }
  };

  it.each([20, 150])('loses no task of %d s and has none committed twice', async (taskSeconds) => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const { commits, wrap } = countingCommits(cloud);
    const run = taskOfSeconds(clock, taskSeconds);
    const shared = { cloud, clock, run };
    const wrong = createMachine({ ...shared, wrap: (ports) => skewed(wrap(ports)), session: 'wrong' });
    const right = createMachine({ ...shared, wrap, session: 'right', item: newItem({ instanceId: anInstanceId(9) }) });
    for (const id of TASKS) await submit(cloud, id);
    wrong.start();
    right.start();
    await sweepEveryMinute(clock, cloud);
    expect(TASKS.map((id) => rowOf(cloud, id).status)).toEqual(TASKS.map(() => 'done'));
    expect(Object.fromEntries(commits)).toEqual(Object.fromEntries(TASKS.map((id) => [id, 1])));
  });

  it('that is alone finishes its tasks all the same', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const { commits, wrap } = countingCommits(cloud);
    const machine = createMachine({
      cloud,
      clock,
      run: taskOfSeconds(clock, 150),
      wrap: (ports) => skewed(wrap(ports)),
    });
    for (const id of TASKS) await submit(cloud, id);
    machine.start();
    await sweepEveryMinute(clock, cloud);
    expect(TASKS.map((id) => rowOf(cloud, id).status)).toEqual(TASKS.map(() => 'done'));
    expect([...commits.values()]).toEqual(TASKS.map(() => 1));
  });
});
