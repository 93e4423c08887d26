import type { InstanceId } from '../../fleet/ids.ts';
import type { Purchase } from '../../fleet/pool.ts';
import { addMs, type EpochMs } from '../../fleet/time.ts';
import { SURGE_SHARE } from './counts.ts';

/** As much of a machine as shows whether it takes another's place. */
export interface ExchangedMachine {
  readonly instanceId: InstanceId;
  readonly launchedAt: EpochMs;
  readonly endedBy?: string;
  readonly isStopped?: boolean;
  readonly described: { readonly pool: { readonly purchase: Purchase } };
}

export interface ExchangeMoment {
  readonly now: EpochMs;
  /** When the world had come to rest: a machine that is bought afterwards can only take another's place. */
  readonly restedAt: EpochMs;
  readonly machinesMin: number;
}

/** With no work, an exchange takes a boot of a minute, the next sweep, a last poll and the sweep that sees the end. */
export const EXCHANGE_SECONDS = 300;

export const isRunning = ({ endedBy, isStopped }: Pick<ExchangedMachine, 'endedBy' | 'isStopped'>): boolean =>
  endedBy === undefined && isStopped !== true;

/**
 * Spot machines that are just taking others' places: a world at rest improves itself, and for a while both are there. Empty
 * when more run than an exchange explains. Whether there was a reason for it is judged where they are asked for (N3).
 */
export const newcomersOf = <Machine extends ExchangedMachine>(
  machines: readonly Machine[],
  { now, restedAt, machinesMin }: ExchangeMoment,
): readonly Machine[] => {
  const running = machines.filter(isRunning);
  if (running.length > machinesMin + Math.ceil(machinesMin * SURGE_SHARE)) return [];
  return running.filter(
    ({ launchedAt, described }) =>
      described.pool.purchase === 'spot' && launchedAt >= restedAt && addMs(launchedAt, EXCHANGE_SECONDS * 1_000) > now,
  );
};
