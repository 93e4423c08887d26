import type { InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
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
  /** It has been told to go: another comes in its place, whatever it costs. */
  readonly isDraining: (instanceId: InstanceId) => boolean;
}

/** With no work, an exchange takes a boot of a minute, the next sweep, a last poll and the sweep that sees the end. */
export const EXCHANGE_SECONDS = 300;

/** Fifteen minutes after its agent's last sign a machine ends itself, as the looks of its timer find out, and its end is seen. */
const ENDS_ITSELF_WITHIN_MS = (900 + 120 + 180) * 1_000;

/** When a machine is over at the latest whose agent is dead and which EC2 refuses to end for us (F93): its own timer ends it. */
export const endsItselfBy = ({ drainingAt, heartbeatAt, launchedAt }: InstanceRecord): EpochMs | undefined =>
  drainingAt === undefined ? undefined : addMs(heartbeatAt ?? launchedAt, ENDS_ITSELF_WITHIN_MS);

export const isRunning = ({ endedBy, isStopped }: Pick<ExchangedMachine, 'endedBy' | 'isStopped'>): boolean =>
  endedBy === undefined && isStopped !== true;

/**
 * Machines that are just taking others' places: a world at rest improves itself on spot, and replaces what has grown too old
 * by the same; for a while both are there. Empty when more run than an exchange explains. Whether there was a reason for it is
 * judged where they are asked for (N3).
 */
export const newcomersOf = <Machine extends ExchangedMachine>(
  machines: readonly Machine[],
  { now, restedAt, machinesMin, isDraining }: ExchangeMoment,
): readonly Machine[] => {
  const running = machines.filter(isRunning);
  if (running.length > machinesMin + Math.ceil(machinesMin * SURGE_SHARE)) return [];
  const isLeft = running.some(({ instanceId }) => isDraining(instanceId));
  return running.filter(
    ({ launchedAt, described }) =>
      (described.pool.purchase === 'spot' || isLeft) &&
      launchedAt >= restedAt &&
      addMs(launchedAt, EXCHANGE_SECONDS * 1_000) > now,
  );
};
