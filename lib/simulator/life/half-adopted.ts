import { secondsToMs } from '../../fleet/time.ts';
import { allFleets } from './fleets-of.ts';
import type { Life } from './life.ts';
import type { HostedMachine } from './machine-host.ts';

/** EC2 is no enemy, but over enough launches it is as bad as one: every other machine in this state is taken at once. */
const TAKEN_SHARE = 0.5;

/** The next minute's look would give the machine its place. */
const TAKEN_WITHIN_SECONDS = 50;

/**
 * Takes machines that a function which has crashed left with an item and without a place in their fleet. By themselves a
 * crash between those two writes and an end before the next minute meet too seldom to be seen. Ask after each crash.
 */
export const createTakingOfHalfAdopted = (life: Life): (() => Promise<void>) => {
  const { clock, faults, host, memory, trace } = life;
  const random = life.random.fork('half adopted');

  const unplaced = async (): Promise<readonly HostedMachine[]> => {
    const states = await Promise.all(allFleets(life).map(({ fleet }) => memory.fleets.read(fleet)));
    const placed = new Set(states.flatMap(({ members }) => members.map(({ instanceId }) => instanceId)));
    return host.machines.filter(({ instanceId, described, endedBy }) => {
      const record = memory.instances.records.get(instanceId);
      const isLeftOver = record !== undefined && record.goneAt === undefined && !placed.has(instanceId);
      return isLeftOver && described.pool.purchase === 'spot' && endedBy === undefined;
    });
  };

  const take = async (machine: HostedMachine): Promise<void> => {
    await clock.sleep(secondsToMs(random.between(0, TAKEN_WITHIN_SECONDS)));
    if (faults.isHealed() || machine.endedBy !== undefined) return;
    trace.note(machine.instanceId, 'EC2 takes it before it has its place');
    host.end(machine, 'ec2');
  };

  return async () => {
    if (faults.isHealed()) return;
    for (const machine of await unplaced()) if (random.chance(TAKEN_SHARE)) void take(machine);
  };
};
