import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideGroups, type GroupView } from '../../lib/decisions/decide-groups.ts';
import { type Action, describePlan } from '../../lib/decisions/plan.ts';
import type { GroupSettings } from '../../lib/fleet/fleet-settings.ts';
import { fleetName, sessionId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { RecordedSignal, SignalKind } from '../../lib/fleet/signal.ts';
import type { DescribedMachine } from '../../lib/ports/machines.ts';
import { A_POLICY, A_POOL, anInstanceId, aRecord, atSecond, START } from '../support/records.ts';

const NOW = atSecond(60);
const MACHINE = anInstanceId();
const WEB = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef';

const GROUPS: GroupSettings = {
  autoScalingGroup: 'workers',
  lifecycleHook: 'spothop',
  targetGroups: [WEB],
  isSupervised: false,
};

const told = (changes: Partial<RecordedSignal> = {}): RecordedSignal => ({ at: START, recordedAt: START, ...changes });

const WARNING = { 'spot-interruption': told({ action: 'terminate', deadline: atSecond(120) }) };
const ENDING = {
  'lifecycle-terminating': told({ lifecycleAction: { autoScalingGroup: 'workers', hook: 'spothop', token: 't-1' } }),
};

const draining = (
  signals: Partial<Record<SignalKind, RecordedSignal>>,
  changes: Partial<InstanceRecord> = {},
): InstanceRecord => aRecord({ signals, drainingAt: START, heartbeatAt: NOW, ...changes });

const described = (changes: Partial<DescribedMachine> = {}): DescribedMachine => ({
  instanceId: MACHINE,
  state: 'running',
  pool: A_POOL,
  launchedAt: START,
  tags: { 'aws:autoscaling:groupName': 'workers' },
  ...changes,
});

const viewOf = (record: InstanceRecord, changes: Partial<GroupView> = {}): GroupView => ({
  fleet: fleetName('index'),
  groups: GROUPS,
  policy: A_POLICY,
  records: [record],
  machines: [described()],
  ...changes,
});

const actionsOf = (record: InstanceRecord, changes: Partial<GroupView> = {}): readonly Action[] =>
  decideGroups(viewOf(record, changes), NOW).actions;

const kindsOf = (record: InstanceRecord, changes: Partial<GroupView> = {}): string[] =>
  actionsOf(record, changes).map((action) => action.do);

describe('a machine that EC2 is about to take', () => {
  it('is detached, so that its group launches another at once, and gets no more requests', () => {
    expect(actionsOf(draining(WARNING))).toMatchObject([
      { do: 'detach', autoScalingGroup: 'workers', instanceIds: [MACHINE] },
      { do: 'deregister', targetGroups: [WEB], instanceIds: [MACHINE] },
    ]);
  });

  it('says why in words', () => {
    expect(describePlan(decideGroups(viewOf(draining(WARNING)), NOW))).toBe(
      `groups of index: detach ${MACHINE} from workers: EC2 takes them, and their group launches others at once; ` +
        `deregister ${MACHINE} from ${WEB}: they drain, and take no more requests`,
    );
  });

  it.each<[what: string, changes: Partial<DescribedMachine>]>([
    ['that EC2 shows in no group', { tags: {} }],
    ['that EC2 shows in another group', { tags: { 'aws:autoscaling:groupName': 'workers-2' } }],
    ['whose owner wrote the group’s name in a tag of his own', { tags: { 'autoscaling:groupName': 'workers' } }],
    ['on demand, which EC2 takes from nobody', { pool: { ...A_POOL, purchase: 'on-demand' } }],
    ['that ends already', { state: 'shutting-down' }],
    ['that still boots: its group cannot let it go yet', { state: 'pending' }],
  ])('%s is not detached', (_what, changes) => {
    expect(kindsOf(draining(WARNING), { machines: [described(changes)] })).not.toContain('detach');
  });

  it('that EC2 does not list now is not detached now', () => {
    expect(kindsOf(draining(WARNING), { machines: [] })).toEqual(['deregister']);
  });

  it('is not detached from a group that ends it itself', () => {
    expect(kindsOf(draining({ ...WARNING, ...ENDING }))).not.toContain('detach');
  });
});

describe('a machine that drains and lives on', () => {
  it.each<[why: string, signals: Partial<Record<SignalKind, RecordedSignal>>]>([
    ['an operator', { 'operator-drain': told() }],
    ['a rebalance recommendation', { 'rebalance-recommendation': told() }],
    ['a warning that it is stopped', { 'spot-interruption': told({ action: 'stop', deadline: atSecond(120) }) }],
    ['a warning that it hibernates', { 'spot-interruption': told({ action: 'hibernate', deadline: START }) }],
    ['a warning of an unknown kind', { 'spot-interruption': told({ deadline: atSecond(120) }) }],
    ['a scheduled change', { 'scheduled-change': told({ deadline: atSecond(90) }) }],
  ])('because of %s stays in its group, where somebody counts it, and gets no more requests', (_why, signals) => {
    expect(kindsOf(draining(signals))).toEqual(['deregister']);
  });
});

describe('a machine that its group ends', () => {
  it('is let go once it holds nothing, by the token of its event', () => {
    expect(actionsOf(draining(ENDING, { deregisteredAt: NOW }))).toMatchObject([
      {
        do: 'complete-lifecycle',
        autoScalingGroup: 'workers',
        lifecycleHook: 'spothop',
        instanceId: MACHINE,
        token: 't-1',
      },
    ]);
  });

  it('is waited for while it holds a task', () => {
    expect(kindsOf(draining(ENDING, { leases: { [taskId('one')]: 1 } }))).toEqual(['deregister']);
  });

  it('is let go by its id where the event of another hook came first: each hook waits for somebody else', () => {
    const other = { autoScalingGroup: 'workers', hook: 'collect-logs', token: 't-9' };
    const record = draining({ 'lifecycle-terminating': told({ lifecycleAction: other }) }, { deregisteredAt: NOW });
    expect(actionsOf(record)).toMatchObject([{ lifecycleHook: 'spothop', token: undefined }]);
  });

  it('is left to its hook where the fleet file names none', () => {
    const { lifecycleHook: _none, ...groups } = GROUPS;
    expect(kindsOf(draining(ENDING), { groups })).toEqual(['deregister']);
  });

  it('is left alone where EC2 shows it in another group', () => {
    const machines = [described({ tags: { 'aws:autoscaling:groupName': 'others' } })];
    expect(kindsOf(draining(ENDING), { machines })).toEqual(['deregister']);
  });

  describe('and runs a supervised program, which holds no task of ours', () => {
    const groups = { ...GROUPS, isSupervised: true };
    it('is waited for while its agent is heard', () => {
      expect(kindsOf(draining(ENDING), { groups })).toEqual(['deregister']);
    });
    it('is let go once its agent is silent, or never came', () => {
      const silent = draining(ENDING, { heartbeatAt: atSecond(45), session: sessionId('s') });
      expect(kindsOf(silent, { groups })).toContain('complete-lifecycle');
      const { session: _none, ...agentless } = draining(ENDING);
      expect(kindsOf(agentless, { groups })).toContain('complete-lifecycle');
    });
  });
});

describe('whatever is recorded of a machine', () => {
  const KINDS: readonly SignalKind[] = [
    'spot-interruption',
    'rebalance-recommendation',
    'lifecycle-terminating',
    'operator-drain',
    'leave',
    'state-stopping',
    'state-terminated',
    'bid-evicted',
  ];
  const signal = fc.record({
    at: fc.constant(START),
    recordedAt: fc.constant(START),
    action: fc.constantFrom(undefined, 'terminate' as const, 'stop' as const, 'hibernate' as const),
  });
  const instant = fc.option(fc.constant(NOW), { nil: undefined });
  const records = fc
    .record({
      signals: fc.dictionary(fc.constantFrom(...KINDS), signal, { maxKeys: 4, noNullPrototype: true }),
      drainingAt: instant,
      goneAt: instant,
      detachedAt: instant,
      deregisteredAt: instant,
      lifecycleCompletedAt: instant,
      holds: fc.boolean(),
    })
    .map(({ holds, ...changes }) => {
      const known = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
      return aRecord({ ...known, leases: holds ? { [taskId('one')]: 1 } : {} } as Partial<InstanceRecord>);
    });
  const machines = fc.record({
    state: fc.constantFrom('pending', 'running', 'shutting-down', 'terminated', 'stopping', 'stopped' as const),
    group: fc.constantFrom(undefined, 'workers', 'others'),
    purchase: fc.constantFrom('spot' as const, 'on-demand' as const),
  });
  const groups = fc.record({
    autoScalingGroup: fc.constantFrom(undefined, 'workers'),
    lifecycleHook: fc.constantFrom(undefined, 'spothop'),
    targetGroups: fc.constantFrom<readonly string[]>([], [WEB]),
    isSupervised: fc.boolean(),
  });

  it('nothing is touched that the fleet file does not name, that does not drain, or that is done', () => {
    fc.assert(
      fc.property(records, machines, groups, (record, machine, named) => {
        const tags: Record<string, string> =
          machine.group === undefined ? {} : { 'aws:autoscaling:groupName': machine.group };
        const seen = described({ state: machine.state, pool: { ...A_POOL, purchase: machine.purchase }, tags });
        const actions = actionsOf(record, { groups: named as GroupSettings, machines: [seen] });
        const does = new Set(actions.map((action) => action.do));
        const isDraining =
          record.drainingAt !== undefined && record.goneAt === undefined && !record.signals['state-terminated'];
        if (!isDraining) expect(actions).toEqual([]);
        if (does.has('detach')) {
          expect([named.autoScalingGroup, machine.group]).toEqual(['workers', 'workers']);
          expect([machine.purchase, machine.state]).toEqual(['spot', 'running']);
          expect(record.signals['spot-interruption']?.action).toBe('terminate');
          expect(record.detachedAt).toBeUndefined();
        }
        if (does.has('deregister')) {
          expect(named.targetGroups).toEqual([WEB]);
          expect(record.deregisteredAt).toBeUndefined();
        }
        if (does.has('complete-lifecycle')) {
          expect([named.autoScalingGroup, machine.group, named.lifecycleHook]).toEqual([
            'workers',
            'workers',
            'spothop',
          ]);
          expect(record.signals['lifecycle-terminating']).toBeDefined();
          expect(record.leases).toEqual({});
          expect(record.lifecycleCompletedAt).toBeUndefined();
        }
        // A group that ends a machine itself cannot be told to let it go in both ways.
        expect(does.has('detach') && does.has('complete-lifecycle')).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
