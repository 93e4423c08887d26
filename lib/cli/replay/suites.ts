import { adrs } from '../../replay/suites/adrs.ts';
import { adversarial } from '../../replay/suites/adversarial.ts';
import { deadlines } from '../../replay/suites/deadlines.ts';
import { fleet } from '../../replay/suites/fleet.ts';
import { grid } from '../../replay/suites/grid.ts';
import { pools } from '../../replay/suites/pools.ts';
import type { Suite } from '../../replay/suites/suite.ts';

/** In the order of the page of tables. */
export const SUITES: readonly Suite[] = [adrs, grid, deadlines, pools, fleet, adversarial];

export const suiteNamed = (name: string): Suite | undefined => SUITES.find((suite) => suite.name === name);
