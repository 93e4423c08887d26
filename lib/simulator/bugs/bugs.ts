import { AGENT_BUGS } from './agent-bugs.ts';
import { ANNOUNCED_BUGS } from './announced-bugs.ts';
import type { Bug } from './bug.ts';
import { BUYING_BUGS } from './buying-bugs.ts';
import { CLOSE_LOOK_BUGS } from './close-look-bugs.ts';
import { CONTROL_PLANE_BUGS } from './control-plane-bugs.ts';
import { DUTY_BUGS } from './duty-bugs.ts';
import { FLEET_BUGS } from './fleet-bugs.ts';
import { JUDGEMENT_BUGS } from './judgement-bugs.ts';
import { MODE_BUGS } from './mode-bugs.ts';
import { NEGLECT_BUGS } from './neglect-bugs.ts';
import { PRICE_BUGS } from './price-bugs.ts';
import { PROTOCOL_BUGS } from './protocol-bugs.ts';
import { TELLING_BUGS } from './telling-bugs.ts';
import { TWO_FLEETS_BUGS } from './two-fleets-bugs.ts';

/** Every bug that is planted to see whether it is caught. None is ever part of the product. */
export const BUGS: readonly Bug[] = [
  ...PROTOCOL_BUGS,
  ...AGENT_BUGS,
  ...CONTROL_PLANE_BUGS,
  ...FLEET_BUGS,
  ...NEGLECT_BUGS,
  ...JUDGEMENT_BUGS,
  ...DUTY_BUGS,
  ...MODE_BUGS,
  ...TELLING_BUGS,
  ...ANNOUNCED_BUGS,
  ...TWO_FLEETS_BUGS,
  ...CLOSE_LOOK_BUGS,
  ...BUYING_BUGS,
  ...PRICE_BUGS,
];
