import type { SignalKind } from '../fleet/signal.ts';
import type { DescribedMachine, MachineState } from '../ports/machines.ts';
import type { World } from './world.ts';

/** What a described state says that a lost event would have said. */
const STATE_SIGNALS: Readonly<Record<MachineState, SignalKind | undefined>> = {
  pending: undefined,
  running: undefined,
  stopping: 'state-stopping',
  stopped: 'state-stopped',
  'shutting-down': 'state-shutting-down',
  terminated: 'state-terminated',
};

/** Who ended a machine, in EC2's words: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html */
const REASON_SIGNALS: Readonly<Record<string, SignalKind>> = {
  'Server.SpotInstanceTermination': 'bid-evicted',
  'Server.SpotInstanceShutdown': 'bid-evicted',
  'Client.UserInitiatedShutdown': 'terminated-by-request',
  'Client.InstanceInitiatedShutdown': 'shut-down-by-itself',
};

/** States in which nothing is left to be said but why. */
const OVER: readonly MachineState[] = ['stopped', 'terminated'];

const toldSignals = (machine: DescribedMachine): SignalKind[] =>
  [REASON_SIGNALS[machine.stateReasonCode ?? ''], STATE_SIGNALS[machine.state]].filter((kind) => kind !== undefined);

/** Writes down what EC2 says of a machine's end, and answers whether it says that it has ended and why. */
export const recordEnd = async (world: World, machine: DescribedMachine): Promise<boolean> => {
  const told = toldSignals(machine);
  // Nearly every machine just runs, which says nothing new: its item need not be read for that.
  if (told.length === 0) return false;
  const isToldWhy = REASON_SIGNALS[machine.stateReasonCode ?? ''] !== undefined;
  const isEndTold = isToldWhy || OVER.includes(machine.state);
  const record = await world.instances.get(machine.instanceId);
  if (record === undefined || record.goneAt !== undefined) return isEndTold;
  const now = world.clock.now();
  for (const kind of told.filter((kind) => record.signals[kind] === undefined)) {
    await world.instances.recordSignal({ kind, instanceId: machine.instanceId, at: now }, true, now);
  }
  return isEndTold;
};

export const isLiving = (machine: DescribedMachine): boolean =>
  !['shutting-down', 'terminated'].includes(machine.state);
