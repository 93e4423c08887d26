import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { createChildren } from '../../bench/children.ts';

const node = (program: string) => spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
const FOREVER = 'setInterval(() => {}, 1e6)';

it('a process that ends with an error breaks the run, and is named', async () => {
  const children = createChildren();
  children.watch('The agent', node('process.exit(3)'));
  await expect(children.broken).rejects.toThrow('The agent ended with exit code 3.');
});

it('a process that is killed by somebody else breaks the run', async () => {
  const children = createChildren();
  children.watch('The agent', node(FOREVER)).kill('SIGKILL');
  await expect(children.broken).rejects.toThrow('The agent ended by SIGKILL.');
});

it('a program that is not there breaks the run', async () => {
  const children = createChildren();
  children.watch('The agent', spawn('/nowhere/agent', { stdio: 'ignore' }));
  await expect(children.broken).rejects.toThrow('The agent could not be started');
});

it('no process outlives the run, and one that was told to end does not break it', async () => {
  const children = createChildren();
  const [first, second] = [children.watch('one', node(FOREVER)), children.watch('two', node(FOREVER))];
  await children.end(first);
  await children.endAll();
  expect([first.signalCode, second.signalCode]).toEqual(['SIGKILL', 'SIGKILL']);
  const told = await Promise.race([children.broken.catch((error: Error) => error.message), 'unbroken']);
  expect(told).toBe('unbroken');
});

it('one that ends well, as a drained agent does, breaks nothing', async () => {
  const children = createChildren();
  const child = children.watch('The agent', node(''));
  await new Promise((resolve) => child.once('exit', resolve));
  await children.end(child);
  const told = await Promise.race([children.broken.catch((error: Error) => error.message), 'unbroken']);
  expect(told).toBe('unbroken');
});
