import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fleetName, intentId, sessionId, taskId } from '../../lib/fleet/ids.ts';
import { parseTaskMessage } from '../../lib/fleet/message.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { type OtherVersion, portsOfVersion, type SharedPorts } from '../../lib/simulator/faults/version-skew.ts';
import { memoryMoneyLedger } from '../../lib/simulator/ports/memory-money-ledger.ts';
import { memoryWorld } from '../../lib/simulator/ports/memory-world.ts';
import { instanceOf, taskOf } from '../contracts/support/samples.ts';
import { beginning, type DrawnStep, stepsOf } from '../contracts/support/task-steps.ts';
import { manualClock } from '../support/manual-clock.ts';

const FLEET = fleetName('encode');
const ONE = instanceOf(1, 1);

const worldOf = () => {
  const memory = memoryWorld(manualClock(1_000), () => 0.5);
  const queue = memory.workQueue(FLEET);
  const ours: SharedPorts = { ...memory, queue, money: memoryMoneyLedger() };
  return { memory, queue, ours, of: (version: OtherVersion) => portsOfVersion(ours, version) };
};

const item = {
  form: 1,
  instanceId: ONE,
  fleet: FLEET,
  intentId: intentId('intent-1'),
  ec2FleetId: 'fleet-1',
  pool: { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' },
  launchedAt: epochMs(500),
  runTimesExpected: { samples: 3, halfMs: 10, nineTenthsMs: 20 },
  leases: {},
  signals: {},
} as never;

/** What the protocol goes by. */
const core = (row: TaskRecord | undefined) =>
  row && {
    status: row.status,
    attempt: row.attempt,
    owner: row.owner,
    failures: row.failures,
    reclaims: row.reclaims,
    sequence: row.checkpoint?.sequence,
    digest: row.result?.sha256,
  };

const versions = fc.constantFrom<OtherVersion | 'ours'>('older', 'newer', 'ours');
const sequences = fc.array(fc.tuple(versions, fc.constantFrom(0, 0, 1).chain(stepsOf)), { maxLength: 18 });

describe('agents and functions of several versions', () => {
  it('make the same of every task as one version would', () => {
    const oneRun = async (sequence: readonly (readonly [OtherVersion | 'ours', DrawnStep])[]): Promise<void> => {
      const mixed = worldOf();
      const alone = worldOf();
      const steps = [...beginning.map((drawn) => ['newer', drawn] as const), ...sequence];
      for (const [version, drawn] of steps) {
        const id = taskOf(1, drawn.task);
        const step = drawn.of(1, alone.memory.tasks.rows.get(id));
        const { tasks } = version === 'ours' ? mixed.ours : mixed.of(version);
        const expected = await alone.ours.tasks.apply(id, step);
        const { outcome, row } = await tasks.apply(id, step);
        expect({ outcome, row: core(row) }).toEqual({ outcome: expected.outcome, row: core(expected.row) });
      }
    };
    return fc.assert(fc.asyncProperty(sequences, oneRun), { numRuns: 200 });
  });

  it('leave on an item what others wrote there, known or not', async () => {
    const { memory, of } = worldOf();
    const session = sessionId('s-1');
    await of('newer').instances.create(item);
    await of('newer').instances.openSession(ONE, session, epochMs(2_000), '1.0');
    const runTimes = { samples: 9, halfMs: 1, nineTenthsMs: 2 };
    await of('newer').instances.heartbeat(ONE, session, epochMs(3_000), { runTimes });
    await of('older').instances.heartbeat(ONE, session, epochMs(4_000), { runTimes: { ...runTimes, samples: 1 } });
    expect(memory.instances.records.get(ONE)).toMatchObject({
      tenant: 'somebody',
      agentVersion: '1.0-next',
      heartbeatAt: 4_000,
      runTimes,
    });
  });

  it('of the version before see nothing of what they do not know, and lose none of what they do', async () => {
    const { of, ours } = worldOf();
    await ours.instances.create(item);
    const seen = await of('older').instances.get(ONE);
    expect(seen).not.toHaveProperty('runTimesExpected');
    expect(seen).toMatchObject({ instanceId: ONE, fleet: FLEET, leases: {}, launchedAt: 500 });
    expect(await ours.instances.get(ONE)).toHaveProperty('runTimesExpected');
  });

  it('understand each other’s messages, and delete what they received', async () => {
    const { of, queue } = worldOf();
    await of('newer').queue.send(taskId('t-1'));
    const [message] = await of('newer').queue.receive({ waitSeconds: 0, visibilitySeconds: 60 });
    expect(JSON.parse(message!.body)).toMatchObject({ spothop: 1, taskId: 't-1', tenant: 'somebody' });
    expect(parseTaskMessage(message!.body)).toEqual({ kind: 'task', taskId: 't-1' });
    await of('newer').queue.delete(message!);
    expect(queue.size()).toBe(0);
  });

  it('repeat each other’s launches byte for byte', async () => {
    const { of, ours } = worldOf();
    const stored = { fleet: FLEET, pools: [], request: '{"ClientToken":"intent-1"}', runTimesExpected: { samples: 1 } };
    const intent = {
      intentId: intentId('intent-1'),
      purchase: 'spot',
      count: 2,
      request: JSON.stringify(stored),
      reason: 'two wanted',
      openedAt: epochMs(1_000),
    } as const;
    await of('newer').fleets.changeHead(FLEET, 0, { open: [intent] });
    await of('older').fleets.changeHead(FLEET, 1, { open: [{ ...intent, intentId: intentId('intent-2') }] });
    const { openIntents } = (await ours.fleets.read(FLEET)).head;
    const [first, second] = Object.values(openIntents).map(({ request }) => JSON.parse(request));
    expect(first).toMatchObject({ ...stored, tenant: 'somebody' });
    expect(second).toEqual({ fleet: FLEET, pools: [], request: stored.request });
  });
});
