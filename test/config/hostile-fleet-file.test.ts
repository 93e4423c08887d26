import { describe, expect, it } from 'vitest';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import { formatProblems } from '../../lib/config/problem.ts';
import { smallFileAnd, smallFileWith } from './fleet-text.ts';

const SIZE_MAX = 65_536;

/** Of processor time, so that a loaded machine makes no difference; the real bound is a fraction of this. */
const ANSWER_MS_MAX = 5_000;

const fill = (text: string): string => text.repeat(Math.floor(SIZE_MAX / text.length));

const billionLaughs = (): string => {
  const names = [...'abcdefghijklmnop'];
  const level = (name: string, index: number): string => {
    const item = index === 0 ? 'ha' : `*${names[index - 1]}`;
    return `${name}: &${name} [${Array(9).fill(item).join(', ')}]`;
  };
  return names.map(level).join('\n');
};

const HOSTILE: readonly (readonly [what: string, text: string, firstProblem: string])[] = [
  ['aliases that multiply', billionLaughs(), 'the file holds more than 10000 values'],
  ['an alias inside itself', 'a: &a [*a]', 'the file is nested deeper than 16 levels'],
  ['a megabyte', 'x'.repeat(1_048_576), 'the file is 1048576 characters long; at most 65536 are read'],
  ['brackets without end', fill('['), 'the file is nested too deep to be read'],
  ['braces without end', fill('{a: '), 'the file is nested too deep to be read'],
  ['lists in lists', fill('- '), 'the file is nested too deep to be read'],
  ['keys in keys', fill('? '), 'the file is nested too deep to be read'],
  ['a nesting that is legal YAML', `${'['.repeat(20)}${']'.repeat(20)}`, 'the file is nested deeper than 16 levels'],
  ['closing brackets only', fill('}'), 'is not YAML here: Unexpected flow-map-end token in YAML document: "}"'],
  ['thousands of unknown keys', Array.from({ length: 8_000 }, (_, i) => `k${i}:`).join('\n'), 'is missing; it must be'],
  ['one key thousands of times', fill('a:\n'), 'is not a known key'],
  ['thousands of anchors', fill('&a '), 'is not YAML here'],
  ['several documents', 'version: 1\n---\nversion: 1\n', 'is not YAML here: Source contains multiple documents'],
  ['a tag of its own', 'version: !!js/function 1', 'is not YAML here: Unresolved tag'],
  ['a NUL', '\0', 'must be a set of keys'],
];

const LONG = 'a'.repeat(60_000);

const LONG_VALUES: readonly (readonly [field: string, text: string])[] = [
  ['a name', smallFileWith('  jobs:', `  ${LONG.slice(0, 1_000)}:`)],
  ['an instance type', smallFileWith('m7g.large', LONG)],
  ['a zone', smallFileWith('us-east-1b]', `us${'-a'.repeat(30_000)}]`)],
  ['a command of blanks', smallFileWith('python3 worker.py', `"${' '.repeat(60_000)}"`)],
  ['a command with a line end', smallFileWith('python3 worker.py', `"${LONG}\\n"`)],
  ['a task', smallFileWith('command: python3 worker.py', `task: ${'../'.repeat(20_000)}`)],
  ['an image', smallFileAnd(`image: ${'/a'.repeat(30_000)}`)],
  ['an address', smallFileAnd(`report: { recipients: ["${'a.'.repeat(30_000)}@"], from: "${'a@'.repeat(100)}" }`)],
  ['a schedule', smallFileAnd(`report: { schedule: "cron(${'0,'.repeat(20_000)})" }`)],
  ['a time zone', smallFileAnd(`report: { timeZone: ${LONG} }`)],
  ['a tag', smallFileAnd(`tags: { team: ${LONG} }`)],
  ['a task id path', smallFileAnd(`queue: { taskIdPath: ${'a.'.repeat(30_000)} }`)],
];

const timed = (text: string) => {
  const before = process.threadCpuUsage();
  const result = readFleetFile(text);
  const { user, system } = process.threadCpuUsage(before);
  return { result, processorMs: (user + system) / 1_000 };
};

describe('hostile text', () => {
  it.each(HOSTILE)('%s: refused within bounds, with a reason', (_what, text, firstProblem) => {
    const { result, processorMs } = timed(text);
    expect(processorMs).toBeLessThan(ANSWER_MS_MAX);
    expect(result.ok ? 'accepted' : result.problems[0]?.reason).toContain(firstProblem);
  });

  it.each(LONG_VALUES)('%s of great length is refused within bounds and shown short', (_field, text) => {
    const { result, processorMs } = timed(text);
    expect(processorMs).toBeLessThan(ANSWER_MS_MAX);
    if (result.ok) throw new Error('accepted');
    for (const line of formatProblems('spothop.yml', result.problems).split('\n'))
      expect(line.length).toBeLessThan(600);
  });

  it('keys that every object has are keys like any other', () => {
    const { result } = timed('version: 1\n__proto__: { polluted: true }\nconstructor: 1\nfleets:\n  toString: 5\n');
    const paths = result.ok ? [] : result.problems.map(({ path }) => path);
    expect(paths).toEqual(['__proto__', 'constructor', 'fleets.toString', 'fleets.toString']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('a fleet may be called constructor', () => {
    const { result } = timed(smallFileWith('  jobs:', '  constructor:'));
    expect(result.ok && result.fleets.map(({ name }) => name)).toEqual(['constructor']);
  });

  it('cannot forge a line or a colour on a terminal', () => {
    const { result } = timed(smallFileWith('mode: manage', 'mode: "ok\\nspothop.yml:1:1  all is well \\e[2J \\u202e"'));
    const shown = result.ok ? '' : formatProblems('spothop.yml', result.problems);
    expect(shown.split('\n')).toHaveLength(1);
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
