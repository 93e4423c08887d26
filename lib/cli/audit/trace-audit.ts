import type { Report } from '../../audit/finding.ts';
import { PlanAudit } from '../../audit/plans/audit-plans.ts';
import { type PlanLine, readPlanLine } from '../../audit/plans/plan-line.ts';
import { RecordAudit } from '../../audit/record/audit-record.ts';
import { isRecordLine } from '../../audit/record/record-line.ts';

/** What a file was judged to be, and what of it. */
export type Judged =
  | ({ readonly form: 'record' } & ReturnType<RecordAudit['judged']>)
  | ({ readonly form: 'plan-log'; readonly otherLines: number } & ReturnType<PlanAudit['judged']>);

/** Takes the lines of one form; answers why a line cannot be read, or nothing. */
export interface TraceAudit {
  take(text: string, number: number): string | undefined;
  judged(): Judged;
}

export const NOT_JSON = 'it is no JSON';

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const recordAudit = (report: Report): TraceAudit => {
  const audit = new RecordAudit(report);
  return {
    take: (text, number) => {
      const value = parsed(text);
      if (value === undefined) return NOT_JSON;
      if (!isRecordLine(value)) return 'it is no line of a record';
      audit.judge(value, number);
      return undefined;
    },
    judged: () => ({ form: 'record', ...audit.judged() }),
  };
};

/** Log services put a time and the name of a stream before the line itself. */
const planLineIn = (text: string): PlanLine | undefined => {
  const brace = text.indexOf('{');
  return brace < 0 ? undefined : readPlanLine(parsed(text.slice(brace)));
};

/** Lines of two functions, merged by their time, are a little apart; two files one after the other are more. */
const UNORDERED_MS = 5_000;

const planAudit = (report: Report): TraceAudit => {
  const audit = new PlanAudit(report);
  let newestAt = Number.NEGATIVE_INFINITY;
  let otherLines = 0;
  return {
    take: (text, number) => {
      const line = planLineIn(text);
      if (line === undefined) {
        otherLines += 1;
        return undefined;
      }
      if (line.at < newestAt - UNORDERED_MS)
        return 'it is older than a line before it, and plans are judged in their order';
      newestAt = Math.max(newestAt, line.at);
      audit.judge(line, number);
      return undefined;
    },
    judged: () => ({ form: 'plan-log', otherLines, ...audit.judged() }),
  };
};

/** The first line tells what a file is: every line of a record has a kind and a time of its own. */
export const auditFor = (text: string, report: Report): TraceAudit => {
  const first = text.trimStart();
  return first.startsWith('{"at":') || isRecordLine(parsed(first)) ? recordAudit(report) : planAudit(report);
};
