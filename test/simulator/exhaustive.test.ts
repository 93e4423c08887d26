import { expect, it } from 'vitest';
import { exploreTable } from '../../lib/simulator/exhaustive/explore-table.ts';

it('the protocol’s code is the table of the design on every row that two reclaims and three workers can reach', () => {
  const found = exploreTable({ workers: 3, attempts: 4, checkpoints: 2, failuresMax: 2, reclaims: 2 });
  expect(found.differences).toEqual([]);
  expect(found.states).toBeGreaterThan(500);
});
