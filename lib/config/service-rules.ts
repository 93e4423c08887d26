import { LONG_POLL_SECONDS, SWEEP_SECONDS } from '../fleet/limits.ts';
import { TAG_KEY_CHARACTERS_MAX, TAGS_MAX, TASK_TAKEN_SECONDS_MAX } from './bounds.ts';
import { errorAt, type Finding, warningAt } from './problem.ts';
import { type Rule, repeatedIn } from './rule.ts';
import { superviseRules } from './supervise-rules.ts';

const urlAndArnTogether: Rule = (_fleet, isWritten) => {
  const hasUrl = isWritten('queue', 'url');
  if (hasUrl === isWritten('queue', 'arn')) return [];
  const [given, missing] = hasUrl ? ['url', 'arn'] : ['arn', 'url'];
  const reason = `is missing beside ${given}; a queue that you have is named by both`;
  return [errorAt(['queue', missing], reason, `write its ${missing}, or leave out both to have a queue made`)];
};

const lastParts = (text: string, separator: string): string => text.split(separator).slice(-2).join('/');

const urlAndArnAgree: Rule = ({ queue }) =>
  queue?.url === undefined || queue.arn === undefined || lastParts(queue.url, '/') === lastParts(queue.arn, ':')
    ? []
    : [errorAt(['queue', 'arn'], 'names another account or queue than url does', 'copy both from the same queue')];

const oneTaskIdSource: Rule = (_fleet, isWritten) =>
  isWritten('queue', 'taskIdPath') && isWritten('queue', 'taskIdAttribute')
    ? [errorAt(['queue', 'taskIdAttribute'], 'stands beside taskIdPath; a task has one id', 'keep one of the two')]
    : [];

const visibilityKeepsPromise: Rule = ({ queue }) => {
  const waitSeconds = (queue?.visibilitySeconds ?? 0) + SWEEP_SECONDS + LONG_POLL_SECONDS;
  if (waitSeconds <= TASK_TAKEN_SECONDS_MAX) return [];
  const promised = TASK_TAKEN_SECONDS_MAX - SWEEP_SECONDS - LONG_POLL_SECONDS;
  const reason = `lets a task wait up to ${waitSeconds} s for its next taking instead of ${TASK_TAKEN_SECONDS_MAX} s`;
  return [
    warningAt(['queue', 'visibilitySeconds'], reason, `write at most ${promised}; it is renewed while a task runs`),
  ];
};

const PROGRAMS = ['command', 'task', 'supervise'];

const oneProgram: Rule = (_fleet, isWritten) => {
  const written = PROGRAMS.filter((key) => isWritten('worker', key));
  if (written.length === 1 || !isWritten('worker')) return [];
  if (written.length > 1) {
    return written
      .slice(1)
      .map((key) => errorAt(['worker', key], `stands beside ${written[0]}; a fleet runs one program`, 'keep one'));
  }
  const fix = 'write command: python3 worker.py, or task: ./task.ts, or supervise: prefect worker start';
  return [errorAt(['worker'], 'has neither command nor task nor supervise', fix)];
};

const mailHasSender: Rule = ({ report }, isWritten) =>
  (report?.recipients ?? []).length > 0 && !isWritten('report', 'from')
    ? [errorAt(['report', 'from'], 'is missing; a mail needs a sender', 'write an address that is verified in SES')]
    : [];

const recipientsOnce: Rule = ({ report }) => repeatedIn(['report', 'recipients'], report?.recipients);

const rateIsStated: Rule = ({ report }, isWritten) => {
  const currency = report?.currency;
  const { code, perUsd } = typeof currency === 'object' ? currency : { code: currency };
  if (code === undefined) return [];
  if (code === 'USD') return perUsd === undefined || perUsd === 1 ? [] : [dollarRate];
  const fix = `write currency: { code: ${code}, perUsd: and how many ${code} one US dollar is }, or USD`;
  return !isWritten('report', 'currency', 'perUsd')
    ? [errorAt(['report', 'currency'], `is ${code} without a rate; AWS prices are in US dollars`, fix)]
    : [];
};

const dollarRate = errorAt(['report', 'currency', 'perUsd'], 'is not 1 for US dollars', 'leave it out');

const RESERVED_PREFIX = /^(?:aws|spothop):/i;
const TAG_KEY = /^[\p{L}\p{N}\p{Zs}_.:/=+@-]+$/u;

const tagKeyFindings = (key: string): readonly Finding[] => {
  if (RESERVED_PREFIX.test(key)) {
    return [errorAt(['tags', key], 'begins with a reserved prefix (aws:, spothop:)', 'choose another name')];
  }
  const isKey = TAG_KEY.test(key) && key.length <= TAG_KEY_CHARACTERS_MAX;
  const reason = `is not a tag's name: 1 to ${TAG_KEY_CHARACTERS_MAX} letters, digits, blanks and _ . : / = + @ -`;
  return isKey ? [] : [errorAt(['tags', key], reason, 'choose another name')];
};

const tagsAreAllowed: Rule = ({ tags }) => {
  const keys = Object.keys(tags ?? {});
  const tooMany = errorAt(['tags'], `are ${keys.length}; a machine may have ${TAGS_MAX} of yours`, 'remove some');
  return [...keys.flatMap(tagKeyFindings), ...(keys.length > TAGS_MAX ? [tooMany] : [])];
};

export const serviceRules: readonly Rule[] = [
  ...superviseRules,
  urlAndArnTogether,
  urlAndArnAgree,
  oneTaskIdSource,
  visibilityKeepsPromise,
  oneProgram,
  mailHasSender,
  recipientsOnce,
  rateIsStated,
  tagsAreAllowed,
];
