import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../lib/cli/program.ts';
import type { CliWorld } from '../lib/cli/world.ts';
import { STEP_CONDITIONS } from '../lib/fleet/task-protocol.ts';
import { epochMs } from '../lib/fleet/time.ts';
import type { TaskDefinition } from '../lib/worker/define-task.ts';
import { loadTaskFile } from '../lib/worker/load-task-file.ts';
import { rehearse } from '../lib/worker/rehearse.ts';
import packageFile from '../package.json' with { type: 'json' };
import { run } from './cli/support.ts';

/** Keeps the documents true as far as a machine can tell. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
];

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!);

const withoutBlocks = (text: string): string => text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');

/** What stands in backticks and looks like a file or folder of this repository. */
const pathsIn = (page: string): string[] =>
  all(withoutBlocks(read(page)), /`((?:lib|functions|test|bin|deploy|docs|examples|bench|\.ci)\/[\w./-]*)`/g);

describe.each(PAGES)('%s', (page) => {
  it('names only files and folders that are there', () => {
    expect(pathsIn(page).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('has links that lead somewhere', () => {
    const targets = all(withoutBlocks(read(page)), /\]\(([^)\s]+)\)/g).filter((target) => !/^https?:/.test(target));
    const broken = targets.filter((target) => {
      const [path, anchor] = target.split('#');
      const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path!));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names the path of no machine and the host of no registry', () => {
    const text = read(page);
    expect(all(text, /((?:^|[\s("'=])\/(?:home|root|work|Users|tmp|private)\/\S*)/g)).toEqual([]);
    expect(all(text, /(\bregistry\.[\w-]+\.\w+)/g)).toEqual([]);
  });

  it('names only npm scripts and commands of spothop that are there', () => {
    const scripts = all(read(page), /\bnpm run ([\w-]+)/g);
    expect(scripts.filter((script) => !(script in packageFile.scripts))).toEqual([]);
    const commands = all(read(page), /\bnpx spothop ((?:[a-z]+ ?)+)/g).map((words) => words.trim());
    expect(commands.filter((words) => !commandExists(words.split(' ')))).toEqual([]);
  });
});

/** A heading's anchor, as it is made where the page is read. */
function anchorsOf(file: string): string[] {
  if (!file.endsWith('.md')) return [];
  return all(withoutBlocks(read(file)), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

const NOWHERE: CliWorld = {
  stdout: () => undefined,
  stderr: () => undefined,
  stdin: async () => '',
  readFile: async () => '',
  open: async () => ({ isRepeatable: true, read: async function* () {} }),
  isWatched: false,
  ask: async () => undefined,
  connect: async () => {
    throw new Error('Nothing is deployed here.');
  },
  connectPrices: async () => {
    throw new Error('Nothing is deployed here.');
  },
  loadTasks: async () => [],
  steadyMs: () => 0,
  taskFault: async () => undefined,
  colour: false,
  clock: { now: () => epochMs(0), sleep: async () => undefined },
  interruption: () => new AbortController().signal,
  environment: {},
};

/** Words after the commands, such as a file's name, are no commands. */
function commandExists(words: readonly string[]): boolean {
  let here: Command | undefined = buildProgram(NOWHERE, () => undefined);
  for (const word of words) {
    if (here.commands.length === 0) return true;
    here = here.commands.find((command) => command.name() === word);
    if (here === undefined) return false;
  }
  // A group alone does nothing; one with options of its own, such as `spothop local`, is a command as well.
  return here.commands.length === 0 || here.options.length > 0;
}

/** `file` › `name`, `name`: each name stands in the file. */
const namedIn = (page: string): { readonly file: string; readonly name: string }[] =>
  [...read(page).matchAll(/`([\w./-]+\.\w+)`\s+›\s+((?:`[^`]+`(?!\s+›)(?:,\s+)?)+)/g)].flatMap(([, file, names]) =>
    all(names!, /`([^`]+)`/g).map((name) => ({ file: file!, name: name.replaceAll(/\s+/g, ' ') })),
  );

const isNamed = ({ file, name }: { readonly file: string; readonly name: string }): boolean => {
  if (!existsSync(join(ROOT, file))) return false;
  const text = read(file);
  return /^\w+$/.test(name) ? new RegExp(`\\b${name}\\b`).test(text) : text.includes(name);
};

describe('ARCHITECTURE.md', () => {
  const page = read('ARCHITECTURE.md');

  it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])(
    '%s: every name stands in the file it is said to stand in',
    (file) => {
      expect(namedIn(file).length).toBeGreaterThan(3);
      expect(namedIn(file).filter((named) => !isNamed(named))).toEqual([]);
    },
  );

  it('has the protocol table of the code: every step, with the same conditions', () => {
    const [section] = page.split('## The protocol of tasks')[1]!.split('\n## ');
    const rows = section!.split('\n').filter((line) => line.startsWith('| '));
    const written = rows.flatMap((row) =>
      [
        ...row
          .split('|')
          .at(-2)!
          .matchAll(/`([a-z-]+)`: ((?:\w+(?:, )?)+)/g),
      ].map(([, step, conditions]) => [step!, conditions!.split(', ')] as const),
    );
    expect(Object.fromEntries(written)).toEqual(STEP_CONDITIONS);
    expect(written).toHaveLength(Object.keys(STEP_CONDITIONS).length);
  });

  it('has a row for what an agent does with a message whose task is not to be taken', () => {
    expect(page).toContain('| meets a running task |');
    expect(page).toContain('| meets a finished task |');
  });

  it('has every promise, each with a test or with what is missing', () => {
    const promises = page.split('**Invariant ').slice(1);
    const names = promises.map((promise) => promise.slice(0, 2));
    // biome-ignore format: as they are grouped on the page
    expect(names).toEqual(['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'N1', 'N2', 'N3', 'N4', 'N5', 'N6', 'M1', 'M2', 'S1', 'S2', 'O1', 'O2']);
    expect(promises.filter((promise) => !/`test\/[^`]+` ›|^- Not there yet/m.test(promise))).toEqual([]);
  });

  it('has a line for every folder of the code', () => {
    const folders = readdirSync(join(ROOT, 'lib'), { withFileTypes: true }).map(({ name }) => name);
    const missing = folders.filter((name) => !page.includes(`\`lib/${name}${name.endsWith('.ts') ? '' : '/'}\``));
    expect(missing).toEqual([]);
  });
});

describe('README.md', () => {
  const page = read('README.md');

  it('says of no command that it is missing when it is there', () => {
    const missing = all(page.slice(page.indexOf('## What it does not do')), /`spothop ([a-z ]+)`/g);
    expect(missing.filter((words) => commandExists(words.split(' ')))).toEqual([]);
  });

  it('names only options of npm start that are there', () => {
    const known = read('lib/cli/start/command-line.ts');
    const named = all(page, /`(?:npm start -- )?(--[a-z-]+)[^`]*`/g).filter((option) => option !== '--help');
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((option) => !known.includes(`'${option.slice(2)}'`) && !known.includes(`'${option}`))).toEqual(
      [],
    );
  });

  it('has a worker that works as it stands, and goes on where it was stopped', async () => {
    const [worker] = all(page, /```ts\n(import \{ defineTask, runBatch[\s\S]*?)```/g);
    const folder = mkdtempSync(join(tmpdir(), 'spothop-readme-'));
    try {
      const path = join(folder, 'worker.ts');
      writeFileSync(path, worker!);
      const task = (await loadTaskFile(path)) as TaskDefinition;
      const input = { numbers: Array.from({ length: 2_500 }, () => 2) };
      const whole = await rehearse(task, input);
      expect(whole.end).toEqual({ kind: 'done', result: 5_000 });
      expect(whole.checkpoints).toEqual([
        { nextIndex: 1_000, carry: 2_000 },
        { nextIndex: 2_000, carry: 4_000 },
      ]);
      const resumed = await rehearse(task, input, { attempt: 2, resume: whole.checkpoints[0] });
      expect(resumed.end).toEqual({ kind: 'done', result: 5_000 });
      expect(resumed.checkpoints).toEqual([{ nextIndex: 2_000, carry: 4_000 }]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('shows what events check prints', async () => {
    const [file] = all(page, /^npx spothop events check (\S+)$/gm);
    const afterwards = Date.UTC(2026, 10, 21);
    const { stdout } = await run(['events', 'check', file!], { [file!]: read(file!) }, afterwards);
    expect(page).toContain(`\`\`\`\n${stdout.trimEnd()}\n\`\`\``);
  });
});

describe('what is beside the pages', () => {
  it('the picture loads nothing from anywhere', () => {
    const picture = read('docs/overview.svg').replace('http://www.w3.org/2000/svg', '');
    expect(picture).not.toMatch(/https?:|<script|<image|url\((?!#)/);
  });

  it('the licence is the one that the package names', () => {
    expect(packageFile.license).toBe('Apache-2.0');
    expect(read('LICENSE')).toContain('Apache License\n                           Version 2.0, January 2004');
    expect(statSync(join(ROOT, 'LICENSE')).size).toBeGreaterThan(11_000);
  });
});
