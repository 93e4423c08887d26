import { ENDS_LATER } from '../../audit/instance-model.ts';
import type { InstanceId, SessionId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import { type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { createDebts } from './debts.ts';

/** Notices are looked for every 5 s, recommendations every 15 s; what is found is written at once, or with the next beat. */
const WRITTEN_WITHIN_MS = 40_000;

/** Maintenance is looked for once a minute. */
const PLANNED_WRITTEN_WITHIN_MS = 100_000;

const writtenWithinMs = (kind: SignalKind): number =>
  kind === 'scheduled-change' ? PLANNED_WRITTEN_WITHIN_MS : WRITTEN_WITHIN_MS;

export type HearsWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'instanceId' | 'item' | 'metadata' | 'drain'>;

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
  const unwritten = createDebts(now, writtenWithinMs);
  return {
    /** With each heartbeat of this session: calls of its process that have failed so far. */
    look: (session: SessionId, failures: number): void => {
      const record = item();
      const isOver = record === undefined || record.session !== session || record.goneAt !== undefined;
      const due = new Set(isOver ? [] : metadata().filter((kind) => record.signals[kind] === undefined));
      for (const kind of unwritten.look(due, failures))
        judge.say('W4', `the metadata of ${instanceId} tells of ${kind}, and nobody has written it down`);
      const isDue = !isOver && isDueToDrain(record, drain.windowSeconds, now());
      for (const id of undrained.look(new Set(isDue ? [instanceId] : []), failures))
        judge.say('N6', `the end of ${id} was announced, is near, and it does not drain`);
    },
  };
};
