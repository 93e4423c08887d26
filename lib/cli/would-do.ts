import { DRAIN_MARGIN_SECONDS_DEFAULT, UNCLAIMED_SECONDS, WARY_SECONDS_DEFAULT } from '../fleet/limits.ts';
import { type Gravity, KEPT_FOR_ADOPTION, MACHINE_GONE_KINDS, SIGNAL_GRAVITY, type Signal } from '../fleet/signal.ts';
import { addMs, type EpochMs, secondsToMs, toIso } from '../fleet/time.ts';
import type { ParsedBody } from '../signals/parse-signal.ts';

const REPLACE = 'wake the fleet to replace it';

const releaseText = ({ deadline }: Signal, now: EpochMs): string => {
  if (deadline === undefined) return 'release what it still holds near the end of the drain window';
  const by = addMs(deadline, -secondsToMs(DRAIN_MARGIN_SECONDS_DEFAULT));
  if (by <= now) return `release what it still holds at once (its deadline ${toIso(deadline)} is here or past)`;
  return `release what it still holds by ${toIso(by)} (deadline − ${DRAIN_MARGIN_SECONDS_DEFAULT} s), at once if its agent is silent`;
};

const endsText = (signal: Signal, now: EpochMs): string =>
  MACHINE_GONE_KINDS.includes(signal.kind)
    ? `release at once what it still holds, close its run in the ledger, ${REPLACE}`
    : `mark it draining, ${releaseText(signal, now)}, ${REPLACE}`;

const nearDeadlineText = ({ deadline }: Signal): string =>
  `let it finish what it holds, and mark it draining once ${deadline === undefined ? 'its deadline' : toIso(deadline)} is inside the drain window`;

const informsText = ({ kind }: Signal): string =>
  kind === 'scheduled-change-cancelled'
    ? 'forget its scheduled change; a drain that has begun is not undone'
    : 'count it; its lifecycle is not touched';

const TEXT: Readonly<Record<Gravity, (signal: Signal, now: EpochMs) => string>> = {
  ends: endsText,
  'drains-near-deadline': nearDeadlineText,
  warns: () =>
    `by its fleet's rebalance setting let it take only tasks that fit for ${WARY_SECONDS_DEFAULT / 60} min, drain it, or do nothing`,
  leaves: () => 'let it finish what it holds and go, unless that is taken back',
  informs: informsText,
};

const NOT_OURS = 'on a machine that is not ours: acknowledge it and touch nothing';

const notOursText = (signals: readonly Signal[]): string =>
  signals.some(({ kind }) => KEPT_FOR_ADOPTION.includes(kind))
    ? `${NOT_OURS}; a warning is kept ${UNCLAIMED_SECONDS / 60} min in case the machine is adopted`
    : NOT_OURS;

const signalText = (signal: Signal, now: EpochMs): string =>
  `${signal.instanceId}: record it; if the machine is ours: ${TEXT[SIGNAL_GRAVITY[signal.kind]](signal, now)}`;

/**
 * What the service would do on receiving this now, in words. Margins and windows are the defaults: a fleet may have its
 * own, and state on the machine's item may say more than this one signal.
 */
export const wouldDo = (parsed: ParsedBody, now: EpochMs): readonly string[] => {
  switch (parsed.kind) {
    case 'signals':
      return [...parsed.signals.map((signal) => signalText(signal, now)), notOursText(parsed.signals)];
    case 'ignored':
      return ['acknowledge it; there is nothing to act on'];
    case 'unrecognised':
      return ['count it as SignalsUnrecognised and keep it in the dead-letter queue; act on nothing'];
    case 'refused':
      return ['count it as SignalsRefused and keep it in the dead-letter queue; act on nothing'];
  }
};
