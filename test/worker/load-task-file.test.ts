import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What each file holds; the key is its path in a folder that has no `node_modules` but the one written here. */
const FILES: Readonly<Record<string, string>> = {
  'task.ts': `import { defineTask, type TaskContext } from 'spothop';
    import { double } from './double.ts';
    export default defineTask({ name: 'one', run: (_context: TaskContext, n: number) => double(n) });`,
  'double.ts': 'export const double = (n: number): number => n * 2;',
  'several.mts': `import { defineTask } from 'spothop';
    export default ['a', 'b'].map((name) => defineTask({ name, run: () => name }));`,
  'plain.mjs': `export default { name: 'plain', run: () => 1 };`,
  'required.cjs': `const { defineTask } = require('spothop'); module.exports = defineTask({ name: 'required', run: () => 1 });`,
  'other-copy/task.ts': `import { defineTask, StaleAttempt } from 'spothop';
    export default defineTask({ name: String(new StaleAttempt().message.includes('This attempt is over')), run: () => 1 });`,
  'other-copy/node_modules/spothop/package.json': '{"name":"spothop","type":"module","exports":"./index.js"}',
  'other-copy/node_modules/spothop/index.js': 'throw new Error("the wrong copy");',
  'nothing.ts': 'export const task = 1;',
  'half.ts': `export default { name: 'half' };`,
  'empty.ts': 'export default [];',
  'twins.ts': `export default [{ name: 'same', run() {} }, { name: 'same', run() {} }];`,
  'enum.ts': `enum Colour { red }\nexport default { name: 'enum', run: () => Colour.red };`,
  'broken.ts': 'export default {',
  'throwing.ts': `import { defineTask } from 'spothop';\nconst url = new URL(process.env.NOT_SET_ANYWHERE ?? '');\nexport default defineTask({ name: 'x', run: () => url });`,
  'bad-definition.ts': `import { defineTask } from 'spothop';\nexport default defineTask({ name: '', run: () => 1 });`,
  'missing-package.ts': `import { z } from 'zod';\nexport default { name: 'x', run: () => z };`,
  'required-package.cjs': `require('lodash');`,
  'missing-file.ts': `import { helper } from './helper';\nexport default { name: 'x', run: helper };`,
  'worker.py': 'print(1)',
  'node_modules/shared/task.ts': `export default { name: 'x', run: (_c: unknown) => 1 };`,
};

const PATHS = [...Object.keys(FILES).filter((path) => !/double|package.json|index.js/.test(path)), 'not-there.ts'];

const LOADER = new URL('../../lib/worker/load-task-file.ts', import.meta.url).href;

/** Loads each file in a Node of its own kind: without a bundler in between, as the agent does. */
const SCRIPT = `
  import { loadTaskFile } from ${JSON.stringify(LOADER)};
  const answers = {};
  for (const path of process.argv.slice(1)) {
    answers[path] = await loadTaskFile(path).then(
      (tasks) => [tasks].flat().map(({ name }) => name),
      (error) => error.name + ': ' + error.message,
    );
  }
  console.log(JSON.stringify(answers));
`;

describe('a task file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-load-'));
  let answers: Readonly<Record<string, readonly string[] | string>>;

  beforeAll(() => {
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, ...PATHS], { cwd: folder });
    answers = JSON.parse(output.toString());
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['task.ts', 'imports spothop and its own files, with nothing installed', ['one']],
    ['several.mts', 'may have several tasks', ['a', 'b']],
    ['plain.mjs', 'may be JavaScript, and need not import anything', ['plain']],
    ['required.cjs', 'may be CommonJS', ['required']],
    ['other-copy/task.ts', 'gets the agent’s own copy of spothop even beside another', ['true']],
  ])('%s loads: it %s', (path, _what, names) => {
    expect(answers[path]).toEqual(names);
  });

  it.each([
    ['not-there.ts', /^UnusableTaskFile: not-there\.ts is not there: looked for \/.*\/not-there\.ts\.$/],
    [
      'nothing.ts',
      /exports no task; write: export default defineTask\(\{ name: '…', run\(context, input\) \{ … \} \}\)/,
    ],
    ['half.ts', /exports no task/],
    ['empty.ts', /exports no task.*Several: export default \[one, two\]\.$/],
    ['twins.ts', /exports two tasks named "same"; give each its own name\.$/],
    [
      'enum.ts',
      /uses TypeScript that Node cannot run by leaving types out \(enum,.*as const.*npx esbuild enum\.ts --bundle/,
    ],
    ['broken.ts', /broken\.ts (is not valid TypeScript|failed while it was loaded: SyntaxError): /],
    [
      'throwing.ts',
      /failed while it was loaded: TypeError: Invalid URL \(line 2\)\. What stands outside run\(\) is executed by every agent/,
    ],
    ['bad-definition.ts', /TypeError: This is no task: `name` is missing: give the task a name/],
    [
      'missing-package.ts',
      /imports 'zod', which is not installed where the file lies\. Run `npm install zod` in \/.*--external:spothop/,
    ],
    ['required-package.cjs', /imports 'lodash', which is not installed where the file lies/],
    ['missing-file.ts', /imports a file that is not there: .*helper.*Imports of own files end in \.ts/],
    ['worker.py', /is no kind of file that Node runs: end its name in \.ts, \.mts, \.js or \.mjs\.$/],
    ['node_modules/shared/task.ts', /TypeScript from a node_modules folder, where Node runs none.*compile it first/],
  ])('%s is refused with what to do', (path, words) => {
    expect(answers[path]).toMatch(words);
  });

  it('no message has more than one line, or says something twice', () => {
    for (const answer of Object.values(answers).flat()) {
      expect(answer).not.toContain('\n');
      expect(answer).not.toMatch(/\.\.|: :|\. \./);
    }
  });
});
