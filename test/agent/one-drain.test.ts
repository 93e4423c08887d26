import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignalKind } from '../../lib/fleet/signal.ts';
import { addMs, type EpochMs } from '../../lib/fleet/time.ts';
import { atSecond } from '../support/records.ts';
import { createMachine, rowOf, seconds, submit, taskOfSeconds } from './support/machine.ts';

const MAINTENANCE = 'events/maintenance/scheduled';

const maintenanceAt = (...instants: readonly EpochMs[]): string =>
  JSON.stringify(
    instants.map((instant, index) => ({
      NotBefore: new Date(instant).toUTCString().slice(5),
      Code: 'instance-stop',
      EventId: `instance-event-${index}`,
      State: 'active',
    })),
  );

/** A machine that holds a task which saves at the last moment, with every write of a signal and every wake counted. */
const createCounted = async () => {
  const machine = createMachine({
    run: (context) => {
      context.progress({ savesWhenStopped: true });
      return taskOfSeconds(machine.clock, 100_000)(context);
    },
  });
  const written: SignalKind[] = [];
  const { recordSignal } = machine.cloud.instances;
  const wake = machine.cloud.wakes.wake;
  let wakes = 0;
  const asOthers = { recordSignal };
  machine.cloud.instances.recordSignal = async (signal, drains, now) => {
    written.push(signal.kind);
    return recordSignal(signal, drains, now);
  };
  machine.cloud.wakes.wake = async (...parameters) => {
    wakes += 1;
    return wake(...parameters);
  };
  await submit(machine.cloud, 'a');
  machine.start();
  await machine.clock.advance(seconds(1));
  const deadlines = (): unknown[] =>
    machine.lines.filter(({ message }) => message === 'signal').map(({ fields }) => fields['deadline']);
  return { machine, written, deadlines, asOthers, wakes: () => wakes };
};

type Counted = Awaited<ReturnType<typeof createCounted>>;

const SOURCES = {
  notice: ({ machine }: Counted) => machine.metadata.giveNotice(addMs(machine.clock.now(), 120_000)),
  mailbox: async ({ machine, asOthers }: Counted) => {
    const { clock, instanceId } = machine;
    const signal = {
      kind: 'operator-drain',
      instanceId,
      at: clock.now(),
      deadline: addMs(clock.now(), 300_000),
    } as const;
    await asOthers.recordSignal(signal, true, clock.now());
  },
  stop: ({ machine }: Counted) => machine.agent.stop(),
  group: ({ machine }: Counted) => void machine.metadata.texts.set('autoscaling/target-lifecycle-state', 'Terminated'),
  maintenance: ({ machine }: Counted) =>
    void machine.metadata.texts.set(MAINTENANCE, maintenanceAt(addMs(machine.clock.now(), 60_000))),
} as const;

type Source = keyof typeof SOURCES;
const ALL = Object.keys(SOURCES) as Source[];

const permutations = <T>(of: readonly T[]): T[][] =>
  of.length <= 1
    ? [[...of]]
    : of.flatMap((one) => permutations(of.filter((other) => other !== one)).map((rest) => [one, ...rest]));

/** What each source leaves on the item; the mailbox is written by others and woken by them. */
const KIND_OF: Readonly<Record<Source, SignalKind>> = {
  notice: 'spot-interruption',
  mailbox: 'operator-drain',
  stop: 'machine-stopping',
  group: 'lifecycle-terminating',
  maintenance: 'scheduled-change',
};

const beginsOf = ({ machine }: Counted): unknown[] => machine.lines.filter(({ message }) => message === 'drained');

describe('several sources of one drain (A1)', () => {
  it.each(permutations<Source>(['notice', 'mailbox', 'stop']))(
    'notice, mailbox and SIGTERM as %s, %s, %s: one drain, one record for each, one wake for each',
    async (...order) => {
      const counted = await createCounted();
      for (const source of order) {
        await SOURCES[source](counted);
        await counted.machine.clock.advance(seconds(6));
      }
      const { machine, written, wakes } = counted;
      const before = machine.record()!.drainingAt;
      await machine.clock.advance(seconds(300));
      expect([...written].sort()).toEqual(['machine-stopping', 'spot-interruption']);
      expect(Object.keys(machine.record()!.signals).sort()).toEqual(order.map((source) => KIND_OF[source]).sort());
      expect(wakes()).toBe(2);
      expect(machine.record()!.drainingAt).toBe(before);
      expect(beginsOf(counted)).toHaveLength(1);
      expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', attempt: 1, reclaims: 1 });
    },
  );

  it('whichever come, in whatever order and however close together, and however often', async () => {
    const order = fc.shuffledSubarray(ALL, { minLength: 1 });
    const pauses = fc.array(fc.constantFrom(0, 1, 4, 7, 20), { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(order, pauses, async (sources, pausesSeconds) => {
        const counted = await createCounted();
        for (const [index, source] of sources.entries()) {
          await SOURCES[source](counted);
          if (source === 'stop') counted.machine.agent.stop();
          await counted.machine.clock.advance(seconds(pausesSeconds[index]!));
        }
        const { machine, written, wakes } = counted;
        await machine.clock.advance(seconds(1_000));
        expect(new Set(written).size).toBe(written.length);
        expect(wakes()).toBe(written.length);
        expect(beginsOf(counted)).toHaveLength(1);
        expect(machine.record()!.leases).toEqual({});
        expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', attempt: 1, reclaims: 1 });
        expect(machine.end()?.reason).toBe('drained');
      }),
      { numRuns: 100 },
    );
  });

  it('the nearest deadline is kept to, whoever tells it and whenever', async () => {
    const counted = await createCounted();
    const { machine } = counted;
    machine.metadata.giveNotice(atSecond(300));
    await machine.clock.advance(seconds(10));
    machine.metadata.giveNotice(atSecond(60));
    await machine.clock.advance(seconds(34));
    expect(rowOf(machine.cloud, 'a').status).toBe('running');
    await machine.clock.advance(seconds(6));
    expect(rowOf(machine.cloud, 'a').status).toBe('ready');
    expect(counted.written).toEqual(['spot-interruption']);
    expect(counted.wakes()).toBe(1);
    expect(counted.deadlines()).toEqual([atSecond(300), atSecond(60)]);
  });
});

describe('maintenance that this machine hears of', () => {
  const changeOf = ({ machine }: Counted) => machine.record()!.signals['scheduled-change'];

  it('far off is written, lets it leave, and drains nothing', async () => {
    const counted = await createCounted();
    const { machine } = counted;
    machine.metadata.texts.set(MAINTENANCE, maintenanceAt(atSecond(36_000)));
    await machine.clock.advance(seconds(61));
    expect(changeOf(counted)).toEqual({ at: atSecond(60), deadline: atSecond(36_000), recordedAt: atSecond(60) });
    expect(machine.record()!.drainingAt).toBeUndefined();
    expect(counted.wakes()).toBe(0);
  });

  it('that is cancelled is taken back', async () => {
    const counted = await createCounted();
    const { machine } = counted;
    machine.metadata.texts.set(MAINTENANCE, maintenanceAt(atSecond(36_000)));
    await machine.clock.advance(seconds(61));
    machine.metadata.texts.set(MAINTENANCE, maintenanceAt(atSecond(36_000)).replace('active', 'canceled'));
    await machine.clock.advance(seconds(60));
    expect(changeOf(counted)).toBeUndefined();
    expect(machine.record()!.drainingAt).toBeUndefined();
  });

  it.each([18_000, 72_000])('that is moved to second %d stands there', async (second) => {
    const counted = await createCounted();
    const { machine } = counted;
    machine.metadata.texts.set(MAINTENANCE, maintenanceAt(atSecond(36_000)));
    await machine.clock.advance(seconds(61));
    machine.metadata.texts.set(MAINTENANCE, maintenanceAt(atSecond(second)));
    await machine.clock.advance(seconds(60));
    expect(changeOf(counted)?.deadline).toBe(atSecond(second));
  });

  it('that is cancelled after the drain began for it changes nothing any more (N5)', async () => {
    const counted = await createCounted();
    const { machine } = counted;
    machine.metadata.texts.set(MAINTENANCE, maintenanceAt(atSecond(150)));
    await machine.clock.advance(seconds(61));
    const { drainingAt } = machine.record()!;
    expect(drainingAt).toBe(atSecond(60));
    machine.metadata.texts.set(MAINTENANCE, maintenanceAt(atSecond(150)).replace('active', 'canceled'));
    await machine.clock.advance(seconds(200));
    expect(machine.record()!.drainingAt).toBe(drainingAt);
    expect(machine.end()?.reason).toBe('drained');
  });

  it('of an on-demand machine of somebody’s group drains it when the group ends it', async () => {
    const counted = await createCounted();
    const { machine } = counted;
    machine.metadata.texts.set('autoscaling/target-lifecycle-state', 'Terminated');
    await machine.clock.advance(seconds(16));
    expect(machine.record()).toMatchObject({ drainingAt: atSecond(15), signals: { 'lifecycle-terminating': {} } });
  });
});

it('a signal that could not be written is written when it is told again', async () => {
  const counted = await createCounted();
  const { machine } = counted;
  const { recordSignal } = machine.cloud.instances;
  machine.cloud.instances.recordSignal = async () => {
    throw new Error('no network');
  };
  machine.agent.stop();
  await machine.clock.advance(seconds(30));
  machine.cloud.instances.recordSignal = recordSignal;
  machine.agent.stop();
  await machine.clock.advance(seconds(2));
  expect(machine.record()!.signals['machine-stopping']).toBeDefined();
});

describe('a signal that could not be written for half a minute', () => {
  const cutStore = ({ cloud: { instances } }: Awaited<ReturnType<typeof createCounted>>['machine']) => {
    const { recordSignal, withdraw } = instances;
    const fail = async () => {
      throw new Error('throttled');
    };
    Object.assign(instances, { recordSignal: fail, withdraw: fail });
    return () => void Object.assign(instances, { recordSignal, withdraw });
  };

  it('is written as soon as it can be, although nobody tells it again', async () => {
    const { machine } = await createCounted();
    const mend = cutStore(machine);
    machine.metadata.giveNotice(atSecond(120));
    await machine.clock.advance(seconds(30));
    mend();
    await machine.clock.advance(seconds(10));
    expect(machine.record()).toMatchObject({ signals: { 'spot-interruption': { deadline: atSecond(120) } } });
    expect(machine.record()!.drainingAt).toBeDefined();
  });

  it('of a maintenance that was cancelled meanwhile leaves the item without it', async () => {
    const { machine } = await createCounted();
    const event = (state: string) =>
      JSON.stringify([
        { EventId: 'e1', Code: 'system-reboot', State: state, NotBefore: new Date(atSecond(86_400)).toISOString() },
      ]);
    machine.metadata.texts.set('events/maintenance/scheduled', event('active'));
    await machine.clock.advance(seconds(61));
    expect(machine.record()!.signals['scheduled-change']).toBeDefined();
    const mend = cutStore(machine);
    machine.metadata.texts.set('events/maintenance/scheduled', event('canceled'));
    await machine.clock.advance(seconds(90));
    expect(machine.record()!.signals['scheduled-change']).toBeDefined();
    mend();
    await machine.clock.advance(seconds(10));
    expect(machine.record()!.signals['scheduled-change']).toBeUndefined();
  });
});
