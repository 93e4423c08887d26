import { ENDS_LATER } from '../../audit/instance-model.ts';
import type { InstanceId, SessionId } from '../../fleet/ids.ts';
import type { DrainPolicy, InstanceRecord } from '../../fleet/instance.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import { type EpochMs, secondsToMs } from '../../fleet/time.ts';
import { createDebts } from './debts.ts';
import type { Judge } from './promises.ts';

/** Notices are looked for every 5 s, recommendations every 15 s; what is found is written at once, or with the next beat. */
const WRITTEN_WITHIN_MS = 40_000;

/** Maintenance is looked for once a minute. */
const PLANNED_WRITTEN_WITHIN_MS = 100_000;

const PLANNED: SignalKind = 'scheduled-change';

export interface HearsWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly instanceId: InstanceId;
  /** The machine's own item. */
  readonly item: () => InstanceRecord | undefined;
  /** What the metadata service tells at present, of what a machine has to write down. */
  readonly metadata: () => readonly SignalKind[];
  /** Of its fleet. */
  readonly drain: Pick<DrainPolicy, 'windowSeconds'>;
}

/** An end that is announced for later is in its item, which each beat brings; the drain is then written like a notice. */
const isDueToDrain = ({ drainingAt, signals }: InstanceRecord, windowSeconds: number, now: EpochMs): boolean =>
  drainingAt === undefined &&
  ENDS_LATER.some((kind) => (signals[kind]?.deadline ?? Number.POSITIVE_INFINITY) <= now + secondsToMs(windowSeconds));

/**
 * On the machine the agent usually knows first, and writes it on its own item (design, section 4, step 6): an event of the
 * same may come late or never.
 */
export const watchMetadata = ({ now, judge, instanceId, item, metadata, drain }: HearsWorld) => {
  const undrained = createDebts<InstanceId>(now, WRITTEN_WITHIN_MS);
  const unwritten = createDebts<SignalKind>(now, WRITTEN_WITHIN_MS);
  const unplanned = createDebts<SignalKind>(now, PLANNED_WRITTEN_WITHIN_MS);
  return {
    /** With each heartbeat of this session: calls of its process that have failed so far. */
    look: (session: SessionId, failures: number): void => {
      const record = item();
      const isOver = record === undefined || record.session !== session || record.goneAt !== undefined;
      const due = isOver ? [] : metadata().filter((kind) => record.signals[kind] === undefined);
      const soon = new Set(due.filter((kind) => kind !== PLANNED));
      const planned = new Set(due.filter((kind) => kind === PLANNED));
      for (const kind of [...unwritten.look(soon, failures), ...unplanned.look(planned, failures)])
        judge.say('W4', `the metadata of ${instanceId} tells of ${kind}, and nobody has written it down`);
      const isDue = !isOver && isDueToDrain(record, drain.windowSeconds, now());
      for (const id of undrained.look(new Set(isDue ? [instanceId] : []), failures))
        judge.say('N6', `the end of ${id} was announced, is near, and it does not drain`);
    },
  };
};
