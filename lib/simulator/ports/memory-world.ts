import type { FleetName } from '../../fleet/ids.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FleetStore } from '../../ports/fleets.ts';
import type { NewId, Random } from '../../ports/random.ts';
import { memoryBlobs } from './memory-blobs.ts';
import { memoryFleetStore } from './memory-fleet-store.ts';
import { type MemoryInstanceStore, memoryInstanceStore } from './memory-instance-store.ts';
import { type MemoryMachineGroups, memoryMachineGroups } from './memory-machine-groups.ts';
import { type MemoryMachines, memoryMachines } from './memory-machines.ts';
import { type MemoryTaskLedger, memoryTaskLedger } from './memory-task-ledger.ts';
import { type MemoryWakeQueue, memoryWakeQueue } from './memory-wake-queue.ts';
import {
  type MemoryDeadLetters,
  type MemoryQueueOptions,
  type MemoryWorkQueue,
  memoryDeadLetters,
  memoryWorkQueue,
} from './memory-work-queue.ts';

/** Every port in memory, under one clock. */
export interface MemoryWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly tasks: MemoryTaskLedger;
  readonly instances: MemoryInstanceStore;
  readonly fleets: FleetStore;
  readonly machines: MemoryMachines;
  readonly groups: MemoryMachineGroups;
  readonly blobs: Blobs;
  readonly wakes: MemoryWakeQueue;
  readonly deadLetters: MemoryDeadLetters;
  /** The same queue whenever the same fleet is named. */
  readonly workQueue: (fleet: FleetName) => MemoryWorkQueue;
}

const MEMORY_STACK = 'simulated';

/** 64 random bits in hexadecimal: unique for any run, and the same again for the same seed. */
const idsFrom = (random: Random): NewId => {
  const digits = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return () => `${digits()}${digits()}`;
};

export const memoryWorld = (clock: Clock, random: Random, queueOptions: MemoryQueueOptions = {}): MemoryWorld => {
  const queues = new Map<FleetName, MemoryWorkQueue>();
  const machines = memoryMachines(clock, MEMORY_STACK);
  return {
    clock,
    random,
    newId: idsFrom(random),
    tasks: memoryTaskLedger(),
    instances: memoryInstanceStore(),
    fleets: memoryFleetStore(),
    machines,
    groups: memoryMachineGroups(machines),
    blobs: memoryBlobs(),
    wakes: memoryWakeQueue(clock),
    deadLetters: memoryDeadLetters(),
    workQueue: (fleet) => {
      const queue = queues.get(fleet) ?? memoryWorkQueue(clock, queueOptions);
      queues.set(fleet, queue);
      return queue;
    },
  };
};
