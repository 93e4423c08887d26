import { SCHEDULE_CHARACTERS_MAX } from './bounds.ts';
import type { Fault } from './fields.ts';

/**
 * Recurring schedules as EventBridge Scheduler writes them: `rate(1 day)`, `cron(0 8 ? * MON *)`
 * (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html). `at(…)` runs once and is no report schedule.
 */
interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly words?: readonly string[];
  /** Forms that only this field knows, such as the last day of the month. */
  readonly special?: RegExp;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const CRON_FIELDS: readonly CronField[] = [
  { name: 'minutes', min: 0, max: 59 },
  { name: 'hours', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31, special: /^(?:\?|L|LW|(?:[1-9]|[12]\d|3[01])W)$/ },
  { name: 'month', min: 1, max: 12, words: MONTHS },
  {
    name: 'day of week',
    min: 1,
    max: 7,
    words: DAYS,
    special: /^(?:\?|L|[1-7]L|(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5])$/,
  },
  { name: 'year', min: 1970, max: 2199 },
];

const numberOf = (text: string, field: CronField): number => {
  const word = field.words?.indexOf(text.toUpperCase()) ?? -1;
  if (word >= 0) return word + 1;
  return /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
};

const isInField = (value: number, field: CronField): boolean => value >= field.min && value <= field.max;

const isRange = (text: string, field: CronField): boolean => {
  if (text === '*') return true;
  const ends = text.split('-').map((end) => numberOf(end, field));
  if (ends.length > 2 || !ends.every((end) => isInField(end, field))) return false;
  return ends.length === 1 || ends[0]! <= ends[1]!;
};

const isItem = (text: string, field: CronField): boolean => {
  const [range, step, ...rest] = text.split('/');
  if (rest.length > 0 || !isRange(range!, field)) return false;
  return step === undefined || (/^[1-9]\d{0,2}$/.test(step) && Number(step) <= field.max);
};

const isCronField = (text: string, field: CronField): boolean =>
  field.special?.test(text) === true || text.split(',').every((item) => isItem(item, field));

const CRON_FIX = 'write one like cron(0 8 ? * MON *), every Monday at 08:00';

const cronFault = (body: string): Fault | undefined => {
  const texts = body.split(/ +/);
  if (texts.length !== CRON_FIELDS.length) {
    return {
      reason: `has ${texts.length} cron fields; AWS wants 6 (${CRON_FIELDS.map((f) => f.name).join(', ')})`,
      fix: CRON_FIX,
    };
  }
  const wrong = CRON_FIELDS.find((field, index) => !isCronField(texts[index]!, field));
  if (wrong)
    return { reason: `has a wrong ${wrong.name} field; it counts from ${wrong.min} to ${wrong.max}`, fix: CRON_FIX };
  if ((texts[2] === '?') === (texts[4] === '?')) {
    return { reason: 'needs a ? in exactly one of day of month and day of week', fix: CRON_FIX };
  }
  return undefined;
};

const rateFault = (body: string): Fault | undefined => {
  const [, count, unit] = /^([1-9]\d{0,4}) (minute|hour|day)s?$/.exec(body) ?? [];
  if (count === undefined) {
    return {
      reason: 'is not a rate: a whole number above 0 and minutes, hours or days',
      fix: 'write one like rate(7 days)',
    };
  }
  const written = `${count} ${unit}${count === '1' ? '' : 's'}`;
  return body === written ? undefined : { reason: 'has the wrong plural', fix: `write rate(${written})` };
};

/** What is wrong with a schedule expression, or nothing. */
export const scheduleFault = (text: string): Fault | undefined => {
  const [, kind, body] = text.length <= SCHEDULE_CHARACTERS_MAX ? (/^(cron|rate)\(([^()]*)\)$/.exec(text) ?? []) : [];
  if (body === undefined) return { reason: 'is neither cron(…) nor rate(…)', fix: CRON_FIX };
  return kind === 'cron' ? cronFault(body) : rateFault(body);
};
