/**
 * DynamoDB expressions written as they read, with every name and value passed aside: no attribute name can meet a
 * reserved word and no value can become part of an expression.
 *
 * `fragment` is a template tag: ``fragment`${attribute('attempt')} = ${value(3)}` ``.
 */
type Attribute = { readonly path: readonly string[] };
type Value = { readonly value: unknown };
export type Fragment = {
  readonly strings: readonly string[];
  readonly parts: readonly (Attribute | Value | Fragment)[];
};

/** An attribute, or with more than one name a place inside a map; names may contain dots. */
export const attribute = (...path: readonly string[]): Attribute => ({ path });

export const value = (content: unknown): Value => ({ value: content });

export const fragment = (
  strings: TemplateStringsArray,
  ...parts: readonly (Attribute | Value | Fragment)[]
): Fragment => ({ strings, parts });

const join = (fragments: readonly Fragment[], separator: string): Fragment => ({
  strings: ['', ...fragments.slice(1).map(() => separator), ''],
  parts: fragments,
});

/** Conditions that must hold together. Each stands in brackets, so that an OR inside one stays inside. */
export const allOf = (conditions: readonly Fragment[]): Fragment =>
  join(
    conditions.map((condition) => fragment`(${condition})`),
    ' AND ',
  );

/** The clauses of an update. Empty clauses are left out. */
export interface Update {
  readonly set?: readonly Fragment[];
  readonly remove?: readonly Attribute[];
}

const updateExpression = ({ set = [], remove = [] }: Update): Fragment => {
  const removed = remove.map((path) => fragment`${path}`);
  const clauses = [
    ...(set.length > 0 ? [fragment`SET ${join(set, ', ')}`] : []),
    ...(removed.length > 0 ? [fragment`REMOVE ${join(removed, ', ')}`] : []),
  ];
  return join(clauses, ' ');
};

export const assign = (path: Attribute, content: unknown): Fragment => fragment`${path} = ${value(content)}`;

/** The first to write wins: what stands there already stays. */
export const assignOnce = (path: Attribute, content: unknown): Fragment =>
  fragment`${path} = if_not_exists(${path}, ${value(content)})`;

export const increase = (path: Attribute, by: number): Fragment => fragment`${path} = ${path} + ${value(by)}`;

class Placeholders {
  readonly names = new Map<string, string>();
  readonly values = new Map<string, unknown>();

  print(written: Attribute | Value | Fragment): string {
    if ('path' in written) return written.path.map((name) => this.#name(name)).join('.');
    if ('value' in written) return this.#value(written.value);
    return written.strings.reduce((text, string, index) => text + this.print(written.parts[index - 1]!) + string);
  }

  #name(name: string): string {
    const placeholder = this.names.get(name) ?? `#n${this.names.size}`;
    this.names.set(name, placeholder);
    return placeholder;
  }

  #value(content: unknown): string {
    const placeholder = `:v${this.values.size}`;
    this.values.set(placeholder, content);
    return placeholder;
  }
}

export interface Expressions {
  readonly update?: Update;
  readonly condition?: Fragment;
  readonly keyCondition?: Fragment;
}

/** The members of a request of the document client that these expressions make. */
export interface ExpressionInput {
  UpdateExpression?: string;
  ConditionExpression?: string;
  KeyConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, unknown>;
}

export const render = ({ update, condition, keyCondition }: Expressions): ExpressionInput => {
  const placeholders = new Placeholders();
  const input: ExpressionInput = {};
  if (update) input.UpdateExpression = placeholders.print(updateExpression(update));
  if (condition) input.ConditionExpression = placeholders.print(condition);
  if (keyCondition) input.KeyConditionExpression = placeholders.print(keyCondition);
  // DynamoDB refuses an empty map of either.
  if (placeholders.names.size > 0) {
    input.ExpressionAttributeNames = Object.fromEntries([...placeholders.names].map(([name, key]) => [key, name]));
  }
  if (placeholders.values.size > 0) input.ExpressionAttributeValues = Object.fromEntries(placeholders.values);
  return input;
};
