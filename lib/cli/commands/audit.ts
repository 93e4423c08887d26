import type { RegisterCommand } from '../command.ts';

const HELP = `
Examples:
  npm start -- --record
  spothop audit --trace .spothop/run-abc123/record.jsonl
  spothop audit --json --trace /tmp/run/record.jsonl
  gunzip -c record.jsonl.gz | spothop audit --trace -
  aws logs tail /aws/lambda/spothop-prod-signals --since 1d | spothop audit --trace -

Every step of a recorded run is judged by a model of the protocol that was written from its table and shares no code
with the service: tasks, machines, fleets, launches and runs; the simulator is judged by the same one. The first step that
is not allowed is named: its line, what was done, why that is not allowed, and what would have been. Of a log of plans as
much is judged as plans tell. What both hold is in docs/record-format.md and docs/record-format-plans.md.
With --json the answer is one line: {file, form, readable, held, lines, judged, cutOff, violations, first, others}, where a
violation is {line, at, promise, what, why, allowed}.

Exit codes:
  0    the protocol allows every step
  1    it does not allow one, or the file cannot be read to its end
  2    the command line cannot be understood
  130  interrupted; nothing is said`;

interface Options {
  readonly trace: string;
  readonly json?: true;
}

/** `spothop audit`: a recorded run or a log of plans against the model that judges the simulator. */
export const registerAudit: RegisterCommand = (program, { world, finish }) => {
  program
    .command('audit')
    .description('replay a recorded run or a log of plans, and name the first step that the protocol does not allow')
    .requiredOption('--trace <FILE>', 'the record or log; - is standard input')
    .option('--json', 'the answer as one JSON object on one line')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      const { runAudit } = await import('../audit/run-audit.ts');
      finish(await runAudit(options, world));
    });
};
