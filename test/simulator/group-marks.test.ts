import { describe, expect, it } from 'vitest';
import type { GroupSettings } from '../../lib/fleet/fleet-settings.ts';
import { instanceId } from '../../lib/fleet/ids.ts';
import type { GroupMark, InstanceRecord } from '../../lib/fleet/instance.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import type { InstanceStore } from '../../lib/ports/instances.ts';
import { auditGroupMarks, auditGroups, type GroupAuditWorld } from '../../lib/simulator/audit/audit-groups.ts';
import { memoryMachineGroups } from '../../lib/simulator/ports/memory-machine-groups.ts';
import { judging } from './judging.ts';

const MACHINE = instanceId('i-00000000000000001');

const NAMED = {
  autoScalingGroup: 'workers',
  lifecycleHook: 'spothop',
  targetGroups: ['arn:of/web', 'arn:of/admin'],
} as unknown as GroupSettings;

/** A group with one machine in it, behind both load balancers. */
const begin = () => {
  const { found, judge } = judging();
  const groups = memoryMachineGroups({ removeTags: () => {} });
  groups.addAutoScalingGroup('workers');
  groups.join('workers', MACHINE);
  for (const arn of NAMED.targetGroups) {
    groups.addTargetGroup(arn);
    groups.register(arn, MACHINE);
  }
  const marked: GroupMark[] = [];
  const store = { markGroupStep: async (_id: unknown, mark: GroupMark) => void marked.push(mark) };
  const audited = auditGroupMarks({ judge, groups, named: () => NAMED }, store as unknown as InstanceStore);
  const mark = (step: GroupMark) => audited.markGroupStep(MACHINE, step, epochMs(1_000));
  return { found, judge, groups, marked, mark };
};

describe('a step out of a group that is marked as done', () => {
  it('has been done: the machine is out of its group', async () => {
    const { found, groups, marked, mark } = begin();
    await mark('detachedAt');
    expect(found).toEqual([`${MACHINE} is marked detachedAt, and workers still has it`]);
    await groups.detach('workers', [MACHINE]);
    await mark('detachedAt');
    expect(found).toHaveLength(1);
    expect(marked).toEqual(['detachedAt', 'detachedAt']);
  });

  it('has been done in every target group', async () => {
    const { found, groups, mark } = begin();
    await groups.deregister('arn:of/web', [MACHINE]);
    await mark('deregisteredAt');
    expect(found).toEqual([`${MACHINE} is marked deregisteredAt, and arn:of/admin still has it`]);
  });

  it('has been done by the hook that the fleet file names, whatever others wait for', async () => {
    const { found, groups, mark } = begin();
    groups.beginEnding('workers', 'somebody-else', MACHINE);
    await mark('lifecycleCompletedAt');
    expect(found).toEqual([]);
    groups.beginEnding('workers', 'spothop', MACHINE);
    await mark('lifecycleCompletedAt');
    expect(found).toEqual([`${MACHINE} is marked lifecycleCompletedAt, and spothop still has it`]);
  });

  it('is not asked for again', async () => {
    const { found, judge, groups } = begin();
    const record = { drainingAt: 1, deregisteredAt: 2, leases: {}, signals: {} } as unknown as InstanceRecord;
    const world = {
      judge,
      groups,
      trace: { note: () => {} },
      truth: { machines: new Map([[MACHINE, {}]]), foreign: new Set() },
      acting: { by: undefined },
      named: () => NAMED,
      recordOf: () => record,
    } as unknown as GroupAuditWorld;
    await auditGroups(world).deregister('arn:of/web', [MACHINE]);
    expect(found).toEqual([`deregister ${MACHINE} was asked for again, and its item says that it is done`]);
  });
});
