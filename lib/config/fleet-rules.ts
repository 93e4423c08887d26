import { attachRules } from './attach-rules.ts';
import { capacityRules } from './capacity-rules.ts';
import { placementRules } from './placement-rules.ts';
import type { Finding } from './problem.ts';
import type { IsWritten, LenientFleet } from './rule.ts';
import { serviceRules } from './service-rules.ts';
import { windowRules } from './window-rules.ts';

/** Everything that must hold between the fields of one fleet. */
export const checkFleetRules = (fleet: LenientFleet, isWritten: IsWritten): readonly Finding[] =>
  [...attachRules, ...capacityRules, ...placementRules, ...serviceRules, ...windowRules].flatMap((rule) =>
    rule(fleet, isWritten),
  );
