import type { DecisionTable } from './decision-table.ts';
import { revisits } from './revisits.ts';

/** Every decision that is held against its rule before the first seed. */
export const DECISION_TABLES: readonly DecisionTable[] = [revisits];
