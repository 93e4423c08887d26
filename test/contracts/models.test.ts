import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PORTS = 'lib/simulator/ports';
const MODELS = readdirSync(`${ROOT}${PORTS}`).filter((file) => file !== 'memory-world.ts');

const headOf = (file: string): string =>
  /^\/\*\*[\s\S]*?\*\//.exec(readFileSync(`${ROOT}${PORTS}/${file}`, 'utf8'))?.[0] ?? '';

const page = readFileSync(`${ROOT}docs/simulation.md`, 'utf8');

describe.each(MODELS)('%s', (file) => {
  const head = headOf(file);

  it('says by which of AWS’s own rules it goes', () => {
    expect(head).toMatch(/reliability B\d+|https:\/\/docs\.aws\.amazon\.com\//);
  });

  it('says what of AWS it is not', () => {
    expect(head).toMatch(/Not modelled: .{20,}/s);
  });

  it('is held against the real adapter by a suite that is there', () => {
    const suite = /`(test\/[\w/-]+\.test\.ts)`/.exec(head)?.[1];
    expect(suite).toBeDefined();
    expect(existsSync(`${ROOT}${suite}`)).toBe(true);
    const text = readFileSync(`${ROOT}${suite}`, 'utf8');
    expect(text).toContain(`/${file}'`);
    // The real one is made in the suite, or in its support.
    expect(text).toMatch(/lib\/aws\/|\.\/support\//);
  });

  it('stands in the list of differences', () => {
    expect(page).toContain(`${PORTS}/${file}`);
  });
});
