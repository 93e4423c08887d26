import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideInstance, type InstanceView } from '../../lib/decisions/decide-instance.ts';
import type { Action } from '../../lib/decisions/plan.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { SIGNAL_GRAVITY, type SignalKind } from '../../lib/fleet/signal.ts';
import { A_POLICY, aRecord, atSecond, START } from '../support/records.ts';

const view = (record: InstanceRecord, changes: Partial<InstanceView> = {}): InstanceView => ({
  record,
  policy: A_POLICY,
  mayTerminate: true,
  maximumAgeSeconds: 86_400,
  seenBy: 'signal',
  isEndTold: false,
  ...changes,
});

const actionsOf = (actions: readonly Action[]): string[] => actions.map((action) => action.do);

const holding = { 'task-1': 3, 'task-2': 1 } as InstanceRecord['leases'];

const warned = (atSeconds: number, changes: Partial<InstanceRecord> = {}): InstanceRecord =>
  aRecord({
    drainingAt: atSecond(atSeconds),
    signals: {
      'spot-interruption': {
        at: atSecond(atSeconds),
        deadline: atSecond(atSeconds + 120),
        recordedAt: atSecond(atSeconds),
      },
    },
    leases: holding,
    heartbeatAt: atSecond(atSeconds),
    ...changes,
  });

describe('a draining machine', () => {
  it('keeps its tasks while its agent is heard, and is looked at again at deadline − margin', () => {
    const { actions } = decideInstance(view(warned(100)), atSecond(101));
    expect(actions).toEqual([
      { do: 'look-again', fleet: 'index', at: atSecond(210), reason: expect.any(String) },
      { do: 'wake-fleet', fleet: 'index', reason: expect.any(String) },
    ]);
  });

  it('loses what it still holds at deadline − margin', () => {
    const record = warned(100, { heartbeatAt: atSecond(208) });
    expect(actionsOf(decideInstance(view(record), atSecond(209)).actions)).not.toContain('release-tasks');
    const [released] = decideInstance(view(record), atSecond(210)).actions;
    expect(released).toMatchObject({
      do: 'release-tasks',
      tasks: [
        { taskId: 'task-1', attempt: 3 },
        { taskId: 'task-2', attempt: 1 },
      ],
    });
  });

  it('that an operator drains is through with its window, though a maintenance is announced for weeks later', () => {
    const at = atSecond(100);
    const record = warned(100, {
      signals: {
        'operator-drain': { at, recordedAt: at },
        'scheduled-change': { at, deadline: atSecond(1_209_600), recordedAt: at },
      },
    });
    const [again] = decideInstance(view(record), atSecond(101)).actions;
    expect(again).toMatchObject({ do: 'look-again', at: atSecond(210) });
  });

  it('loses everything at once when its agent has not been heard for 15 s', () => {
    const record = warned(100, { heartbeatAt: atSecond(90) });
    expect(actionsOf(decideInstance(view(record), atSecond(104.9)).actions)).not.toContain('release-tasks');
    expect(actionsOf(decideInstance(view(record), atSecond(105)).actions)).toContain('release-tasks');
  });

  it('gives the same plan to the tenth delivery as to the first', () => {
    const first = decideInstance(view(warned(100)), atSecond(101));
    const tenth = decideInstance(view(warned(100)), atSecond(101));
    expect(tenth).toEqual(first);
  });

  it('is not ended by us while EC2 is about to end it without charge', () => {
    const record = warned(100, { leases: {}, heartbeatAt: atSecond(100) });
    const reconcile = view(record, { seenBy: 'reconcile' });
    expect(actionsOf(decideInstance(reconcile, atSecond(220 + 299)).actions)).not.toContain('terminate');
    expect(actionsOf(decideInstance(reconcile, atSecond(220 + 300)).actions)).toContain('terminate');
  });

  it('is never ended by a signal alone', () => {
    const record = warned(100, { leases: {}, heartbeatAt: atSecond(100) });
    expect(actionsOf(decideInstance(view(record, { seenBy: 'signal' }), atSecond(5_000)).actions)).not.toContain(
      'terminate',
    );
  });

  it('is never ended in a fleet that launches nothing', () => {
    const record = warned(100, { leases: {}, heartbeatAt: atSecond(100) });
    const attached = view(record, { seenBy: 'reconcile', mayTerminate: false });
    expect(actionsOf(decideInstance(attached, atSecond(5_000)).actions)).not.toContain('terminate');
  });
});

describe('a machine that is gone', () => {
  const gone = aRecord({
    drainingAt: atSecond(10),
    signals: { 'state-terminated': { at: atSecond(10), recordedAt: atSecond(10) } },
    leases: holding,
  });

  it('loses its tasks at once, and wakes the fleet when a signal told of it', () => {
    expect(actionsOf(decideInstance(view(gone), atSecond(11)).actions)).toEqual(['release-tasks', 'wake-fleet']);
  });

  it('has its run closed by the reconcile to which EC2 has said who ended it', () => {
    const plan = decideInstance(view(gone, { seenBy: 'reconcile', isEndTold: true }), atSecond(11));
    expect(actionsOf(plan.actions)).toEqual(['release-tasks', 'close-run']);
  });

  it('that ended after EC2 was asked is closed by the next reconcile: a run is closed once, and by EC2’s word', () => {
    const plan = decideInstance(view(gone, { seenBy: 'reconcile', isEndTold: false }), atSecond(11));
    expect(actionsOf(plan.actions)).toEqual(['release-tasks']);
  });

  it('keeps being closed while it has a place in the fleet, and wakes nobody any more', () => {
    const closed = { ...gone, goneAt: atSecond(12), leases: {} };
    expect(actionsOf(decideInstance(view(closed, { seenBy: 'reconcile' }), atSecond(13)).actions)).toEqual([
      'close-run',
    ]);
    expect(decideInstance(view(closed), atSecond(13)).actions).toEqual([]);
  });
});

describe('a leaving machine', () => {
  const leave = { leave: { at: atSecond(10), recordedAt: atSecond(10) } };

  it('finishes what it holds', () => {
    const record = aRecord({ signals: leave, leases: holding, heartbeatAt: atSecond(60) });
    expect(decideInstance(view(record), atSecond(61)).actions).toEqual([]);
  });

  it('goes by itself while its agent is heard, who alone knows whether a program for another system still runs', () => {
    const record = aRecord({ signals: leave, heartbeatAt: atSecond(60) });
    expect(decideInstance(view(record), atSecond(74)).actions).toEqual([]);
  });

  it('that holds nothing drains once its agent is not heard: nothing can be held on it any more', () => {
    const silent = aRecord({ signals: leave, heartbeatAt: atSecond(60) });
    expect(actionsOf(decideInstance(view(silent), atSecond(75)).actions)).toEqual(['mark-draining', 'wake-fleet']);
    const { session: _session, heartbeatAt: _heartbeatAt, ...neverHeard } = aRecord({ signals: leave });
    expect(actionsOf(decideInstance(view(neverHeard), atSecond(11)).actions)).toEqual(['mark-draining', 'wake-fleet']);
  });
});

describe('a machine that nobody drained', () => {
  it('is left alone while its agent is heard', () => {
    expect(decideInstance(view(aRecord({ leases: holding, heartbeatAt: atSecond(60) })), atSecond(64)).actions).toEqual(
      [],
    );
  });

  it('loses its tasks after 50 s of silence, and stays a member', () => {
    const record = aRecord({ leases: holding });
    expect(decideInstance(view(record), atSecond(49)).actions).toEqual([]);
    expect(actionsOf(decideInstance(view(record), atSecond(50)).actions)).toEqual(['release-tasks']);
  });

  it('drains when no agent registered within ten minutes of its launch, and wakes the fleet as every drain does', () => {
    const { session: _session, heartbeatAt: _heartbeatAt, ...silent } = aRecord();
    expect(decideInstance(view(silent), atSecond(599)).actions).toEqual([]);
    expect(actionsOf(decideInstance(view(silent), atSecond(600)).actions)).toEqual(['mark-draining', 'wake-fleet']);
  });

  it('drains at its maximum age', () => {
    const record = aRecord({ heartbeatAt: atSecond(86_399) });
    expect(actionsOf(decideInstance(view(record), atSecond(86_400)).actions)).toEqual(['mark-draining', 'wake-fleet']);
  });

  it('drains when a scheduled change comes near, not when it is announced', () => {
    const record = aRecord({
      signals: { 'scheduled-change': { at: START, deadline: atSecond(1_000), recordedAt: START } },
      heartbeatAt: atSecond(878),
    });
    expect(decideInstance(view(record), atSecond(879)).actions).toEqual([]);
    expect(actionsOf(decideInstance(view(record), atSecond(880)).actions)).toEqual(['mark-draining', 'wake-fleet']);
  });
});

describe('properties', () => {
  const kinds = Object.keys(SIGNAL_GRAVITY) as SignalKind[];
  const arbitraryRecord = fc
    .record({
      seen: fc.uniqueArray(fc.constantFrom(...kinds), { maxLength: 5 }),
      deadlineSeconds: fc.integer({ min: 0, max: 4_000 }),
      drains: fc.boolean(),
      heartbeatSeconds: fc.integer({ min: 0, max: 4_000 }),
      leases: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 9 })),
    })
    .map(({ seen, deadlineSeconds, drains, heartbeatSeconds, leases }) =>
      aRecord({
        leases: leases as InstanceRecord['leases'],
        heartbeatAt: atSecond(heartbeatSeconds),
        signals: Object.fromEntries(
          seen.map((kind) => [kind, { at: START, recordedAt: START, deadline: atSecond(deadlineSeconds) }]),
        ),
        ...(drains ? { drainingAt: atSecond(1) } : {}),
      }),
    );
  const arbitraryNow = fc.integer({ min: 0, max: 100_000 }).map(atSecond);

  it('no event alone causes a termination, whatever is recorded (N2)', () => {
    fc.assert(
      fc.property(arbitraryRecord, arbitraryNow, (record, now) => {
        const plan = decideInstance(view(record, { seenBy: 'signal' }), now);
        return plan.actions.every((action) => action.do !== 'terminate');
      }),
      { numRuns: 500 },
    );
  });

  it('what is released is exactly what the item lists', () => {
    fc.assert(
      fc.property(arbitraryRecord, arbitraryNow, (record, now) => {
        for (const action of decideInstance(view(record), now).actions) {
          if (action.do !== 'release-tasks') continue;
          expect(Object.fromEntries(action.tasks.map((task) => [task.taskId, task.attempt]))).toEqual({
            ...record.leases,
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a machine that holds tasks is never ended', () => {
    fc.assert(
      fc.property(arbitraryRecord, arbitraryNow, (record, now) => {
        const plan = decideInstance(view(record, { seenBy: 'reconcile' }), now);
        const ends = plan.actions.some((action) => action.do === 'terminate');
        return !ends || Object.keys(record.leases).length === 0;
      }),
      { numRuns: 500 },
    );
  });

  it('a draining machine that holds tasks is always looked at again or released', () => {
    fc.assert(
      fc.property(arbitraryRecord, arbitraryNow, (record, now) => {
        if (record.drainingAt === undefined || Object.keys(record.leases).length === 0) return true;
        const done = decideInstance(view(record), now).actions.map((action) => action.do);
        return done.includes('release-tasks') || done.includes('look-again');
      }),
      { numRuns: 500 },
    );
  });
});
