import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** A folder as `npm init` makes it today, whose modules Node would read as CommonJS. */
const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "own", "type": "commonjs" }',
  'task.ts': `import { defineTask } from 'spothop';
    import { double } from './double';
    export default defineTask({ name: 'twice ' + double(21), run: () => 1 });`,
  'double.ts': 'export enum Factor { two = 2 }\nexport const double = (n: number): number => n * Factor.two;',
  'throwing.ts': `import { defineTask } from 'spothop';
    export default defineTask({ name: missing, run: () => 1 });`,
};

const urlOf = (path: string): string => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);

const SCRIPT = `
  import { bundleTaskAt } from ${urlOf('deploy/bundle-tasks.ts')};
  import { loadTaskBundle } from ${urlOf('lib/worker/load-task-bundle.ts')};
  const answers = {};
  for (const path of process.argv.slice(1)) {
    const bundling = await bundleTaskAt(path, { fleetFile: './spothop.yml', deployFolder: '.' });
    answers[path] = await loadTaskBundle(bundling.bundle.text, path).then(({ name }) => name, (error) => error.message);
  }
  console.log(JSON.stringify(answers));
`;

describe('a task file, loaded as machines run it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-load-bundle-'));
  let answers: Readonly<Record<string, string>>;

  beforeAll(() => {
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const words = ['--input-type=module', '--eval', SCRIPT, './task.ts', './throwing.ts'];
    answers = JSON.parse(execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8' }));
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('may lie in a package of CommonJS modules, and import what only a bundler understands', () => {
    expect(answers['./task.ts']).toBe('twice 42');
  });

  it('that throws while it is loaded is named as its author knows it, without a line of the bundle', () => {
    expect(answers['./throwing.ts']).toMatch(
      /^\.\/throwing\.ts failed while it was loaded: ReferenceError: missing is not defined\. What stands outside/,
    );
  });
});
