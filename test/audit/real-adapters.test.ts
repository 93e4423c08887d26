import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../lib/audit/finding.ts';
import { RecordAudit } from '../../lib/audit/record/audit-record.ts';
import { isRecordLine } from '../../lib/audit/record/record-line.ts';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import type { TaskStep } from '../../lib/fleet/task-protocol.ts';
import { memoryTaskLedger } from '../../lib/simulator/ports/memory-task-ledger.ts';
import { startDynamo } from '../contracts/support/embedded-dynamo.ts';
import { MANY_SEQUENCES_MS, taskOf } from '../contracts/support/samples.ts';
import { beginning, type DrawnStep, stepsOf } from '../contracts/support/task-steps.ts';
import { agent, PERSON, RECONCILE, type TestLine } from './support/lines.ts';
import { recordCalls } from './support/recorded-client.ts';

let table: Awaited<ReturnType<typeof startDynamo>>;
let lines: readonly TestLine[];
let caller = PERSON;
beforeAll(async () => {
  table = await startDynamo();
  lines = recordCalls(table.client, () => caller);
});
afterAll(() => table.stop());

/** Whoever the table has make a step. */
const callerOf = (step: TaskStep, taker: string | undefined): string => {
  if (step.step === 'submit' || step.step === 'cancel' || step.step === 'retry') return PERSON;
  if (step.step === 'release' || step.step === 'check-again') return RECONCILE;
  if (step.step === 'take' || step.step === 'hand-back') return agent(step.owner);
  return agent(taker ?? 'i-00000000000000001');
};

const sequences = fc.array(fc.constantFrom(0, 0, 1).chain(stepsOf), { minLength: 6, maxLength: 18 });

describe('what the real ledger sends to DynamoDB', () => {
  it('is understood step by step, and nothing of it is beyond the protocol', {
    timeout: MANY_SEQUENCES_MS,
  }, async () => {
    const ledger = dynamoTaskLedger({ client: table.client, tableName: 'tasks' });
    const takers = new Map<string, string>();
    let run = 700_000;
    let steps = 0;
    const oneRun = async (sequence: readonly DrawnStep[]): Promise<void> => {
      run += 1;
      const memory = memoryTaskLedger();
      for (const drawn of [...beginning, ...sequence]) {
        const id = taskOf(run, drawn.task);
        const step = drawn.of(run, memory.rows.get(id));
        caller = callerOf(step, takers.get(id));
        const { outcome } = await ledger.apply(id, step);
        await memory.apply(id, step);
        if (step.step === 'take' && outcome === 'done') takers.set(id, step.owner);
        steps += 1;
      }
    };
    await fc.assert(fc.asyncProperty(sequences, oneRun), { numRuns: 100 });

    const findings: Finding[] = [];
    const audit = new RecordAudit((finding) => findings.push(finding));
    for (const [index, line] of lines.entries()) {
      const value: unknown = JSON.parse(JSON.stringify(line));
      if (isRecordLine(value)) audit.judge(value, index + 1);
    }
    expect(findings).toEqual([]);
    expect(audit.judged().steps).toBe(steps);
  });
});
