import { createPulse } from '../../../../agent/pulse.ts';
import { epochMs } from '../../../../fleet/time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const NOW = 1_800_000_000_000;

const STEPS = [
  { dateMs: 5_000, steadyMs: 5_000 },
  { dateMs: 15_000, steadyMs: 15_000 },
  { dateMs: 15_001, steadyMs: 15_000 },
  { dateMs: 15_000, steadyMs: 15_001 },
  // The date was set back while the process stood still, and then forward.
  { dateMs: -600_000, steadyMs: 60_000 },
  { dateMs: 600_000, steadyMs: 5_000 },
  { dateMs: -600_000, steadyMs: 5_000 },
] as const;

const CASES = { first: STEPS, second: STEPS, isSecondUnseen: [true, false], hasSteadyClock: [true, false] } as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ first, second, isSecondUnseen, hasSteadyClock }: Case): string => {
  let now = NOW;
  let steadyMs = 77;
  const pulse = hasSteadyClock ? createPulse(epochMs(now), () => steadyMs) : createPulse(epochMs(now));
  const pass = (step: Case['first']): void => {
    now += step.dateMs;
    steadyMs += step.steadyMs;
  };
  pass(first);
  pulse.tick(epochMs(now));
  pass(second);
  if (!isSecondUnseen) pulse.tick(epochMs(now));
  return `${pulse.pauses(epochMs(now))}, and again ${pulse.pauses(epochMs(now))}`;
};

/** Whoever has not moved for longer than a fresh heartbeat's 15 s has stood still, by either clock. */
const expected = ({ first, second, hasSteadyClock }: Case): string => {
  const stoodStill = [first, second].filter(
    ({ dateMs, steadyMs }) => dateMs > 15_000 || (hasSteadyClock && steadyMs > 15_000),
  );
  return `${stoodStill.length}, and again ${stoodStill.length}`;
};

/** Whether an agent has stood still since it last looked, and must read before it writes. */
export const pauses: DecisionTable = {
  name: 'a process that has stood still',
  promise: 'W2',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
