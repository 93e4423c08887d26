import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Change } from '../../lib/simulator/bugs/changes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Beside the sources: what is installed is lent to the copy, and what was built or recorded is not missed. */
const LEFT_BEHIND = ['node_modules', '.git', '.spothop', '.build', '.serverless', '.esbuild', 'dist', 'coverage'];

/** All of them take a minute; what goes round in a circle is ended. */
const TESTS_SECONDS_MAX = 600;

/** A copy of the project in a folder of its own, changed; the project itself is never written to. */
const copyWith = async (changes: readonly Change[]): Promise<string> => {
  const copy = await mkdtemp(join(tmpdir(), 'spothop-planted-'));
  const filter = (path: string): boolean =>
    dirname(path) !== ROOT.slice(0, -1) || !LEFT_BEHIND.includes(basename(path));
  await cp(ROOT, copy, { recursive: true, filter });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  for (const { file, to } of changes) {
    const path = join(copy, file);
    await writeFile(path, to(await readFile(path, 'utf8')));
  }
  return copy;
};

interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** The first test that failed, or the first file that could not be run. */
const firstFailureIn = ({ testResults }: TestReport, copy: string): string | undefined => {
  for (const { name, status, message, assertionResults } of testResults) {
    const failed = assertionResults.find((test) => test.status === 'failed');
    const file = name.slice(name.indexOf(copy) + copy.length + 1);
    if (failed !== undefined) return `${file} › ${failed.fullName}`;
    if (status === 'failed') return `${file}: ${message.split('\n')[0]}`;
  }
  return undefined;
};

/**
 * The first test of these folders that fails once the project is changed so; nothing where all of them pass.
 * @throws when a change does not fit, or the tests cannot be run at all
 */
export const firstFailingTest = async (
  changes: readonly Change[],
  folders: readonly string[],
): Promise<string | undefined> => {
  const copy = await copyWith(changes);
  try {
    const report = join(copy, 'report.json');
    const runner = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const flags = ['--bail=1', '--maxWorkers=1', '--reporter=json', `--outputFile=${report}`];
    const options = { cwd: copy, stdio: 'ignore', timeout: TESTS_SECONDS_MAX * 1_000 } as const;
    const tests = spawn(process.execPath, [runner, 'run', ...folders, ...flags], options);
    const [, signal] = await once(tests, 'exit');
    if (signal !== null) return `no end of the tests within ${TESTS_SECONDS_MAX} s`;
    return firstFailureIn(JSON.parse(await readFile(report, 'utf8')) as TestReport, copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
};
