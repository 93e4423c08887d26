import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRecorder } from '../../lib/local/record.ts';
import { manualClock } from '../support/manual-clock.ts';

test('the file holds one JSON object a line, in order, each with its instant', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-record-'));
  const file = join(folder, 'deep', 'record.jsonl');
  const clock = manualClock(1_000);
  const recorder = openRecorder(clock, file);
  recorder.write({ kind: 'request', action: 'a\nb' });
  await clock.advance(500);
  recorder.write({ kind: 'process-end' });
  recorder.close();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { at: 1_000, kind: 'request', action: 'a\nb' },
    { at: 1_500, kind: 'process-end' },
  ]);
  expect(recorder.lines()).toHaveLength(2);
  rmSync(folder, { recursive: true });
});
