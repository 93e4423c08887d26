import { TABLES } from '../tables.ts';
import { type TableShape, type WireItem, writeUnits } from '../write-units.ts';

/** What was asked of the tables while they kept accounts. */
export interface TableAccounts {
  /** Writes and reads for tasks: rows of tasks, and the leases on a machine's item. */
  writes: number;
  writeUnits: number;
  reads: number;
  /** What a machine writes and reads whether it has tasks or not: its session, its heartbeats. */
  upkeepWrites: number;
  upkeepReads: number;
  /** When the first row of a task was taken, in milliseconds by the table service's clock. */
  firstTakeAt?: number;
}

export const noAccounts = (): TableAccounts => ({
  writes: 0,
  writeUnits: 0,
  reads: 0,
  upkeepWrites: 0,
  upkeepReads: 0,
});

export interface WriteRequest {
  readonly TableName: string;
  readonly Key?: WireItem;
  readonly Item?: WireItem;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
}

const WRITES: readonly string[] = ['PutItem', 'UpdateItem', 'DeleteItem'];

export const isWrite = (operation: string): boolean => WRITES.includes(operation);

const shapeOf = ({ TableName }: WriteRequest): TableShape => TABLES[TableName] ?? { key: [], indexes: [] };

/** The key that a write names. */
export const keyOf = (request: WriteRequest): WireItem => {
  const named = request.Key ?? request.Item ?? {};
  return Object.fromEntries(shapeOf(request).key.flatMap((name) => (named[name] ? [[name, named[name]]] : [])));
};

const isUpkeep = ({ TableName, ExpressionAttributeNames = {} }: WriteRequest): boolean =>
  TableName === 'instances' && !Object.values(ExpressionAttributeNames).includes('leases');

/** Taking is the one step that raises a row's attempt. */
const isTake = (before: WireItem | undefined, after: WireItem | undefined): boolean =>
  Number(after?.['attempt']?.['N'] ?? 0) > Number(before?.['attempt']?.['N'] ?? 0);

export const accountWrite = (
  accounts: TableAccounts,
  request: WriteRequest,
  seen: { readonly before: WireItem | undefined; readonly after: WireItem | undefined; readonly at: number },
): void => {
  if (isUpkeep(request)) {
    accounts.upkeepWrites += 1;
    return;
  }
  accounts.writes += 1;
  accounts.writeUnits += writeUnits(shapeOf(request), seen.before, seen.after);
  if (request.TableName === 'tasks' && isTake(seen.before, seen.after)) accounts.firstTakeAt ??= seen.at;
};

export const accountRead = (accounts: TableAccounts, { TableName }: { readonly TableName: string }): void => {
  if (TableName === 'instances') accounts.upkeepReads += 1;
  else accounts.reads += 1;
};
