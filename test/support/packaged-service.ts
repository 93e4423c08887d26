import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { addMs } from '../../lib/fleet/time.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** What the deploy tool reads; everything else of the project is no part of a package. */
const PARTS = ['serverless.yml', 'package.json', 'tsconfig.json', 'deploy', 'functions', 'bin', 'lib', 'examples'];

/** A copy to package from: two packagings in one folder would overwrite each other's `.build` and `.esbuild`. */
export const copyProject = (folder: string): string => {
  const copy = join(folder, 'project');
  mkdirSync(copy, { recursive: true });
  for (const part of PARTS) cpSync(join(PROJECT, part), join(copy, part), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
};

/** No profile, no keys, no region; and whoever tries to reach the network meets a closed door. */
const bareEnvironment = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: home,
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
});

export interface Packaging {
  readonly code: number;
  readonly text: string;
  /** Where the template would lie. */
  readonly folder: string;
}

const serverlessProgram = (): string =>
  join(dirname(createRequire(import.meta.url).resolve('serverless/package.json')), 'bin', 'serverless.js');

/** Runs the real `serverless package` in a copy of the project below `folder`. */
export const packageService = (folder: string, fleetFile: string): Promise<Packaging> => {
  const project = copyProject(folder);
  const output = join(folder, 'package');
  const words = [serverlessProgram(), 'package', '--stage', 'test', '--package', output];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      cwd: project,
      env: { ...bareEnvironment(folder), SPOTHOP_FLEET_FILE: fleetFile },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    const keep = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, text, folder: output }));
  });
};

/** Where tools keep what they can make again: it goes with `npm ci`. */
const KEPT_FOLDER = join(PROJECT, 'node_modules', '.cache', 'spothop');

const TEMPLATE = 'cloudformation-template-update-stack.json';

const digestOf = (paths: readonly string[]): string => {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) add(inner);
      else hash.update(inner).update(readFileSync(inner));
    }
  };
  for (const path of paths) {
    if (statSync(path).isFile()) hash.update(path).update(readFileSync(path));
    else add(path);
  }
  return hash.digest('hex').slice(0, 24);
};

const packageInto = async (kept: string, fleetFile: string): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-package-'));
  try {
    const { code, text, folder: output } = await packageService(folder, fleetFile);
    if (code !== 0) throw new Error(`serverless package ended with ${code}:\n${text}`);
    for (const name of readdirSync(KEPT_FOLDER).filter((name) => name.endsWith('.json')))
      rmSync(join(KEPT_FOLDER, name));
    cpSync(join(output, TEMPLATE), `${kept}.part`);
    renameSync(`${kept}.part`, kept);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** What a test that needs the template may wait for it: wall-clock time, on a busy machine. */
export const PACKAGING_MS_MAX = 150_000;

/** A worker that has been packaging for longer was killed. */
const LOCK_MS_MAX = 60_000;

/** Takes the right to package, or waits until whoever has it is done. */
const isOursToPackage = async (lock: string, isDone: () => boolean): Promise<boolean> => {
  const clock = wallClock();
  const giveUpAt = addMs(clock.now(), LOCK_MS_MAX);
  while (!isDone()) {
    try {
      mkdirSync(lock);
      return true;
    } catch {
      if (clock.now() > giveUpAt) return true;
      await clock.sleep(100);
    }
  }
  return false;
};

/**
 * The template of this fleet file, packaged once for all test files and for all runs in which nothing has changed: it is
 * kept, alone, under the digest of everything that goes into it.
 */
export const packagedTemplate = async (fleetFile: string): Promise<unknown> => {
  const inputs = [...PARTS, 'package-lock.json'].map((part) => join(PROJECT, part));
  mkdirSync(KEPT_FOLDER, { recursive: true });
  const kept = join(KEPT_FOLDER, `template-${digestOf([...inputs, fleetFile])}.json`);
  const lock = `${kept}.lock`;
  if (await isOursToPackage(lock, () => existsSync(kept))) {
    try {
      await packageInto(kept, fleetFile);
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
  return JSON.parse(readFileSync(kept, 'utf8'));
};
