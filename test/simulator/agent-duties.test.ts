import { describe, expect, it } from 'vitest';
import { instanceId, sessionId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { SignalKind } from '../../lib/fleet/signal.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import type { TaskOutcome, TaskStep } from '../../lib/fleet/task-protocol.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import type { ReceivedMessage } from '../../lib/ports/queues.ts';
import { type AsksWorld, watchAsks } from '../../lib/simulator/audit/agent-asks.ts';
import { watchMetadata } from '../../lib/simulator/audit/agent-hears.ts';
import { watchIdle } from '../../lib/simulator/audit/agent-idle.ts';
import { watchLeases } from '../../lib/simulator/audit/agent-leases.ts';
import { watchOutcomes } from '../../lib/simulator/audit/agent-outcomes.ts';
import { watchReceived } from '../../lib/simulator/audit/agent-received.ts';
import { watchRests } from '../../lib/simulator/audit/agent-rests.ts';
import { watchVisibility } from '../../lib/simulator/audit/agent-visibility.ts';
import { watchAgentWakes } from '../../lib/simulator/audit/agent-wakes.ts';
import type { Run } from '../../lib/simulator/audit/concurrent-runs.ts';
import { clockFrom, judging } from './judging.ts';

const TASK: TaskId = taskId('task-1');
const MACHINE = instanceId('i-00000000000000001');
const SESSION = sessionId('session-1');

const DRAIN = { marginSeconds: 20, windowSeconds: 120, warySeconds: 900, rebalance: 'wary' } as const;

const itemWith = (change: object): InstanceRecord =>
  ({ session: SESSION, leases: {}, signals: {}, ...change }) as unknown as InstanceRecord;

const rowWith = (change: object): TaskRecord =>
  ({ taskId: TASK, status: 'ready', attempt: 1, failures: 0, ...change }) as unknown as TaskRecord;

const messageOf = (id: TaskId): ReceivedMessage =>
  ({ messageId: 'm', receiptHandle: 'r', body: `{"spothop":1,"taskId":"${id}"}` }) as ReceivedMessage;

describe('a machine that has room for a task', () => {
  const begin = (item: InstanceRecord) => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const idle = watchIdle({
      now: clock.now,
      judge,
      instanceId: MACHINE,
      slots: 2,
      item: () => item,
      running: () => [],
    });
    const wait = (failures: readonly number[]): void => {
      for (const count of failures) {
        idle.look(SESSION, undefined, count);
        clock.pass(31);
      }
    };
    return { found, idle, wait };
  };

  it('asks for one within a minute', () => {
    const { found, wait } = begin(itemWith({ leases: { 'task-1': 1 } }));
    wait([0, 0, 0]);
    expect(found).toEqual([expect.stringContaining('has asked for none for 62 s')]);
  });

  it('has asked while its poll goes on, and is given a minute after it', () => {
    const { found, idle, wait } = begin(itemWith({}));
    const answered = idle.asked();
    wait([0, 0, 0]);
    answered();
    wait([0, 0]);
    expect(found).toEqual([]);
  });

  it('is not judged while calls fail, when it is full, leaves, drains, or has lost its session', () => {
    for (const item of [
      itemWith({ leases: { 'task-1': 1, 'task-2': 1 } }),
      itemWith({ signals: { leave: {} } }),
      itemWith({ drainingAt: 1 }),
      itemWith({ session: 'another' }),
      itemWith({ signals: { 'rebalance-recommendation': {} }, runTimesExpected: { nineTenthsMs: 121_000 } }),
    ]) {
      const { found, wait } = begin(item);
      wait([0, 0, 0, 0]);
      expect(found).toEqual([]);
    }
    const failing = begin(itemWith({}));
    failing.wait([0, 1, 2, 3]);
    expect(failing.found).toEqual([]);
  });

  it('asks although EC2 recommends to move it, as long as its tasks end within a notice', () => {
    const advised = { signals: { 'rebalance-recommendation': {} }, runTimesExpected: { nineTenthsMs: 90_000 } };
    const { found, wait } = begin(itemWith(advised));
    wait([0, 0, 0]);
    expect(found).toHaveLength(1);
  });
});

describe('a task that keeps its work, on a machine that drains', () => {
  const run = { id: TASK, attempt: 1 };
  const draining = { drainingAt: 0, signals: { 'spot-interruption': { deadline: 120_000 } } };

  const kept = { status: 'running', checkpoint: { sequence: 1 } };

  /** One task that has kept its work runs on a machine that drains from the beginning, unless something else is said. */
  const begin = (change: Partial<AsksWorld> = {}) => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const asks = watchAsks({
      now: clock.now,
      judge,
      drain: DRAIN,
      item: () => itemWith(draining),
      rowOf: () => rowWith(kept),
      endTold: () => undefined,
      running: () => [run],
      failures: () => 0,
      wentOnAt: () => undefined,
      stopsAsked: () => 0,
      stepsKept: () => 0,
      ...change,
    });
    return { found, clock, asks };
  };

  /** Asked to stop so many seconds after the beginning of its drain, beside one other. */
  const askedAfter = (seconds: number, change: { row?: object; item?: object; endTold?: number } = {}) => {
    const { found, clock, asks } = begin({
      item: () => itemWith(change.item ?? draining),
      rowOf: () => rowWith({ ...kept, ...change.row }),
      endTold: () => (change.endTold === undefined ? undefined : epochMs(change.endTold)),
      running: () => [run, { id: taskId('task-2'), attempt: 1 }],
    });
    asks.saved(4_000);
    clock.pass(seconds);
    asks.asked(run, { keeps: false });
    clock.pass(5);
    asks.look();
    return found;
  };

  it('is not asked to stop before its last checkpoint has to be written', () => {
    // 100 s less the margin, less two checkpoints of 4 s and 15 s of doubt.
    expect(askedAfter(76)).toEqual(['task-1 keeps its work, and is asked to stop 24 s before its time is over']);
    expect(askedAfter(77)).toEqual([]);
  });

  it('is asked while its checkpoint can still be written, by whoever has known the end for ten seconds', () => {
    const askedAt = (seconds: number, knownFor: number, wentOnAt?: EpochMs): readonly string[] => {
      let isTold = false;
      const { found, clock, asks } = begin({
        item: () => (isTold ? itemWith(draining) : undefined),
        wentOnAt: () => wentOnAt,
      });
      clock.pass(seconds - knownFor);
      isTold = true;
      asks.look();
      clock.pass(knownFor);
      asks.asked(run, { keeps: false });
      clock.pass(1);
      asks.look();
      return found;
    };
    expect(askedAt(97, 10)).toEqual([]);
    expect(askedAt(98, 10)).toEqual(['task-1 keeps its work, and is asked to stop when it is too late to write it']);
    expect(askedAt(98, 9)).toEqual([]);
    // It stood still when it was time.
    expect(askedAt(98, 20, epochMs(97_500))).toEqual([]);
    expect(askedAt(98, 20, epochMs(88_000))).toHaveLength(1);
  });

  it('may be asked sooner where an earlier end was told and called off: draining is not undone', () => {
    let item = itemWith({ ...draining, signals: { ...draining.signals, 'scheduled-change': { deadline: 50_000 } } });
    const { found, clock, asks } = begin({ item: () => item });
    asks.look();
    item = itemWith(draining);
    // 30 s until then, less a checkpoint of 3 s and 15 s of doubt.
    clock.pass(12);
    asks.asked(run, { keeps: false });
    asks.look();
    expect(found).toEqual([]);
  });

  it('may be asked sooner where the machine is told an earlier end', () => {
    expect(askedAfter(10, { endTold: 50_000 })).toEqual([]);
    expect(askedAfter(10, { endTold: 60_000 })).toHaveLength(1);
  });

  const looking = () => {
    let failed = 0;
    const { found, clock, asks } = begin({ rowOf: () => rowWith({ status: 'running' }), failures: () => failed });
    const lookAfter = (seconds: number): readonly string[] => {
      clock.pass(seconds);
      asks.look();
      return found;
    };
    const fail = (): void => {
      failed += 1;
    };
    return { lookAfter, fail };
  };

  it('does not run on beyond deadline − margin', () => {
    const { lookAfter } = looking();
    expect(lookAfter(104)).toEqual([]);
    // Ten seconds from when it could go by what it knows.
    expect(lookAfter(9)).toEqual([]);
    expect(lookAfter(1)).toEqual(['task-1 runs on, and the time of its machine is over']);
    expect(lookAfter(5)).toHaveLength(1);
  });

  it('may run on in the ledger while a call that failed waits for its repetition', () => {
    const { lookAfter, fail } = looking();
    lookAfter(104);
    fail();
    expect(lookAfter(5)).toEqual([]);
    expect(lookAfter(29)).toEqual([]);
    expect(lookAfter(1)).toEqual(['task-1 runs on, and the time of its machine is over']);
  });

  it('may be asked at any time once it is somebody else’s, or where nothing of it is kept', () => {
    expect(askedAfter(10, { row: { attempt: 2 } })).toEqual([]);
    expect(askedAfter(10, { row: { checkpoint: undefined } })).toEqual([]);
  });

  it('may be asked where nothing says that the machine drains, or it is said to be gone', () => {
    expect(askedAfter(10, { item: {} })).toEqual([]);
    const gone = { ...draining, signals: { ...draining.signals, 'state-terminated': {} } };
    expect(askedAfter(10, { item: gone })).toEqual([]);
  });

  it('is asked for nothing twice: whoever was asked twice to stop waits for no task', () => {
    const { found, clock, asks } = begin({ stopsAsked: () => 2 });
    clock.pass(10);
    asks.asked(run, { keeps: true });
    asks.look();
    expect(found).toEqual([]);
  });

  it('that says when it ends is left alone until then, where its machine has the time', () => {
    const askedWith = (endsAtSeconds: number): readonly string[] => {
      const { found, clock, asks } = begin({ rowOf: () => rowWith({ status: 'running' }) });
      clock.pass(10);
      asks.asked(run, { keeps: false, endsAt: epochMs(endsAtSeconds * 1_000) });
      asks.look();
      return found;
    };
    // 100 s less the margin, less a checkpoint of 3 s and 15 s of doubt.
    expect(askedWith(82)).toEqual(['task-1 says that it ends in time, and is asked to stop']);
    expect(askedWith(83)).toEqual([]);
    // What it said is over, and was wrong.
    expect(askedWith(10)).toEqual([]);
  });

  describe('in the background', () => {
    /** Asked to stop after four steps and so many seconds, and given back so many later. */
    const givenBackAfter = (askedAt: number, seconds: number, change: Partial<AsksWorld> = {}) => {
      const { found, clock, asks } = begin({
        rowOf: () => rowWith({ status: 'running' }),
        stepsKept: () => 3,
        ...change,
      });
      clock.pass(askedAt);
      asks.asked(run, { keeps: true, stepsDone: 4 });
      clock.pass(seconds);
      asks.handsBack(run.id, run.attempt);
      return found;
    };

    it('is saved once more when it is asked to stop, before it is given back', () => {
      expect(givenBackAfter(90, 1)).toEqual(['task-1 had done 4 steps when it was asked to stop, and keeps 3']);
      expect(givenBackAfter(90, 1, { stepsKept: () => 4 })).toEqual([]);
    });

    it('may not have been where there was no time for it, or nothing was waited for, or a call failed', () => {
      expect(givenBackAfter(90, 3)).toEqual([]);
      expect(givenBackAfter(99, 1)).toEqual([]);
      expect(givenBackAfter(90, 1, { stopsAsked: () => 2 })).toEqual([]);
      let failed = 0;
      expect(givenBackAfter(90, 1, { failures: () => (failed += 1) })).toEqual([]);
    });
  });
});

describe('a machine whose metadata tells of its end', () => {
  const begin = (item: InstanceRecord, kind: SignalKind = 'spot-interruption') => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const hears = watchMetadata({
      now: clock.now,
      judge,
      instanceId: MACHINE,
      item: () => item,
      metadata: () => [kind],
      drain: DRAIN,
    });
    const lookAfter = (seconds: number, failures = 0): readonly string[] => {
      clock.pass(seconds);
      hears.look(SESSION, failures);
      return found;
    };
    return { lookAfter };
  };

  it('writes that down within 40 s, whatever events come', () => {
    const { lookAfter } = begin(itemWith({}));
    expect(lookAfter(0)).toEqual([]);
    expect(lookAfter(39)).toEqual([]);
    expect(lookAfter(1)).toEqual([expect.stringContaining('tells of spot-interruption')]);
  });

  it('writes down within 100 s what is planned for later, which it looks for once a minute', () => {
    const { lookAfter } = begin(itemWith({}), 'scheduled-change');
    expect(lookAfter(0)).toEqual([]);
    expect(lookAfter(99)).toEqual([]);
    expect(lookAfter(1)).toEqual([expect.stringContaining('tells of scheduled-change')]);
  });

  it('drains once an end that was announced is as near as a notice', () => {
    // Two minutes is the window; its end is at 4 min.
    const { lookAfter } = begin(
      itemWith({ signals: { 'spot-interruption': {}, 'scheduled-change': { deadline: 240_000 } } }),
    );
    expect(lookAfter(119)).toEqual([]);
    expect(lookAfter(1)).toEqual([]);
    expect(lookAfter(39)).toEqual([]);
    expect(lookAfter(1)).toEqual([expect.stringContaining('was announced, is near')]);
  });

  it('may not have, while calls fail, or once another session or an end is on its item', () => {
    const failing = begin(itemWith({}));
    failing.lookAfter(0);
    expect(failing.lookAfter(60, 1)).toEqual([]);
    for (const item of [{ session: 'another' }, { goneAt: 1 }, { signals: { 'spot-interruption': {} } }]) {
      const { lookAfter } = begin(itemWith(item));
      lookAfter(0);
      expect(lookAfter(60)).toEqual([]);
    }
  });
});

describe('a lease on a task that has ended', () => {
  const begin = (row: object, running: readonly Run[] = []) => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const leases = watchLeases({
      now: clock.now,
      judge,
      instanceId: MACHINE,
      rowOf: () => rowWith(row),
      running: () => running,
      item: () => itemWith({ leases: { 'task-1': 1 } }),
    });
    const writtenAfter = (seconds: number, held: object = { 'task-1': 1 }): readonly string[] => {
      clock.pass(seconds);
      leases.written(itemWith({ leases: held }), 0);
      return found;
    };
    const lookAfter = (seconds: number, failures = 0): readonly string[] => {
      clock.pass(seconds);
      leases.look(failures);
      return found;
    };
    return { writtenAfter, lookAfter };
  };

  it('and whose row could not be told so is given up soon after calls succeed again', () => {
    const ours = { status: 'running', owner: MACHINE, attempt: 1 };
    const { lookAfter } = begin(ours);
    expect(lookAfter(0)).toEqual([]);
    expect(lookAfter(60, 1)).toEqual([]);
    expect(lookAfter(89, 1)).toEqual([]);
    expect(lookAfter(1, 1)).toEqual([expect.stringContaining('holds task-1/1, which keeps the sweep from it')]);
    const running = begin(ours, [{ id: TASK, attempt: 1 }]);
    running.lookAfter(0);
    expect(running.lookAfter(200)).toEqual([]);
    const released = begin({ ...ours, status: 'ready' });
    released.lookAfter(0);
    expect(released.lookAfter(200)).toEqual([]);
  });

  it('is given up by one of the next writes', () => {
    const { writtenAfter } = begin({ status: 'done' });
    expect(writtenAfter(0)).toEqual([]);
    expect(writtenAfter(59)).toEqual([]);
    expect(writtenAfter(1)).toEqual([expect.stringContaining('still holds task-1/1')]);
  });

  it('counts from when it was seen last, and not where the task runs here or is dead', () => {
    const again = begin({ status: 'done' });
    again.writtenAfter(0);
    again.writtenAfter(30, {});
    expect(again.writtenAfter(31)).toEqual([]);
    for (const row of [{ status: 'running', owner: MACHINE }, { status: 'dead' }]) {
      const { writtenAfter } = begin(row);
      writtenAfter(0);
      expect(writtenAfter(90)).toEqual([]);
    }
  });

  it('is of no use where the task runs elsewhere, or under another attempt', () => {
    for (const row of [
      { status: 'running', owner: 'i-2' },
      { status: 'running', owner: MACHINE, attempt: 2 },
    ]) {
      const { writtenAfter } = begin(row);
      writtenAfter(0);
      expect(writtenAfter(90)).toHaveLength(1);
    }
  });

  it('stays where its code still runs, and has not heard that others have it', () => {
    const { writtenAfter } = begin({ status: 'running', owner: 'i-2', attempt: 2 }, [{ id: TASK, attempt: 1 }]);
    writtenAfter(0);
    expect(writtenAfter(90)).toEqual([]);
  });
});

describe('a message that is received', () => {
  const begin = (status: TaskRecord['status']) => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const inbox = watchReceived({ now: clock.now, judge, instanceId: MACHINE, rowOf: () => rowWith({ status }) });
    inbox.received([messageOf(TASK)], 0);
    clock.pass(51);
    return { found, inbox };
  };

  it('is dealt with before it shows again', () => {
    const left = begin('ready');
    left.inbox.look(0);
    expect(left.found).toEqual([expect.stringContaining('neither taken nor given back')]);
    const given = begin('ready');
    given.inbox.dealtWith(messageOf(TASK));
    given.inbox.look(0);
    expect(given.found).toEqual([]);
  });

  it('may be left where its task is taken, or where calls failed', () => {
    const taken = begin('running');
    taken.inbox.look(0);
    const failing = begin('ready');
    failing.inbox.look(1);
    expect([...taken.found, ...failing.found]).toEqual([]);
  });
});

describe('what the row is told of a run', () => {
  const commit = { step: 'commit', attempt: 2 } as TaskStep;
  const handBack = { step: 'hand-back', attempt: 2 } as TaskStep;
  const anywhere = { now: () => epochMs(1_000_000), item: () => itemWith({}), wentOnAt: () => undefined };

  it('is how its code ended, as long as no call fails', () => {
    const { found, judge } = judging();
    let failures = 0;
    const outcomes = watchOutcomes({ drain: DRAIN, ...anywhere, judge, failures: () => failures });
    outcomes.ended(TASK, 1, 'done');
    failures += 1;
    outcomes.told(TASK, { ...handBack, attempt: 1 } as TaskStep);
    outcomes.ended(TASK, 2, 'done');
    outcomes.told(TASK, commit);
    outcomes.told(TASK, handBack);
    outcomes.ended(TASK, 3, 'done');
    outcomes.told(TASK, { ...handBack, attempt: 3 } as TaskStep);
    expect(found).toEqual(['task-1/3 is done, and its row is told hand-back']);
  });

  it('may be either where its code ends as the machine goes on after standing still: its time was over as well', () => {
    const { found, judge } = judging();
    let wentOnAt: EpochMs | undefined = anywhere.now();
    const outcomes = watchOutcomes({
      drain: DRAIN,
      ...anywhere,
      judge,
      failures: () => 0,
      wentOnAt: () => wentOnAt,
    });
    outcomes.ended(TASK, 1, 'done');
    outcomes.told(TASK, { ...handBack, attempt: 1 } as TaskStep);
    expect(found).toEqual([]);
    wentOnAt = undefined;
    outcomes.ended(TASK, 2, 'done');
    outcomes.told(TASK, handBack);
    expect(found).toEqual(['task-1/2 is done, and its row is told hand-back']);
  });

  it('may be anything at the end of the time that a draining machine has', () => {
    const toldAfter = (seconds: number): readonly string[] => {
      const { found, judge } = judging();
      const item = () => itemWith({ drainingAt: 1_000_000 - seconds * 1_000 });
      const outcomes = watchOutcomes({ drain: DRAIN, ...anywhere, item, judge, failures: () => 0 });
      outcomes.ended(TASK, 2, 'done');
      outcomes.told(TASK, handBack);
      return found;
    };
    expect(toldAfter(99)).toHaveLength(1);
    expect(toldAfter(100)).toEqual([]);
  });

  it('is no failure of a task whose checkpoint could not be written', () => {
    const { found, judge } = judging();
    const outcomes = watchOutcomes({ drain: DRAIN, ...anywhere, judge, failures: () => 0 });
    outcomes.kept(TASK, 2, false);
    outcomes.ended(TASK, 2, 'failed');
    outcomes.told(TASK, handBack);
    expect(found).toEqual([]);
    outcomes.kept(TASK, 3, true);
    outcomes.ended(TASK, 3, 'failed');
    outcomes.told(TASK, { ...handBack, attempt: 3 } as TaskStep);
    expect(found).toEqual(['task-1/3 is failed, and its row is told hand-back']);
  });
});

describe('a task that was given back to rest', () => {
  const begin = (step: object, item: InstanceRecord, isMetBefore = false) => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    let status = 'running';
    const rests = watchRests({ now: clock.now, judge, rowOf: () => rowWith({ status }), item: () => item });
    if (isMetBefore) rests.received([messageOf(TASK)], new Set());
    status = 'ready';
    rests.answered(TASK, step as TaskStep, { outcome: 'done', row: rowWith({ status }) } as TaskOutcome);
    const look = (): void => {
      rests.look(0);
      clock.pass(11);
      rests.look(0);
    };
    return { found, rests, look };
  };

  it('is hidden for as long after a failure', () => {
    const { found, rests } = begin({ step: 'fail', attempt: 1, retryDelaySeconds: 30 }, itemWith({}));
    rests.shown(messageOf(TASK), 29, 0);
    expect(found).toEqual(['task-1 failed, and is shown again after 29 s']);
  });

  it('is not meant where its message came back while it ran, and is dealt with once it has failed', () => {
    const fail = { step: 'fail', attempt: 1, retryDelaySeconds: 30 };
    const { found, rests } = begin(fail, itemWith({}), true);
    rests.shown(messageOf(TASK), 29, 0);
    expect(found).toEqual([]);
    rests.shown({ ...messageOf(TASK), receiptHandle: 'another' }, 29, 0);
    expect(found).toEqual(['task-1 failed, and is shown again after 29 s']);
  });

  it('is hidden after it handed itself back, unless its machine turns out to drain', () => {
    const step = { step: 'hand-back', attempt: 1, retryDelaySeconds: 30 };
    const early = begin(step, itemWith({}));
    early.rests.shown(messageOf(TASK), 0, 0);
    early.look();
    expect(early.found).toEqual(['task-1 handed itself back, and is shown again after 0 s']);
    const draining = begin(step, itemWith({ drainingAt: 1 }));
    draining.rests.shown(messageOf(TASK), 0, 0);
    draining.look();
    const late = begin(step, itemWith({}));
    late.rests.shown(messageOf(TASK), 30, 0);
    late.look();
    expect([...draining.found, ...late.found]).toEqual([]);
  });
});

describe('an agent that tells its drain', () => {
  const begin = () => {
    const { found, judge } = judging();
    const clock = clockFrom(1_000_000);
    const wakes = watchAgentWakes(clock.now, judge, MACHINE);
    const tell = () => wakes.recorded(itemWith({ drainingAt: clock.now() }), true, clock.now(), 0);
    const look = (failures: readonly number[]): void => {
      for (const count of failures) {
        wakes.look(count);
        clock.pass(10);
      }
    };
    return { found, wakes, tell, look };
  };

  it('wakes its fleet', () => {
    const { found, tell, look } = begin();
    tell();
    look([0, 0, 0]);
    expect(found).toEqual([expect.stringContaining('did not wake the fleet')]);
  });

  it('owes nothing once it has, when its calls fail, or when somebody had told it before', () => {
    const woken = begin();
    woken.tell();
    woken.wakes.woken();
    woken.look([0, 0, 0]);
    const failing = begin();
    failing.tell();
    failing.look([0, 1, 2]);
    const told = begin();
    told.wakes.recorded(itemWith({ drainingAt: 5 }), true, epochMs(1_000_000), 0);
    told.look([0, 0, 0]);
    expect([...woken.found, ...failing.found, ...told.found]).toEqual([]);
  });
});

describe('the message of a running task', () => {
  const lateBy = (seconds: number, mayStandStill: boolean): readonly string[] => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const visibility = watchVisibility(clock.now, judge, mayStandStill);
    visibility.received([messageOf(TASK)], 60, 0);
    clock.pass(60 + seconds);
    visibility.look(0, () => true);
    return found;
  };

  it('is never shown where nothing stands still, and may be for a moment where machines do', () => {
    expect(lateBy(-1, false)).toEqual([]);
    expect(lateBy(1, false)).toEqual(['task-1 runs, and its message is shown again']);
    expect(lateBy(1, true)).toEqual([]);
    expect(lateBy(31, true)).toHaveLength(1);
  });

  it('stays hidden although a second one of the same task came meanwhile, and was replaced', () => {
    const { found, judge } = judging();
    const clock = clockFrom(0);
    const visibility = watchVisibility(clock.now, judge, false);
    const second = { ...messageOf(TASK), messageId: 'n', receiptHandle: 's' };
    visibility.received([messageOf(TASK)], 60, 0);
    visibility.taken(TASK);
    clock.pass(5);
    visibility.received([second], 60, 0);
    visibility.deleted(second);
    clock.pass(60);
    visibility.look(0, () => true);
    expect(found).toEqual(['task-1 runs, and its message is shown again']);
  });
});
