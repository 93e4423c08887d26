import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { FLEET_TAG, STACK_TAG } from '../../lib/fleet/tags.ts';

interface LivingMachines {
  livingMachinesOf(stack: string): unknown;
  describeMachines(page: unknown): string[];
  refusalFor(stack: string, region: string, machines: readonly string[]): string | undefined;
  refusalUnasked(stack: string, region: string, error: Error): string;
}

const { livingMachinesOf, describeMachines, refusalFor, refusalUnasked } = createRequire(import.meta.url)(
  '../../deploy/living-machines.cjs',
) as LivingMachines;

const machine = (number: number): string => `i-${number} (fleet nightly, running)`;
const machines = (count: number): string[] => Array.from({ length: count }, (_, index) => machine(index));

test('EC2 is asked for every machine that may still work, by the tag that launches set', () => {
  expect(STACK_TAG).toBe('spothop:stack');
  expect(livingMachinesOf('spothop-production')).toEqual({
    Filters: [
      { Name: 'tag:spothop:stack', Values: ['spothop-production'] },
      { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
    ],
  });
});

test('a machine is shown with its fleet and its state, and without a fleet too', () => {
  const Tags = [{ Key: FLEET_TAG, Value: 'nightly' }];
  const page = {
    Reservations: [
      { Instances: [{ InstanceId: 'i-1', State: { Name: 'running' }, Tags }] },
      { Instances: [{ InstanceId: 'i-2', State: { Name: 'stopped' } }] },
      {},
    ],
  };
  expect(describeMachines(page)).toEqual(['i-1 (fleet nightly, running)', 'i-2 (no fleet, stopped)']);
  expect(describeMachines({})).toEqual([]);
});

test('a stack without machines may be removed', () => {
  expect(refusalFor('spothop-production', 'eu-west-1', [])).toBeUndefined();
});

test('the refusal counts all machines and names the first ten', () => {
  const refusal = refusalFor('spothop-production', 'eu-west-1', machines(12));
  expect(refusal).toContain('12 machines of spothop-production still live in eu-west-1');
  expect(refusal?.match(/i-\d+/g)).toEqual(['i-0', 'i-1', 'i-2', 'i-3', 'i-4', 'i-5', 'i-6', 'i-7', 'i-8', 'i-9']);
  expect(refusal).toContain('and 2 more');
  expect(refusalFor('spothop-production', 'eu-west-1', machines(10))).not.toMatch(/and \d+ more/);
});

test('an EC2 that does not answer is no stack without machines', () => {
  const denied = Object.assign(new Error('You are not authorized'), { name: 'UnauthorizedOperation' });
  expect(refusalUnasked('spothop-production', 'eu-west-1', denied)).toMatch(
    /Nothing was removed[\s\S]*You are not authorized[\s\S]*lack ec2:DescribeInstances/,
  );
  expect(refusalUnasked('spothop-production', 'eu-west-1', new Error('socket hang up'))).toMatch(
    /Nothing was removed[\s\S]*socket hang up[\s\S]*Repair that/,
  );
});
