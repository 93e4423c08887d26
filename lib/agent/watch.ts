import { IMDS_BACK_OFF_SECONDS_MAX, IMDS_POLL_SECONDS } from '../fleet/limits.ts';
import type { Signal } from '../fleet/signal.ts';
import { type EpochMs, epochMs, secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import type { Imds } from './imds.ts';

/** What the machine itself can learn about its end; the agent adds its id and makes a `Signal` of it. */
export type MachineWarning = Omit<Signal, 'instanceId'>;

export interface WatchOptions {
  readonly imds: Imds;
  readonly clock: Clock;
  readonly log: Log;
  /** On-demand machines are not interrupted, so nothing is looked for there. */
  readonly isSpot: boolean;
  readonly signal: AbortSignal;
}

const INSTANCE_ACTION_PATH = 'spot/instance-action';
const REBALANCE_PATH = 'events/recommendations/rebalance';
const ACTIONS: readonly string[] = ['terminate', 'stop', 'hibernate'];

const fieldsOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

const instantOf = (value: unknown): EpochMs | undefined => {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : epochMs(parsed);
};

/**
 * `{"action":"terminate","time":"2017-09-18T08:22:00Z"}`
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html).
 * Hibernation begins at once, whatever the time says. `undefined` when the text is not such a notice (F63).
 */
export const parseInstanceAction = (text: string, now: EpochMs): MachineWarning | undefined => {
  const { action, time } = fieldsOf(text);
  const deadline = instantOf(time);
  if (typeof action !== 'string' || deadline === undefined) return undefined;
  const known = ACTIONS.includes(action) ? { action: action as 'terminate' | 'stop' | 'hibernate' } : {};
  return { kind: 'spot-interruption', at: now, deadline: action === 'hibernate' ? now : deadline, ...known };
};

/** `{"noticeTime":"2020-10-27T08:22:00Z"}`; the recommendation counts even when its time cannot be read. */
export const parseRebalance = (text: string, now: EpochMs): MachineWarning | undefined => {
  const { noticeTime } = fieldsOf(text);
  return noticeTime === undefined ? undefined : { kind: 'rebalance-recommendation', at: instantOf(noticeTime) ?? now };
};

type Parser = (text: string, now: EpochMs) => MachineWarning | undefined;

const SOURCES: Readonly<Record<string, Parser>> = {
  [INSTANCE_ACTION_PATH]: parseInstanceAction,
  [REBALANCE_PATH]: parseRebalance,
};

/** The pause after `failures` looks in a row without an answer: doubled each time, up to the cap. */
export const watchPauseMs = (failures: number): number =>
  secondsToMs(Math.min(IMDS_POLL_SECONDS * 2 ** Math.max(0, failures - 1), IMDS_BACK_OFF_SECONDS_MAX));

/** A notice of an action we do not know is a notice all the same: what it asks is kept in the log. */
const noteUnknownAction = (log: Log, text: string): void => {
  const { action } = fieldsOf(text);
  if (typeof action === 'string' && !ACTIONS.includes(action)) {
    log.warn('interruption notice with an unknown action', { action: action.slice(0, 40) });
  }
};

/** One source looked at: yields its warning the first time it is there, and complains once about what is no warning. */
const createSource = ({ imds, clock, log }: WatchOptions, path: string, parse: Parser) => {
  let isSettled = false;
  let textRefused: string | undefined;
  return async (): Promise<MachineWarning | undefined> => {
    if (isSettled) return undefined;
    const text = await imds.read(path);
    if (text === undefined || text === textRefused) return undefined;
    const warning = parse(text, clock.now());
    isSettled = warning !== undefined;
    if (warning === undefined) {
      textRefused = text;
      log.error('the metadata service tells something that is not understood', { path, bytes: text.length });
    }
    if (warning?.kind === 'spot-interruption') noteUnknownAction(log, text);
    return warning;
  };
};

/**
 * Every signal that the metadata service gives, once each, until aborted. It never ends for an error: a metadata
 * service that fails says nothing about the future, and is asked again with a growing pause (rows A3, A14).
 */
export async function* watchMachine(options: WatchOptions): AsyncGenerator<MachineWarning, void, void> {
  const { clock, log, signal } = options;
  if (!options.isSpot) return;
  const looks = Object.entries(SOURCES).map(([path, parse]) => createSource(options, path, parse));
  let failures = 0;
  while (!signal.aborted) {
    const answers = await Promise.allSettled(looks.map((look) => look()));
    const failed = answers.find((answer) => answer.status === 'rejected');
    failures = failed === undefined ? 0 : failures + 1;
    if (failed !== undefined && failures === 1) {
      log.warn('the metadata service does not answer', { error: String(failed.reason) });
    }
    for (const answer of answers) if (answer.status === 'fulfilled' && answer.value !== undefined) yield answer.value;
    await clock.sleep(watchPauseMs(failures), signal);
  }
}
