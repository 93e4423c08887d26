import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FAULT_CATALOGUE } from '../../lib/simulator/faults/catalogue.ts';
import { FAULT_IDS } from '../../lib/simulator/faults/simulated.ts';

const read = (file: string): string => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

describe('the fault catalogue', () => {
  it('has a row for each of F01 to F142', () => {
    expect(FAULT_CATALOGUE.size).toBe(142);
    expect([...FAULT_CATALOGUE.keys()].at(0)).toBe('F01');
    expect([...FAULT_CATALOGUE.keys()].at(-1)).toBe('F142');
  });

  it('names a test that exists for each row that is shown by one', () => {
    const missing = [...FAULT_CATALOGUE].filter(
      ([, shown]) => shown.shownBy === 'test' && !read(shown.file).includes(shown.test),
    );
    expect(missing).toEqual([]);
  });

  it('gives a reason for each row that is shown nowhere', () => {
    const bare = [...FAULT_CATALOGUE].filter(([, shown]) => shown.shownBy === 'docs' && shown.because.length < 20);
    expect(bare).toEqual([]);
  });

  it('simulates more than half of the rows', () => {
    expect(FAULT_IDS.length).toBeGreaterThan(67);
  });
});
