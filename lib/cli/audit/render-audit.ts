import type { Finding } from '../../audit/finding.ts';
import { PROMISES } from '../../audit/promises.ts';
import { printable } from '../../signals/printable.ts';
import { placeText } from '../submit/refusals.ts';
import { counted, grouped } from '../submit/summary.ts';
import type { Audited } from './audit-lines.ts';
import type { Judged } from './trace-audit.ts';

const WORDS_CHARACTERS_MAX = 400;

/** Lines of others that are named after the first. */
const OTHERS_NAMED_MAX = 5;

const words = (text: string): string => printable(text.replaceAll('’', "'"), WORDS_CHARACTERS_MAX);

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${grouped(count)} ${printable(name, 60)}`)
    .join(', ');

const extent = (judged: Judged): string => {
  if (judged.form === 'plan-log') {
    return `${counted(judged.steps, 'line')} of plans, with ${counted(judged.tasks, 'released task')} and ${counted(judged.machines, 'machine')}`;
  }
  const tasks = Object.values(judged.tasks).reduce((sum, count) => sum + count, 0);
  return `${counted(judged.steps, 'step')} of ${counted(tasks, 'task')}, ${counted(judged.machines, 'machine')} and ${counted(judged.fleets, 'fleet')}`;
};

/** What whoever reads the verdict has to know besides it. */
const notes = (audited: Audited): string[] => {
  const { judged, isCutOff, lines } = audited;
  if (judged === undefined) return [];
  const told: string[] = [];
  if (isCutOff) told.push(`line ${grouped(lines + 1)} is cut off; whoever wrote it was stopped, and it is not judged`);
  if (judged.form === 'plan-log') {
    if (judged.otherLines > 0)
      told.push(`${counted(judged.otherLines, 'other line')} skipped: they tell nothing of plans`);
    return told;
  }
  const unknown = listed(judged.unknownKinds);
  if (unknown !== '') told.push(`lines of kinds that this version does not know were skipped: ${unknown}`);
  const { ready, running } = judged.tasks;
  if (ready + running > 0)
    told.push(`${counted(ready + running, 'task')} not finished where it ends: that is no breach of its own`);
  return told;
};

const firstFinding = (file: string, { line, at, promise, what, why, allowed }: Finding): string[] => [
  `${placeText({ file, line })}: ${words(what)} is not allowed`,
  `  why      ${words(why)}`,
  `  promise  ${promise}: ${words(PROMISES[promise])}`,
  `  allowed  ${words(allowed)}`,
  ...(at === undefined ? [] : [`  at       ${new Date(at).toISOString()}`]),
];

const others = ({ findings, found }: Audited): string[] => {
  if (found <= 1) return [];
  const named = findings.slice(1, 1 + OTHERS_NAMED_MAX).map(({ line }) => grouped(line));
  const isMore = found > 1 + named.length;
  return [
    `  and ${grouped(found - 1)} more, which may follow from it: lines ${named.join(', ')}${isMore ? ', …' : ''}`,
  ];
};

/** The verdict for people. */
export const renderAudit = (file: string, audited: Audited): string => {
  const { judged, findings, lines } = audited;
  const [first] = findings;
  const verdict =
    first === undefined
      ? [`${placeText({ file, line: 0 })}: the protocol allows every step`]
      : firstFinding(file, first);
  const judgedLine = judged === undefined ? [] : [`  judged   ${extent(judged)}, on ${counted(lines, 'line')}`];
  return [
    ...verdict,
    ...others(audited),
    ...judgedLine,
    ...notes(audited).map((note) => `  note     ${note}`),
    '',
  ].join('\n');
};

/** The same for programs, as one object. */
export const auditAnswer = (file: string, audited: Audited): object => {
  const { judged, findings, found, lines, isCutOff, unreadable } = audited;
  return {
    file,
    form: judged?.form ?? null,
    readable: unreadable === undefined && judged !== undefined,
    ...(unreadable === undefined ? {} : { unreadable }),
    held: found === 0 && unreadable === undefined && (judged?.steps ?? 0) > 0,
    lines,
    judged: judged ?? null,
    cutOff: isCutOff,
    violations: found,
    first: findings[0] ?? null,
    others: findings.slice(1),
  };
};
