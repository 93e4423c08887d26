import { capacityRules } from './capacity-rules.ts';
import { placementRules } from './placement-rules.ts';
import type { Finding } from './problem.ts';
import type { IsWritten, LenientFleet } from './rule.ts';
import { serviceRules } from './service-rules.ts';

/** Everything that must hold between the fields of one fleet. */
export const checkFleetRules = (fleet: LenientFleet, isWritten: IsWritten): readonly Finding[] =>
  [...capacityRules, ...placementRules, ...serviceRules].flatMap((rule) => rule(fleet, isWritten));
