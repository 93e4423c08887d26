import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANSWER_BYTES_MAX, bundleTask, type TaskBundle } from '../../deploy/bundle-task.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-task-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text: string): string => {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

/** A package as npm would install it. */
const install = (name: string, files: Readonly<Record<string, string>>, manifest: object = {}): void => {
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js', ...manifest }));
  for (const [path, text] of Object.entries(files)) write(`node_modules/${name}/${path}`, text);
};

const bundleOf = async (file: string): Promise<TaskBundle> => {
  const bundling = await bundleTask(file);
  if (!bundling.ok) throw new Error(`${bundling.reason}; ${bundling.fix}`);
  return bundling.bundle;
};

const refusalOf = async (file: string): Promise<{ readonly reason: string; readonly fix: string }> => {
  const bundling = await bundleTask(file);
  if (bundling.ok) throw new Error('It was bundled.');
  return bundling;
};

/** Runs the bundle far from where it came from, as a machine does. */
const runElsewhere = async ({ text }: TaskBundle): Promise<unknown> => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'spothop-elsewhere-'));
  try {
    writeFileSync(join(elsewhere, 'task.mjs'), text);
    const { default: task } = await import(pathToFileURL(join(elsewhere, 'task.mjs')).href);
    return task.run();
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
};

describe('a task file as one file', () => {
  it('carries the helpers and the packages that it imports, ES modules and CommonJS', async () => {
    install('leftish', { 'index.js': "const { sep } = require('node:path'); module.exports = (x) => x + sep;" });
    install('@scope/rightish', { 'index.js': 'export const right = (x) => `${x}!`;' }, { type: 'module' });
    write(
      'lib/helper.ts',
      "export const greet = (name: string): string => `hello ${name}`;\nexport { t } from './t.js';",
    );
    write('lib/t.ts', "export const t = 'ts';");
    write('words.json', '{"word":"json"}');
    const file = write(
      'task.ts',
      `import left from 'leftish';
       import { right } from '@scope/rightish';
       import { greet, t } from './lib/helper.ts';
       import words from './words.json' with { type: 'json' };
       export default { name: 'joined', run: () => [greet('you'), left('a'), right('b'), words.word, t] };`,
    );
    expect(await runElsewhere(await bundleOf(file))).toEqual(['hello you', 'a/', 'b!', 'json', 'ts']);
  });

  it('may use the words require, __dirname and __filename as modules and as CommonJS packages do', async () => {
    install('rooted', { 'index.js': 'module.exports = [typeof __dirname, typeof __filename];' });
    const file = write(
      'task.ts',
      `import { createRequire } from 'node:module';
       import { dirname } from 'node:path';
       import { fileURLToPath } from 'node:url';
       import rooted from 'rooted';
       const require = createRequire(import.meta.url);
       const __filename = fileURLToPath(import.meta.url);
       const __dirname = dirname(__filename);
       export default { name: 'words', run: () => [...rooted, typeof require('node:os'), __dirname.length > 1] };`,
    );
    expect(await runElsewhere(await bundleOf(file))).toEqual(['string', 'string', 'object', true]);
  });

  it('leaves spothop to the agent, which has the one copy whose errors it knows', async () => {
    const file = write(
      'task.ts',
      "import { defineTask } from 'spothop';\nexport default defineTask({ name: 'x', run() {} });",
    );
    const { text } = await bundleOf(file);
    expect(text).toMatch(/^import \{ defineTask \} from "spothop";$/m);
  });

  it('has the digest of its text, the same wherever the project lies', async () => {
    write('lib/helper.ts', 'export const one = 1;');
    const file = write(
      'task.ts',
      "import { one } from './lib/helper.ts';\nexport default { name: 'x', run: () => one };",
    );
    const here = await bundleOf(file);
    expect(here.sha256).toBe(createHash('sha256').update(here.text).digest('hex'));
    const copy = mkdtempSync(join(tmpdir(), 'spothop-copy-'));
    try {
      cpSync(folder, copy, { recursive: true });
      expect(await bundleOf(join(copy, 'task.ts'))).toEqual(here);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  it('has another digest once a file that it imports has changed', async () => {
    write('lib/helper.ts', 'export const one = 1;');
    const file = write(
      'task.ts',
      "import { one } from './lib/helper.ts';\nexport default { name: 'x', run: () => one };",
    );
    const before = await bundleOf(file);
    write('lib/helper.ts', 'export const one = 2;');
    expect((await bundleOf(file)).sha256).not.toBe(before.sha256);
  });

  it('of the example is small and runs', async () => {
    const { text } = await bundleOf(join(import.meta.dirname, '../../examples/index-sources/task.ts'));
    expect(Buffer.byteLength(text)).toBeLessThan(100_000);
  });
});

describe('a task file is refused', () => {
  it('when it needs a native module, with the package’s file and two ways out', async () => {
    install('sharpish', {
      'index.js': "module.exports = require('./build/sharpish.node');",
      'build/sharpish.node': '\x7fELF',
    });
    const file = write('task.ts', "import sharp from 'sharpish';\nexport default { name: 'x', run: () => sharp };");
    expect(await refusalOf(file)).toEqual({
      ok: false,
      reason: 'cannot be made one file: needs the native module sharpish.node (node_modules/sharpish/index.js:1)',
      fix: 'install that package on the machines by worker.setup and run your program by worker.command, or use one without native code',
    });
  });

  it('when what it imports is not there, with the place of the import', async () => {
    const file = write(
      'task.ts',
      "import './gone.ts';\nimport 'missing-package';\nexport default { name: 'x', run() {} };",
    );
    const { reason, fix } = await refusalOf(file);
    expect(reason).toContain('Could not resolve "./gone.ts" (task.ts:1)');
    expect(reason).toContain('Could not resolve "missing-package" (task.ts:2)');
    expect(fix).toBe('correct the path, or run npm install for a package that is missing');
  });

  it('when it is not JavaScript', async () => {
    expect(await refusalOf(write('task.ts', 'export default {'))).toMatchObject({
      reason: expect.stringMatching(/^cannot be made one file: .* \(task\.ts:1\)$/),
      fix: 'correct the file; node runs it as it stands',
    });
  });

  it('when it exports no task', async () => {
    expect(await refusalOf(write('task.ts', 'export const task = {};'))).toMatchObject({ reason: 'exports no task' });
  });

  it('when a function could not answer it', async () => {
    const file = write('task.ts', `export default { name: 'x', run: () => '${'x'.repeat(ANSWER_BYTES_MAX)}' };`);
    const { reason, fix } = await refusalOf(file);
    expect(reason).toMatch(/^is 60\d{5} bytes with everything it imports; a machine can be handed 6000000$/);
    expect(fix).toContain('worker.setup');
  });

  it('and not because of a package that it can do without', async () => {
    install('optional', {
      'index.js': "let fast; try { fast = require('fast-native'); } catch {} module.exports = typeof fast;",
    });
    const file = write('task.ts', "import kind from 'optional';\nexport default { name: 'x', run: () => kind };");
    expect(await runElsewhere(await bundleOf(file))).toBe('undefined');
  });
});
