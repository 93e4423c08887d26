import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The rules of this repository that a reader cannot see from one file alone. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const filesBelow = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));

const SOURCES = ['lib', 'functions', 'bin', 'deploy', 'examples'].flatMap(filesBelow);
const TESTS = filesBelow('test');

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Comments may speak of what code may not do. */
const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');

const importsOf = (file: string): string[] =>
  [...withoutComments(read(file)).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);

/** The project's own files that a file imports, as paths from the root. */
const ownImportsOf = (file: string): string[] =>
  importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => normalize(join(dirname(file), specifier)));

const folderOf = (file: string): string => {
  const [top, second] = file.split('/');
  if (top !== 'lib') return top!;
  return second!.endsWith('.ts') ? `lib/${second}` : `lib/${second}`;
};

/**
 * What each folder may import, besides itself. Arrows point towards the pure middle: `lib/fleet` imports nothing, the
 * decisions import nouns, the workflows import decisions and ports, and only the wiring knows everything.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'lib/fleet': [],
  'lib/audit': ['lib/fleet'],
  'lib/market': ['lib/fleet'],
  'lib/replay': ['lib/ports', 'lib/decisions'],
  'lib/ports': ['lib/fleet', 'lib/telemetry'],
  'lib/clock': ['lib/fleet', 'lib/ports'],
  'lib/signals': ['lib/fleet'],
  'lib/config': ['lib/fleet'],
  'lib/money': ['lib/fleet', 'lib/ports'],
  'lib/telemetry': ['lib/ports'],
  'lib/decisions': ['lib/fleet', 'lib/ports', 'lib/telemetry'],
  'lib/report': ['lib/fleet', 'lib/money', 'lib/ports'],
  'lib/workflows': ['lib/fleet', 'lib/ports', 'lib/decisions', 'lib/signals', 'lib/money', 'lib/report'],
  'lib/worker': [],
  'lib/agent': [
    'lib/worker',
    'lib/fleet',
    'lib/ports',
    'lib/signals',
    'lib/decisions',
    'lib/clock',
    'lib/config',
    'lib/workflows',
    'package.json',
  ],
  'lib/aws': ['lib/fleet', 'lib/ports', 'lib/money'],
  'lib/simulator': [
    'lib/fleet',
    'lib/audit',
    'lib/ports',
    'lib/money',
    'lib/market',
    'lib/workflows',
    'lib/decisions',
    'lib/agent',
  ],
  'lib/local': ['lib/fleet', 'lib/ports', 'lib/market', 'lib/clock', 'lib/config'],
  'lib/cli': [
    'lib/fleet',
    'lib/audit',
    'lib/ports',
    'lib/signals',
    'lib/config',
    'lib/clock',
    'lib/decisions',
    'lib/market',
    'lib/money',
    'lib/replay',
    'lib/workflows',
    'lib/local',
    'lib/worker',
    'lib/wiring-cli.ts',
    'examples',
    'package.json',
  ],
  'lib/submit': ['lib/fleet', 'lib/ports', 'lib/config', 'lib/worker', 'lib/workflows', 'lib/wiring-cli.ts'],
  'lib/wiring.ts': ['lib/fleet', 'lib/ports', 'lib/aws', 'lib/clock', 'lib/config', 'lib/telemetry', 'lib/workflows'],
  'lib/wiring-agent.ts': ['lib/fleet', 'lib/ports', 'lib/aws', 'lib/clock', 'lib/config', 'lib/agent', 'lib/workflows'],
  'lib/wiring-cli.ts': ['lib/fleet', 'lib/ports', 'lib/aws', 'lib/clock', 'lib/config', 'lib/workflows'],
  functions: ['lib/fleet', 'lib/ports', 'lib/telemetry', 'lib/workflows', 'lib/wiring.ts', 'lib/config', 'lib/money'],
  bin: [
    'lib/worker',
    'lib/agent',
    'lib/cli',
    'lib/wiring-agent.ts',
    'lib/config',
    'lib/clock',
    'lib/simulator',
    'lib/replay',
    'functions',
    'deploy',
  ],
  deploy: ['lib/config', 'lib/fleet'],
  examples: ['lib/worker'],
  bench: [
    'deploy',
    'lib/agent',
    'lib/aws',
    'lib/cli',
    'lib/clock',
    'lib/decisions',
    'lib/fleet',
    'lib/local',
    'lib/market',
    'lib/ports',
    'lib/simulator',
    'lib/worker',
    'lib/workflows',
  ],
};

const arrowsOf = (file: string): string[] => ownImportsOf(file).map(folderOf);

describe('imports point one way', () => {
  it.each(Object.keys(ALLOWED))('%s imports only what it may', (folder) => {
    const wrong = SOURCES.filter((file) => folderOf(file) === folder).flatMap((file) =>
      arrowsOf(file)
        .filter((target) => target !== folder && !ALLOWED[folder]!.includes(target))
        .map((target) => `${file} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('every folder has a rule', () => {
    expect([...new Set(SOURCES.map(folderOf))].filter((folder) => !(folder in ALLOWED))).toEqual([]);
  });

  it('only lib/aws and the wiring know the SDK', () => {
    const wrong = SOURCES.filter((file) => importsOf(file).some((specifier) => specifier.startsWith('@aws-sdk/')));
    expect(wrong.filter((file) => !file.startsWith('lib/aws/') && !file.startsWith('lib/wiring'))).toEqual([]);
  });

  it('there are no cycles between files', () => {
    const state = new Map<string, 'open' | 'closed'>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'closed') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      const values = withoutComments(read(file)).replaceAll(/import type [\s\S]*?;/g, '');
      for (const target of ownImportsOf(file)) {
        const isValueImport = values.includes(target.split('/').at(-1)!);
        if (isValueImport && SOURCES.includes(target)) visit(target, [...path, file]);
      }
      state.set(file, 'closed');
    };
    for (const file of SOURCES) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

describe('time and chance have one source', () => {
  const BANNED = [
    /\bDate\.now\b/,
    /\bnew Date\(\)/,
    /\bMath\.random\b/,
    /\bsetTimeout\b/,
    /\bsetInterval\b/,
    /\bperformance\.now\b/,
  ];

  it.each(SOURCES.filter((file) => !file.startsWith('lib/clock/')))('%s asks the clock it is handed', (file) => {
    const text = withoutComments(read(file));
    expect(BANNED.filter((banned) => banned.test(text)).map(String)).toEqual([]);
  });

  it('no test waits for the wall clock', () => {
    const waits = TESTS.filter((file) => !file.startsWith('test/support/') && file !== 'test/tidy.test.ts').filter(
      (file) => /setTimeout\(\s*(?:resolve|done|r)\b/.test(withoutComments(read(file))),
    );
    expect(waits).toEqual([]);
  });
});

describe('files are finished, and hold one idea', () => {
  it('none is longer than 400 lines', () => {
    expect(SOURCES.filter((file) => read(file).split('\n').length > 400)).toEqual([]);
  });

  it('none speaks of unfinished work', () => {
    const words = /\b(?:TODO|FIXME|XXX|not implemented|for now|hard-?coded)\b/i;
    expect(SOURCES.filter((file) => words.test(read(file)))).toEqual([]);
  });

  it('every exported metric is counted somewhere', () => {
    const names = [...read('lib/telemetry/names.ts').matchAll(/^ {2}(\w+): \{/gm)].map((match) => match[1]!);
    const counted = SOURCES.filter((file) => file !== 'lib/telemetry/names.ts')
      .map(read)
      .join('\n');
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !counted.includes(`'${name}'`))).toEqual([]);
  });

  it('every exported limit is used somewhere', () => {
    const names = [...read('lib/fleet/limits.ts').matchAll(/^export const (\w+)/gm)].map((match) => match[1]!);
    const used = SOURCES.filter((file) => file !== 'lib/fleet/limits.ts')
      .map(read)
      .join('\n');
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(used))).toEqual([]);
  });
});
