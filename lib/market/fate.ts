import { addMs, type EpochMs } from '../fleet/time.ts';
import { draw, drawBetween, drawRisk } from './draw.ts';
import { ageAtRisk, scaleHazard } from './hazard.ts';
import { type MarketSettings, NOTICE_MS } from './settings.ts';
import type { Spell } from './spells.ts';

/** When and how EC2 takes a spot machine back. */
export interface MachineFate {
  readonly rebalanceAt?: EpochMs;
  /** Two minutes before `reclaimAt`; absent when the machine is taken without a word. */
  readonly noticeAt?: EpochMs;
  readonly reclaimAt: EpochMs;
  readonly action: 'terminate';
  /** `outage`: with the other machines of its pool; `own`: alone. */
  readonly cause: 'outage' | 'own';
}

export interface FateQuestion {
  readonly pool: string;
  /** The machine is the n-th that this pool has launched. */
  readonly ordinal: number;
  readonly launchedAt: EpochMs;
}

/** Of machines lost together, 92 % go within three minutes (Spot-and-Scoot, 2,635 interruptions); the others follow. */
const WAVE_SHARE = 0.92;
const WAVE_MS = 180_000;
const STRAGGLER_MS = 600_000;

const waveDelayMs = (settings: MarketSettings, question: FateQuestion): number => {
  const labels = [question.pool, question.ordinal] as const;
  const within = draw(settings.seed, ...labels, 'straggler') < WAVE_SHARE;
  const range = within ? { least: 0, most: WAVE_MS } : { least: WAVE_MS, most: STRAGGLER_MS };
  return Math.floor(drawBetween(range, settings.seed, ...labels, 'wave'));
};

const struckAlone = (settings: MarketSettings, question: FateQuestion): number => {
  const hazard = scaleHazard(settings.reclaimHazard, settings.restlessness * (1 - settings.correlation));
  return (
    question.launchedAt + Math.ceil(ageAtRisk(hazard, drawRisk(settings.seed, question.pool, question.ordinal, 'own')))
  );
};

const rebalanceBefore = (settings: MarketSettings, question: FateQuestion, noticeAt: EpochMs): EpochMs | undefined => {
  const labels = [question.pool, question.ordinal] as const;
  if (draw(settings.seed, ...labels, 'rebalance') >= settings.shareWithRebalance) return undefined;
  const leadMs = Math.floor(drawBetween(settings.rebalanceLeadMs, settings.seed, ...labels, 'lead'));
  return Math.max(question.launchedAt, noticeAt - leadMs) as EpochMs;
};

/** What becomes of one machine; undefined when nothing ever does. */
export const fateOf = (
  settings: MarketSettings,
  question: FateQuestion,
  nextOutage: Spell | undefined,
): MachineFate | undefined => {
  const alone = struckAlone(settings, question);
  const outageFrom = nextOutage === undefined ? Infinity : Math.max(question.launchedAt, nextOutage.from);
  const together = outageFrom + waveDelayMs(settings, question);
  const struckAt = Math.min(alone, together) as EpochMs;
  if (struckAt === Infinity) return undefined;
  const cause = together <= alone ? 'outage' : 'own';
  if (draw(settings.seed, question.pool, question.ordinal, 'warned') < settings.shareWithoutWarning) {
    return { reclaimAt: struckAt, action: 'terminate', cause };
  }
  const rebalanceAt = rebalanceBefore(settings, question, struckAt);
  return {
    ...(rebalanceAt === undefined ? {} : { rebalanceAt }),
    noticeAt: struckAt,
    reclaimAt: addMs(struckAt, NOTICE_MS),
    action: 'terminate',
    cause,
  };
};
