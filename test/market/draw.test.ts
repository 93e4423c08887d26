import { expect, test } from 'vitest';
import { draw, drawHex } from '../../lib/market/draw.ts';

const NUMBERS = Array.from({ length: 20_000 }, (_, index) => draw(3, 'pool', index, 'own'));

test('draws that differ in one label are spread evenly', () => {
  const counts = new Array<number>(20).fill(0);
  for (const number of NUMBERS) counts[Math.floor(number * 20)]! += 1;
  // 1,000 are expected in each of the twenty parts; 150 are nearly five standard deviations.
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

test('neighbouring draws are not alike', () => {
  const mean = NUMBERS.reduce((sum, number) => sum + number, 0) / NUMBERS.length;
  const covariance =
    NUMBERS.slice(1).reduce((sum, number, index) => sum + (number - mean) * (NUMBERS[index]! - mean), 0) /
    NUMBERS.length;
  // The variance of a uniform number is 1/12.
  expect(Math.abs(covariance * 12)).toBeLessThan(0.03);
});

test('every seed and label counts', () => {
  expect(new Set([draw(1, 'a', 'b'), draw(2, 'a', 'b'), draw(1, 'b', 'a'), draw(1, 'ab'), draw(1, 'a')]).size).toBe(5);
});

test('identifiers have the digits asked for and do not repeat', () => {
  const made = Array.from({ length: 5_000 }, (_, index) => drawHex(16, 1, 'instance', index));
  for (const hex of made) expect(hex).toMatch(/^[0-9a-f]{16}$/);
  expect(new Set(made).size).toBe(made.length);
});
