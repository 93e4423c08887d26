import { instanceId } from '../../fleet/ids.ts';
import type { Life } from '../life/life.ts';
import type { Deeds } from './deeds.ts';
import type { Neglect } from './neglect.ts';

const MACHINE = /i-[0-9a-f]+/g;

/** A plan is kept under the fleet that it is for, and speaks of that fleet's machines. */
export const misplacedPlans = ({ truth }: Life, { plans }: Deeds): Neglect[] =>
  plans.flatMap(({ fleet, plan }): Neglect[] => {
    const isOwn = plan.startsWith(`fleet ${fleet}:`) || plan.startsWith(`groups of ${fleet}:`);
    const strange = (plan.match(MACHINE) ?? []).filter((id) => {
      const machine = truth.machines.get(instanceId(id));
      return machine !== undefined && machine.fleet !== fleet;
    });
    if (isOwn && strange.length === 0) return [];
    return [{ promise: 'M2', found: `a plan is kept under ${fleet}, and is not its own: ${plan.slice(0, 80)}` }];
  });
