import { printable } from '../../signals/printable.ts';
import { errorLine, whyUnreadable } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { openProgress } from '../submit/progress.ts';
import { placeText } from '../submit/refusals.ts';
import type { ByteSource, CliWorld } from '../world.ts';
import { type Audited, auditLines } from './audit-lines.ts';
import { auditAnswer, renderAudit } from './render-audit.ts';

export interface AuditOptions {
  readonly trace: string;
  readonly json?: true;
}

const FILE_CHARACTERS_MAX = 1_000;

const open = async (file: string, world: CliWorld): Promise<ByteSource | undefined> => {
  try {
    return await world.open(file);
  } catch (error) {
    const fix = 'name a record, as npm start -- --record makes it, or a log of plans';
    world.stderr(errorLine(printable(file, FILE_CHARACTERS_MAX), whyUnreadable(error), fix));
    return undefined;
  }
};

/** Why nothing could be said about all of it; nothing when it could. */
const whyUnjudged = (file: string, { unreadable, judged }: Audited): string | undefined => {
  if (unreadable !== undefined) {
    const fix = 'what comes after it was not judged; mend or cut the file there';
    return errorLine(placeText({ file, line: unreadable.line }), unreadable.because, fix);
  }
  if (judged !== undefined && judged.steps > 0) return undefined;
  const fix = 'name a record, as npm start -- --record makes it, or a log of plans (docs/record-format-plans.md)';
  return errorLine(placeText({ file, line: 0 }), 'there is no step of the protocol in it', fix);
};

/** `spothop audit`, once its options are read. */
export const runAudit = async ({ trace, json }: AuditOptions, world: CliWorld): Promise<ExitCode> => {
  const source = await open(trace, world);
  if (source === undefined) return EXIT.failedCheck;
  const progress = openProgress(world, 'audited');
  const signal = world.interruption();
  const audited = await auditLines(source, {
    signal,
    onLine: (line) => progress.at({ file: trace, line }, line),
  });
  progress.clear();
  if (audited.isInterrupted) return EXIT.interrupted;
  const why = whyUnjudged(trace, audited);
  if (json) world.stdout(`${JSON.stringify(auditAnswer(trace, audited))}\n`);
  else if (audited.found > 0 || why === undefined) world.stdout(renderAudit(trace, audited));
  if (why !== undefined) world.stderr(why);
  return why === undefined && audited.found === 0 ? EXIT.ok : EXIT.failedCheck;
};
