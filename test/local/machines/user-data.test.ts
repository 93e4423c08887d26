import { expect, test } from 'vitest';
import { userDataEnvironment } from '../../../lib/local/machines/user-data.ts';

const script = (...lines: readonly string[]): string => ['#!/bin/bash', ...lines, 'exec true'].join('\n');

const BEGIN = '# spothop-environment begin';
const END = '# spothop-environment end';

test('values run to the end of the line, whatever is in them', () => {
  const text = script(BEGIN, 'A=1', '', 'B=x = "y" # z', 'C=', END);
  expect(userDataEnvironment(text)).toEqual({ A: '1', B: 'x = "y" # z', C: '' });
});

test('lines outside the block are not variables', () => {
  expect(userDataEnvironment(script('SECRET=1', BEGIN, 'A=1', END, 'LATER=2'))).toEqual({ A: '1' });
});

test.each([
  ['no block', script('A=1')],
  ['two blocks', script(BEGIN, END, BEGIN, END)],
  ['a block that ends before it begins', script(END, 'A=1', BEGIN)],
  ['a line that is no variable', script(BEGIN, 'export A=1', END)],
])('%s is refused', (_case, text) => {
  expect(() => userDataEnvironment(text)).toThrow();
});

test('a refusal does not repeat the line, which may hold a secret', () => {
  expect(() => userDataEnvironment(script(BEGIN, 'hunter2', END))).toThrow(/^(?!.*hunter2)/);
});
