import type { FleetPolicyMaker, FleetView } from './fleet/fleet.ts';
import type { JobPolicyMaker, JobRules, JobView } from './job.ts';
import { guarded } from './run-job.ts';

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

/** A machine that has begun to work is seen to; one that still starts is believed to take what they all are. */
const believedStartUpLeft = ({ rules, changeoverLeftSeconds }: JobView, factor: number): number => {
  const paid = rules.changeoverSeconds - changeoverLeftSeconds;
  return changeoverLeftSeconds > 0 ? Math.max(0, Math.round(rules.changeoverSeconds * factor) - paid) : 0;
};

/** What is left of the work is misjudged as the whole of it was: tasks take longer or less long than was thought. */
const believedView = (view: JobView, factor: number): JobView => ({
  ...view,
  rules: believedRules(view.rules, factor),
  workLeftSeconds: view.workLeftSeconds * factor,
  changeoverLeftSeconds: believedStartUpLeft(view, factor),
});

/**
 * The policy believes, from the first tick to the last, that the work left and a start-up are so many times what they
 * are. Nothing in the replay makes up for it: the strict guard of those that do not guard themselves goes by the same
 * belief, so a deadline that is lost by it is lost.
 */
export const misinformed = (maker: JobPolicyMaker, { factor }: Estimates): JobPolicyMaker =>
  factor === 1
    ? maker
    : {
        name: maker.name,
        guardsItself: true,
        create: (rules) => {
          const policy = maker.create(believedRules(rules, factor));
          return {
            choose: (view) => {
              const believed = believedView(view, factor);
              const choice = policy.choose(believed);
              return maker.guardsItself === true ? choice : guarded(believed, choice);
            },
          };
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
