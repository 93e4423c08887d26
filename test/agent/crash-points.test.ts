import { beforeAll, describe, expect, it } from 'vitest';
import type { RunnerContext, RunnerOutcome } from '../../lib/agent/runner.ts';
import { addMs } from '../../lib/fleet/time.ts';
import { manualClock } from '../support/manual-clock.ts';
import { START } from '../support/records.ts';
import { type CallSite, type Fault, failingPorts } from './support/failing-ports.ts';
import { createCloud, createMachine, newItem, rowOf, seconds, submit } from './support/machine.ts';

/**
 * A machine's whole life on one stage: small and large results, a stranger's task, one that fails once, one that always
 * does, and one that a notice interrupts. A second machine finishes what is left.
 */
const playStage = async (fault?: Fault) => {
  const clock = manualClock(START);
  const cloud = createCloud(clock);
  const faults = failingPorts(fault);
  const commits = new Map<string, number>();
  const { apply } = cloud.tasks;
  cloud.tasks.apply = async (id, step) => {
    const outcome = await apply(id, step);
    if (step.step === 'commit' && outcome.outcome === 'done') commits.set(id, (commits.get(id) ?? 0) + 1);
    return outcome;
  };

  const run = async (context: RunnerContext): Promise<RunnerOutcome> => {
    const { taskId, attempt } = context;
    await context.checkpoint(`${taskId} begun`);
    if (taskId === 'flaky' && attempt === 1) return { kind: 'failed', reason: 'once' };
    if (taskId === 'poison') return { kind: 'failed', reason: 'always' };
    if (taskId === 'long') await clock.sleep(seconds(200), context.signal);
    if (context.signal.aborted) return { kind: 'hand-back', reason: 'asked to' };
    return { kind: 'done', result: taskId === 'large' ? 'x'.repeat(40_000) : taskId };
  };
  const settings = { failuresMax: 2, taskIdPath: 'id' };
  const first = createMachine({ clock, cloud, run, settings, wrap: faults.wrap });
  for (const id of ['plain', 'large', 'flaky', 'poison']) await submit(cloud, id);
  cloud.queue.sendBody('{"id":"foreign"}');
  first.start();
  await clock.advance(seconds(100));
  await submit(cloud, 'long');
  await clock.advance(seconds(5));
  first.metadata.giveNotice(addMs(clock.now(), seconds(120)));
  await clock.advance(seconds(700));

  const item = newItem({ instanceId: 'i-0123456789abcdef0' as never, launchedAt: clock.now() });
  const second = createMachine({ clock, cloud, run, settings, item, session: 'session-2' });
  second.start();
  await clock.advance(seconds(400));
  return { cloud, commits, faults, first, second };
};

/** What the control plane's sweep would release: the row of a machine that does not hold it. */
const releaseWhatIsNotHeld = async ({ cloud }: Awaited<ReturnType<typeof playStage>>): Promise<string[]> => {
  const stuck: string[] = [];
  for (const row of cloud.tasks.rows.values()) {
    if (row.status !== 'running') continue;
    expect(cloud.instances.records.get(row.owner!)?.leases[row.taskId]).toBeUndefined();
    stuck.push(row.taskId);
  }
  return stuck;
};

const TASKS = ['plain', 'large', 'flaky', 'long', 'foreign'];

describe('each outside call of the agent', () => {
  let sites: CallSite[] = [];

  beforeAll(async () => {
    const { faults } = await playStage();
    sites = [...faults.calls.keys()];
  });

  it('is found at run time: all that the protocol asks for', () => {
    expect(sites).toEqual(
      expect.arrayContaining([
        'tasks.apply:submit',
        'tasks.apply:take',
        'tasks.apply:checkpoint',
        'tasks.apply:commit',
        'tasks.apply:fail',
        'tasks.apply:hand-back',
        'instances.openSession',
        'instances.heartbeat',
        'instances.changeLeases',
        'instances.recordSignal',
        'queue.receive',
        'queue.delete',
        'queue.changeVisibility',
        'deadLetters.send',
        'wakes.wake',
        'blobs.put',
        'imds.read',
      ]),
    );
  });

  for (const when of ['before', 'after'] as const) {
    it(`failed once ${when} its effect still ends with every task done exactly once`, async () => {
      for (const site of sites) {
        const stage = await playStage({ site, when, call: 1, times: 1 });
        expect(stage.faults.injected(), site).toBe(1);
        for (const id of TASKS) {
          expect(rowOf(stage.cloud, id).status, `${site}: ${id}`).toBe('done');
          expect(stage.commits.get(id), `${site}: ${id}`).toBe(1);
        }
        expect(rowOf(stage.cloud, 'poison'), site).toMatchObject({ status: 'dead', failures: 2 });
        const buried = stage.cloud.deadLetters.sent.filter((letter) => letter.taskId === 'poison').length;
        expect(buried, site).toBeGreaterThanOrEqual(1);
        expect(stage.first.record()?.leases, site).toEqual({});
      }
    });

    it(`failed for good ${when} its effect loses and doubles nothing`, async () => {
      for (const site of sites) {
        const stage = await playStage({ site, when, call: 1, times: Number.POSITIVE_INFINITY });
        await releaseWhatIsNotHeld(stage);
        for (const id of TASKS) expect(stage.commits.get(id) ?? 0, `${site}: ${id}`).toBeLessThanOrEqual(1);
        for (const row of stage.cloud.tasks.rows.values()) {
          if (row.taskId !== 'poison') expect(row.status, `${site}: ${row.taskId}`).not.toBe('dead');
        }
      }
    });
  }
});
