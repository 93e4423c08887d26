/**
 * Another system's worker, as many are built (a Prefect worker, say): it polls a folder for jobs and runs each in a
 * process of its own. At SIGTERM it polls no more, waits for the job under way and ends with 0; a second SIGTERM makes
 * it drop that job.
 *
 *   node foreign-worker.ts FOLDER
 *
 * A job is a file `name.job` with a line of shell. `ready`, `name.started` (the job's process id) and `name.done`
 * appear in the same folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2]!;
const POLL_MS = 10;
let isStopping = false;
let job: ChildProcess | undefined;

const say = (name: string, text: string): void => {
  writeFileSync(join(folder, `.${name}`), `${text}\n`);
  renameSync(join(folder, `.${name}`), join(folder, name));
};

const runJob = (name: string): void => {
  const file = join(folder, `${name}.job`);
  const command = readFileSync(file, 'utf8');
  renameSync(file, join(folder, `${name}.taken`));
  job = spawn('/bin/sh', ['-c', command], { cwd: folder, stdio: 'ignore' });
  say(`${name}.started`, String(job.pid));
  job.once('exit', (code, signal) => {
    job = undefined;
    say(`${name}.done`, String(code ?? signal));
    look();
  });
};

const look = (): void => {
  if (job !== undefined) return;
  if (isStopping) process.exit(0);
  const file = readdirSync(folder).find((name) => name.endsWith('.job'));
  if (file !== undefined) runJob(file.slice(0, -'.job'.length));
};

process.on('SIGTERM', () => {
  if (isStopping) job?.kill('SIGKILL');
  isStopping = true;
  look();
});

say('ready', String(process.pid));
setInterval(look, POLL_MS);
