import {
  IMDS_POLL_SECONDS,
  LIFECYCLE_POLL_SECONDS,
  MAINTENANCE_POLL_SECONDS,
  REBALANCE_POLL_SECONDS,
} from '../fleet/limits.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Imds } from './imds.ts';
import {
  type MachineWarning,
  parseInstanceAction,
  parseMaintenance,
  parseRebalance,
  parseTargetState,
  parseTerminationTime,
  unknownActionOf,
} from './notices.ts';

/** One thing that the metadata service can be asked. */
export interface NoticeSource {
  readonly path: string;
  readonly everySeconds: number;
  /** What has become known since the last look. @throws ImdsUnavailable */
  look(): Promise<MachineWarning | undefined>;
  /** It has said all that it will ever say. */
  isExhausted(): boolean;
}

export interface NoticePorts {
  readonly imds: Imds;
  readonly clock: Clock;
  readonly log: Log;
}

/** Says once of each text that it is not understood; never what it says, which may be anything. */
const createComplaint = ({ log }: NoticePorts, path: string) => {
  let last: string | undefined;
  return (text: string): void => {
    if (text === last) return;
    last = text;
    log.error('the metadata service tells something that is not understood', { path, bytes: text.length });
  };
};

const createNearest = () => {
  let nearest: EpochMs | undefined;
  return (deadline: EpochMs): boolean => {
    const isNearer = nearest === undefined || deadline < nearest;
    if (isNearer) nearest = deadline;
    return isNearer;
  };
};

const ACTION_PATH = 'spot/instance-action';
const TERMINATION_TIME_PATH = 'spot/termination-time';

/** A notice is told when it appears and whenever it comes nearer. One that is withdrawn later changes nothing (F64). */
const instanceAction = (ports: NoticePorts): NoticeSource => {
  const { imds, clock, log } = ports;
  const complain = createComplaint(ports, ACTION_PATH);
  const isNearer = createNearest();

  /** The older form of the same notice, asked for only where the newer one cannot be read. */
  const readOlderForm = async (): Promise<MachineWarning | undefined> => {
    const text = await imds.read(TERMINATION_TIME_PATH).catch(() => undefined);
    return text === undefined ? undefined : parseTerminationTime(text, clock.now());
  };

  const look = async (): Promise<MachineWarning | undefined> => {
    const text = await imds.read(ACTION_PATH);
    if (text === undefined) return undefined;
    const understood = parseInstanceAction(text, clock.now());
    if (understood === undefined) complain(text);
    const warning = understood ?? (await readOlderForm());
    if (warning?.deadline === undefined || !isNearer(warning.deadline)) return undefined;
    const action = unknownActionOf(text);
    if (action !== undefined) log.warn('interruption notice with an unknown action', { action });
    return warning;
  };

  return { path: ACTION_PATH, everySeconds: IMDS_POLL_SECONDS, look, isExhausted: () => false };
};

interface OnceOptions {
  readonly path: string;
  readonly everySeconds: number;
  parse(text: string, now: EpochMs): MachineWarning | 'no-warning' | undefined;
}

/** What is told once and then stays as it is. */
const once =
  ({ path, everySeconds, parse }: OnceOptions) =>
  (ports: NoticePorts): NoticeSource => {
    const complain = createComplaint(ports, path);
    let isExhausted = false;
    const look = async (): Promise<MachineWarning | undefined> => {
      const text = await ports.imds.read(path);
      const parsed = text === undefined ? 'no-warning' : parse(text, ports.clock.now());
      if (text !== undefined && parsed === undefined) complain(text);
      if (parsed === undefined || parsed === 'no-warning') return undefined;
      isExhausted = true;
      return parsed;
    };
    return { path, everySeconds, look, isExhausted: () => isExhausted };
  };

const rebalanceRecommendation = once({
  path: 'events/recommendations/rebalance',
  everySeconds: REBALANCE_POLL_SECONDS,
  parse: parseRebalance,
});

const targetLifecycleState = once({
  path: 'autoscaling/target-lifecycle-state',
  everySeconds: LIFECYCLE_POLL_SECONDS,
  parse: parseTargetState,
});

const SCHEDULED_PATH = 'events/maintenance/scheduled';
const HISTORY_PATH = 'events/maintenance/history';

/**
 * Tells when the nearest scheduled event begins, again whenever that changes, and once that none is left. An event that
 * is no longer listed is over only if the history says so: a list that merely lacks it is no cancellation.
 */
const scheduledMaintenance = (ports: NoticePorts): NoticeSource => {
  const { imds, clock } = ports;
  const complain = createComplaint(ports, SCHEDULED_PATH);
  const open = new Map<string, EpochMs>();
  let told: EpochMs | undefined;

  const readEvents = async (path: string) => {
    const text = await imds.read(path);
    const parsed = text === undefined ? undefined : parseMaintenance(text);
    if (text !== undefined && (parsed === undefined || parsed.unreadable > 0)) complain(text);
    return parsed?.events ?? [];
  };

  const refresh = async (): Promise<void> => {
    const listed = await readEvents(SCHEDULED_PATH);
    const isMissing = [...open.keys()].some((eventId) => !listed.some((event) => event.eventId === eventId));
    const past = isMissing ? await readEvents(HISTORY_PATH).catch(() => []) : [];
    for (const { eventId, isOver } of [...past, ...listed]) if (isOver) open.delete(eventId);
    for (const { eventId, isOver, notBefore } of listed) if (!isOver) open.set(eventId, notBefore);
  };

  const look = async (): Promise<MachineWarning | undefined> => {
    await refresh();
    const deadline = open.size === 0 ? undefined : (Math.min(...open.values()) as EpochMs);
    if (deadline === told) return undefined;
    told = deadline;
    const at = clock.now();
    return deadline === undefined
      ? { kind: 'scheduled-change-cancelled', at }
      : { kind: 'scheduled-change', at, deadline };
  };

  return { path: SCHEDULED_PATH, everySeconds: MAINTENANCE_POLL_SECONDS, look, isExhausted: () => false };
};

/** On-demand machines are not interrupted and get no recommendation; maintenance and scale-in concern every machine. */
export const noticeSources = (ports: NoticePorts, isSpot: boolean): readonly NoticeSource[] => [
  ...(isSpot ? [instanceAction(ports), rebalanceRecommendation(ports)] : []),
  scheduledMaintenance(ports),
  targetLifecycleState(ports),
];
