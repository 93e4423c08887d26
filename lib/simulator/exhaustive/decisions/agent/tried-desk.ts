import { createDrain, type Drain } from '../../../../agent/drain.ts';
import { createSignalDesk, type SignalDesk } from '../../../../agent/signal-desk.ts';
import type { AgentSettings, AgentShared } from '../../../../agent/world.ts';
import type { Signal } from '../../../../fleet/signal.ts';
import { addMs, type EpochMs, epochMs } from '../../../../fleet/time.ts';
import { NEVER_ANSWERED } from '../decision-table.ts';

export const NOW = epochMs(1_800_000_000_000);

/** So many seconds from then. */
export const after = (seconds: number): EpochMs => addMs(NOW, seconds * 1_000);

export const secondsUntil = (instant: EpochMs): number => (instant - NOW) / 1_000;

/** A machine's desk with its drain, and every signal that it writes, with whether it drains. */
export interface TriedDesk {
  readonly desk: SignalDesk;
  readonly drain: Drain;
  readonly written: readonly (readonly [signal: Signal, drains: boolean])[];
}

/** No answer to any of its writings comes. `drainsUntil`: it drains already, for so many seconds more. */
export const triedDesk = (
  settings: Pick<AgentSettings, 'maximumAgeSeconds'> & Partial<Pick<AgentSettings['drainPolicy'], 'rebalance'>>,
  drainsUntil?: number,
): TriedDesk => {
  const written: (readonly [Signal, boolean])[] = [];
  const drain = createDrain();
  if (drainsUntil !== undefined) drain.begin({ reason: 'a notice', deadline: after(drainsUntil), now: NOW });
  const { maximumAgeSeconds, rebalance = 'wary' } = settings;
  const shared = {
    ports: {
      clock: { now: () => NOW, sleep: () => NEVER_ANSWERED },
      log: { info: () => undefined, warn: () => undefined },
      instances: {
        recordSignal: (signal: Signal, drains: boolean) => {
          written.push([signal, drains]);
          return NEVER_ANSWERED;
        },
      },
    },
    settings: {
      drainPolicy: { marginSeconds: 10, windowSeconds: 180, warySeconds: 900, rebalance },
      maximumAgeSeconds,
    },
    instanceId: 'i-1234567890abcdef0',
    drain,
  } as unknown as AgentShared;
  return { desk: createSignalDesk(shared, { onRecorded: () => undefined }), drain, written };
};

/** Their kinds, or that there are none. */
export const kindsOf = ({ written }: Pick<TriedDesk, 'written'>): string =>
  written.map(([{ kind }]) => kind).join(' and ') || 'nothing';
