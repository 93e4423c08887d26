/** One action of a plan, as far as the rules ask about it. */
export interface PlannedAction {
  readonly does:
    | 'release'
    | 'look-again'
    | 'wake'
    | 'launch'
    | 'terminate'
    | 'wait'
    | 'alarm'
    | 'detach'
    | 'deregister'
    | 'complete-lifecycle'
    | 'mark-draining'
    | 'close-run'
    | 'leave'
    | 'stay';
  readonly machines: readonly string[];
}

/** What one line of a plan log tells. `docs/record-format-plans.md` says where each comes from. */
export type PlanLine = { readonly at: number } & (
  | {
      readonly tells: 'plan';
      readonly by: string;
      readonly subject: string;
      readonly actions: readonly PlannedAction[];
    }
  | {
      readonly tells: 'release';
      readonly by: string;
      readonly task: string;
      readonly attempt: number;
      readonly machine: string;
    }
  | { readonly tells: 'signal'; readonly machine: string; readonly signal: string; readonly lifecycle: string }
  | {
      readonly tells: 'launch';
      readonly by: string;
      readonly intent: string;
      readonly asked: number;
      readonly given: number;
    }
);

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What each kind of action begins with, and the machines that it names. */
const ACTIONS: readonly (readonly [does: PlannedAction['does'], RegExp])[] = [
  ['release', /^release \d+ of (\S+):/],
  ['look-again', /^look again at /],
  ['wake', /^wake \S+:/],
  ['launch', /^launch \d+ (?:spot|on-demand):/],
  ['terminate', /^terminate ([^:]+):/],
  ['wait', /^wait:/],
  ['alarm', /^alarm \S+:/],
  ['mark-draining', /^mark-draining (\S+):/],
  ['close-run', /^close-run (\S+):/],
  ['leave', /^leave (\S+):/],
  ['stay', /^stay (\S+):/],
  ['detach', /^detach ([^:]+) from \S+:/],
  ['deregister', /^deregister ([^:]+) from [^:]+:/],
  ['complete-lifecycle', /^let \S+ end (\S+):/],
];

/** A reason may have a semicolon of its own: what begins like no action belongs to the one before. */
const actionsIn = (text: string): readonly PlannedAction[] =>
  text.split('; ').flatMap((part) => {
    for (const [does, pattern] of ACTIONS) {
      const found = pattern.exec(part);
      if (found !== null) return [{ does, machines: found[1]?.split(' ') ?? [] }];
    }
    return [];
  });

/** `fleet index: launch 10 spot: 10 wanted, 0 had`; the subject is a fleet or a machine. */
const planIn = (text: string, by: string, at: number): PlanLine | undefined => {
  const colon = text.indexOf(': ');
  if (colon < 0) return undefined;
  return { at, tells: 'plan', by, subject: text.slice(0, colon), actions: actionsIn(text.slice(colon + 2)) };
};

const text = (fields: Fields, name: string): string => String(fields[name] ?? '');

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const logged = (fields: Fields, at: number): PlanLine | undefined => {
  const by = text(fields, 'component');
  switch (fields['message']) {
    case 'Plan':
      return planIn(text(fields, 'plan'), by, at);
    case 'Released a task.': {
      const { attempt } = fields;
      if (!isNumber(attempt)) return undefined;
      return { at, tells: 'release', by, task: text(fields, 'taskId'), attempt, machine: text(fields, 'instanceId') };
    }
    case 'Recorded a signal.': {
      const told = {
        machine: text(fields, 'instanceId'),
        signal: text(fields, 'kind'),
        lifecycle: text(fields, 'lifecycle'),
      };
      return { at, tells: 'signal', ...told };
    }
    case 'EC2 answered a launch.': {
      const { asked, given } = fields;
      if (!isNumber(asked) || !isNumber(given)) return undefined;
      return { at, tells: 'launch', by, intent: text(fields, 'intentId'), asked, given };
    }
    default:
      return undefined;
  }
};

/** DynamoDB's own JSON gives each value its type: `{"plan":{"S":"…"},"at":{"N":"…"}}`. */
const untyped = (value: unknown): unknown => {
  if (!isFields(value)) return value;
  if (typeof value['S'] === 'string') return value['S'];
  return typeof value['N'] === 'string' ? Number(value['N']) : value;
};

const ledgerItem = (fields: Fields): PlanLine | undefined => {
  const item = isFields(fields['Item']) ? fields['Item'] : fields;
  const at = untyped(item['at']);
  const plan = untyped(item['plan']);
  // Only a reconcile keeps its plans in the ledger.
  return isNumber(at) && typeof plan === 'string' ? planIn(plan, 'reconcile', at) : undefined;
};

/** What an object tells, or nothing where it is another line of a log. */
export const readPlanLine = (value: unknown): PlanLine | undefined => {
  if (!isFields(value)) return undefined;
  const at = Date.parse(text(value, 'timestamp'));
  return Number.isNaN(at) ? ledgerItem(value) : logged(value, at);
};
