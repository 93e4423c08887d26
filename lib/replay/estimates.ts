import type { FleetPolicyMaker, FleetView } from './fleet/fleet.ts';
import type { JobPolicyMaker, JobRules, JobView } from './job.ts';

/** A policy that is told wrong figures: what is so, times a factor. 1 tells it the truth. */
export interface Estimates {
  readonly factor: number;
}

export const TRUE_ESTIMATES: Estimates = { factor: 1 };

const believedRules = (rules: JobRules, factor: number): JobRules => ({
  ...rules,
  workSeconds: Math.round(rules.workSeconds * factor),
  changeoverSeconds: Math.round(rules.changeoverSeconds * factor),
});

/** What was worked is seen as it is; a job that outlasts its estimate is thought to be done within the next tick. */
const believedView = (view: JobView, factor: number): JobView => {
  const rules = believedRules(view.rules, factor);
  const workedSeconds = view.rules.workSeconds - view.workLeftSeconds;
  return {
    ...view,
    rules,
    workLeftSeconds: Math.max(rules.tickSeconds, rules.workSeconds - workedSeconds),
    changeoverLeftSeconds: Math.round(view.changeoverLeftSeconds * factor),
  };
};

/**
 * The policy believes beforehand that the work and the start-up are so many times what they are. The replay's own guard
 * of the deadline goes by the truth, as that of a service does that is told the most there may be.
 */
export const misinformed = (maker: JobPolicyMaker, { factor }: Estimates): JobPolicyMaker =>
  factor === 1
    ? maker
    : {
        ...maker,
        create: (rules) => {
          const policy = maker.create(believedRules(rules, factor));
          return { choose: (view) => policy.choose(believedView(view, factor)) };
        },
      };

const believedFleet = <Told extends Pick<FleetView['rules'], 'coldStartSeconds'>>(
  rules: Told,
  factor: number,
): Told => ({
  ...rules,
  coldStartSeconds: rules.coldStartSeconds * factor,
});

/** The policy believes that a start-up takes so many times what it takes. */
export const misinformedFleet = (maker: FleetPolicyMaker, { factor }: Estimates): FleetPolicyMaker =>
  factor === 1
    ? maker
    : {
        ...maker,
        create: (rules) => {
          const policy = maker.create(believedFleet(rules, factor));
          return { decide: (view) => policy.decide({ ...view, rules: believedFleet(view.rules, factor) }) };
        },
      };
