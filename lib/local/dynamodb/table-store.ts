/** What is known of each table beside its items. */
import type { TableSchema } from './keys.ts';

export interface TableStore {
  readonly schemas: Map<string, TableSchema>;
  readonly pointInTimeRecovery: Set<string>;
}

export const tableStore = (): TableStore => ({ schemas: new Map(), pointInTimeRecovery: new Set() });
