import { parseCondition, parseUpdate } from './grammar.ts';

/**
 * DynamoDB's expressions as the record holds them, read from the format page alone: whatever wrote them, an auditor must
 * come to its own understanding of what they change and what they ask.
 */
export interface RecordedExpressions {
  readonly update?: string;
  readonly condition?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** A value that the record leaves out: too long, or no business of a record. */
export const UNTOLD = Symbol('untold');

/** Parts of an attribute's place: `leases`, `task.1` are two, whatever dots a task's id has. */
export type Place = readonly string[];

export interface Assignment {
  readonly place: Place;
  readonly value: unknown;
  /** Written only where nothing stands: what is there stays. */
  readonly isFirstOnly: boolean;
}

export interface WrittenUpdate {
  readonly sets: readonly Assignment[];
  readonly grows: ReadonlyMap<string, number>;
  readonly removes: readonly Place[];
}

export interface AskedCondition {
  /** What an attribute has to be one of, by its place joined with dots; several of one place must all hold. */
  readonly isOneOf: ReadonlyMap<string, readonly unknown[]>;
  /** Places of which nothing may be there, as the only way to meet the condition. */
  readonly absent: ReadonlySet<string>;
  /** Places that may be absent, or else be equal to the value. */
  readonly absentOr: ReadonlyMap<string, unknown>;
  readonly below: ReadonlyMap<string, unknown>;
  readonly exists: ReadonlySet<string>;
}

const placeOf = (path: string, names: RecordedExpressions['names'] = {}): Place =>
  path.split('.').map((part) => (Object.hasOwn(names, part) ? names[part]! : part));

const toldValue = (placeholder: string, values: RecordedExpressions['values'] = {}): unknown =>
  Object.hasOwn(values, placeholder) ? values[placeholder] : UNTOLD;

/** What an update writes, or `undefined` where it is of a kind that this version does not know. */
export const readUpdate = ({ update = '', names, values }: RecordedExpressions): WrittenUpdate | undefined => {
  const sets: Assignment[] = [];
  const grows = new Map<string, number>();
  const removes: Place[] = [];
  const clauses = parseUpdate(update);
  if (clauses === undefined) return undefined;
  for (const clause of clauses) {
    const place = placeOf(clause.path, names);
    if (clause.does === 'remove') removes.push(place);
    else if (clause.does === 'set') {
      sets.push({ place, value: toldValue(clause.value, values), isFirstOnly: clause.isFirstOnly });
    } else {
      const by = toldValue(clause.by, values);
      if (typeof by !== 'number') return undefined;
      grows.set(place.join('.'), by);
    }
  }
  return { sets, grows, removes };
};

export const readCondition = ({ condition = '', names, values }: RecordedExpressions): AskedCondition => {
  const asked = {
    isOneOf: new Map<string, readonly unknown[]>(),
    absent: new Set<string>(),
    absentOr: new Map<string, unknown>(),
    below: new Map<string, unknown>(),
    exists: new Set<string>(),
  };
  for (const clause of parseCondition(condition)) {
    const place = placeOf(clause.path, names).join('.');
    if (clause.asks === 'one-of') {
      const told = clause.values.map((name) => toldValue(name, values));
      asked.isOneOf.set(place, asked.isOneOf.get(place)?.filter((value) => told.includes(value)) ?? told);
    } else if ('value' in clause) {
      (clause.asks === 'below' ? asked.below : asked.absentOr).set(place, toldValue(clause.value, values));
    } else {
      (clause.asks === 'absent' ? asked.absent : asked.exists).add(place);
    }
  }
  return asked;
};

/** What an assignment gives to an attribute of the item itself; `undefined` where it is not written. */
export const setTo = ({ sets }: WrittenUpdate, name: string): unknown =>
  sets.find(({ place }) => place.length === 1 && place[0] === name)?.value;
