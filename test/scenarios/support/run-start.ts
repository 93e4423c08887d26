import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Line } from './recompute-record.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

export interface StartRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const runProgram = (program: string, words: readonly string[]): Promise<StartRun> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(PROJECT, program), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });

/** Runs the main job as a person would, as a process of its own. */
export const runStart = (words: readonly string[]): Promise<StartRun> => runProgram('bin/start.ts', words);

export const runSpothop = (words: readonly string[]): Promise<StartRun> => runProgram('bin/spothop.ts', words);

export const readRecord = (folder: string): readonly Line[] =>
  readFileSync(join(folder, 'record.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** Whether a process of this id exists, whoever's it is. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
