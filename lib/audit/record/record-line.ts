import type { RecordedExpressions } from './expression.ts';

/** One line of a record, as `docs/record-format.md` has it. Fields that are not judged are not named here. */
export interface RecordLine {
  readonly at: number;
  readonly kind: string;
  readonly startedAt?: number;
  readonly caller?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly parameters?: RequestParameters;
  readonly what?: string;
  readonly instanceId?: string;
  readonly fleetId?: string;
  readonly shuttingDownAt?: number | null;
}

export interface RequestParameters extends RecordedExpressions {
  readonly table?: string;
  readonly tables?: readonly { readonly table: string }[];
  readonly key?: Readonly<Record<string, unknown>>;
  readonly item?: Readonly<Record<string, unknown>>;
  readonly clientToken?: string;
  readonly wanted?: Readonly<Record<string, number>>;
  readonly instanceIds?: readonly string[];
}

/** Kinds of the format page; others may come, and are left alone. */
export const KNOWN_KINDS: ReadonlySet<string> = new Set([
  'request',
  'queue-send',
  'permission',
  'event',
  'delivery',
  'undelivered',
  'schedule-run',
  'event-source-mapping',
  'invocation',
  'invocation-given-up',
  'notification',
  'mail',
  'machine',
  'process-start',
  'process-end',
  'price',
  'scripted',
]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';

const isMap = (value: unknown): boolean => value === undefined || isObject(value);

const isList = (value: unknown): boolean => value === undefined || Array.isArray(value);

/** Parameters of an item's call; other services have their own meaning for some of these names. */
const areItemParameters = ({ key, item, names, values, update, condition }: Record<string, unknown>): boolean =>
  [update, condition].every(isText) &&
  [key, item, names, values].every(isMap) &&
  Object.values((names ?? {}) as object).every(isText);

/** Whatever a damaged line has in the place of what is judged, it is told from a line that can be. */
const areParameters = (value: unknown): boolean => {
  if (value === undefined) return true;
  if (!isObject(value)) return false;
  const { table, tables, clientToken, wanted, instanceIds } = value;
  if (table !== undefined && !(isText(table) && areItemParameters(value))) return false;
  return isText(clientToken) && isMap(wanted) && [tables, instanceIds].every(isList);
};

export const isRecordLine = (value: unknown): value is RecordLine =>
  isObject(value) &&
  typeof value['at'] === 'number' &&
  typeof value['kind'] === 'string' &&
  [value['caller'], value['action'], value['outcome'], value['what'], value['instanceId']].every(isText) &&
  areParameters(value['parameters']);

/** A part of the key of the item that a call is about; empty where it has none. */
export const keyPart = ({ parameters }: RecordLine, name: string): string => String(parameters?.key?.[name] ?? '');

/** Who made a request: a machine by its id, a function by its part of the service, a person at the keyboard, or others. */
export type RecordedCaller =
  | { readonly kind: 'agent'; readonly machine: string }
  | { readonly kind: 'signals' | 'reconcile' | 'person' | 'other' };

const MACHINE = /^i-[0-9a-f]+$/;

export const callerOf = ({ caller = '' }: RecordLine): RecordedCaller => {
  if (caller === 'root') return { kind: 'person' };
  const session = caller.split('/').at(-1)!;
  if (MACHINE.test(session)) return { kind: 'agent', machine: session };
  if (session.endsWith('-signals')) return { kind: 'signals' };
  return session.endsWith('-reconcile') ? { kind: 'reconcile' } : { kind: 'other' };
};

export const nameOfCaller = (caller: RecordedCaller): string =>
  caller.kind === 'agent' ? caller.machine : caller.kind === 'person' ? 'a person' : caller.kind;
