import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InstanceId, instanceId } from '../../lib/fleet/ids.ts';
import type { GroupOutcome, MachineGroups } from '../../lib/ports/machine-groups.ts';
import { type MemoryMachineGroups, memoryMachineGroups } from '../../lib/simulator/ports/memory-machine-groups.ts';
import { type GroupServices, startGroupServices } from './support/group-services.ts';
import { MANY_SEQUENCES_MS } from './support/samples.ts';

let services: GroupServices;
beforeAll(async () => {
  services = await startGroupServices();
});
afterAll(() => services.close());

const HOOK = 'spothop';
const MACHINES = [0, 1, 2, 3];

/** What happens to machines in both worlds, and what is asked of both: a step that does not apply is left out. */
type Step =
  | { readonly does: 'join' | 'register' | 'begin ending' | 'complete'; readonly machine: number }
  | { readonly does: 'detach' | 'deregister'; readonly machines: readonly number[]; readonly isMistyped: boolean };

const one = <Does extends string>(...does: readonly Does[]) =>
  fc.record({ does: fc.constantFrom(...does), machine: fc.constantFrom(...MACHINES) });

const some = <Does extends string>(...does: readonly Does[]) =>
  fc.record({
    does: fc.constantFrom(...does),
    machines: fc.subarray(MACHINES, { minLength: 1 }),
    isMistyped: fc.constantFrom(false, false, false, true),
  });

const steps: fc.Arbitrary<Step> = fc.oneof(
  one('join', 'register'),
  one('join', 'register', 'begin ending', 'complete'),
  some('detach', 'deregister'),
);

/** What a caller acts on: who is done, and who is refused by what code. The words are the service's own. */
const meaning = ({ done, refused }: GroupOutcome) => ({
  done: done.toSorted(),
  refused: refused.map(({ instanceId: id, code }) => `${id} ${code.replace(/Exception$/, '')}`).toSorted(),
});

interface Pair {
  readonly memory: MemoryMachineGroups;
  readonly group: string;
  readonly arn: string;
  readonly ids: readonly InstanceId[];
  readonly seen: Set<string>;
  readonly ending: Set<InstanceId>;
}

const makePair = async (run: number, seen: Set<string>): Promise<Pair> => {
  const group = `workers-${run}`;
  const ids = MACHINES.map((number) => instanceId(`i-${run.toString(16).padStart(16, '0')}${number}`));
  for (const id of ids) services.start(id);
  await services.makeGroup(group, HOOK);
  const arn = await services.makeTargetGroup(`web-${run}`);
  const memory = memoryMachineGroups({ removeTags: () => {} });
  memory.addAutoScalingGroup(group);
  memory.addTargetGroup(arn);
  return { memory, group, arn, ids, seen, ending: new Set() };
};

/** What others do: in AWS a machine joins a group once, and is ended by it once. */
const happen = async (
  { memory, group, arn, ids, ending }: Pair,
  step: Extract<Step, { machine: number }>,
): Promise<void> => {
  const id = ids[step.machine]!;
  const isMember = memory.membersOf(group).includes(id);
  if (step.does === 'register') {
    memory.register(arn, id);
    await services.register(arn, id);
  } else if (step.does === 'join' && !isMember && !ending.has(id)) {
    memory.join(group, id);
    await services.join(group, id);
  } else if (step.does === 'begin ending' && isMember && !ending.has(id)) {
    ending.add(id);
    memory.beginEnding(group, HOOK, id);
    await services.beginEnding(id);
  }
};

const ask = ({ group, arn, ids }: Pair, step: Step, groups: MachineGroups): Promise<GroupOutcome> => {
  if ('machine' in step) {
    const named = { autoScalingGroup: group, lifecycleHook: HOOK, token: undefined };
    return groups.completeLifecycle({ ...named, instanceId: ids[step.machine]! });
  }
  const asked = step.machines.map((number) => ids[number]!);
  if (step.does === 'detach') return groups.detach(step.isMistyped ? 'mistyped' : group, asked);
  return groups.deregister(step.isMistyped ? `${arn}0` : arn, asked);
};

const perform = async (pair: Pair, step: Step): Promise<void> => {
  if (step.does === 'join' || step.does === 'register' || step.does === 'begin ending') return happen(pair, step);
  const expected = meaning(await ask(pair, step, pair.memory));
  expect(meaning(await ask(pair, step, services.groups)), step.does).toStrictEqual(expected);
  if (expected.done.length > 0) pair.seen.add(`${step.does} done`);
  for (const refusal of expected.refused) pair.seen.add(`${step.does} refused ${refusal.split(' ')[1]}`);
};

describe('groups in memory and the real clients before the local cloud’s', () => {
  test('answer every call alike, and hold the same machines in the end', { timeout: MANY_SEQUENCES_MS }, async () => {
    let run = 0;
    const seen = new Set<string>();
    const oneRun = async (sequence: readonly Step[]): Promise<void> => {
      run += 1;
      const pair = await makePair(run, seen);
      for (const step of sequence) await perform(pair, step);
      const { memory, group, arn } = pair;
      expect((await services.describe(group)).members.toSorted()).toEqual(memory.membersOf(group).toSorted());
      expect((await services.targetsOf(arn)).toSorted()).toEqual(memory.targetsOf(arn).toSorted());
    };
    await fc.assert(fc.asyncProperty(fc.array(steps, { minLength: 4, maxLength: 14 }), oneRun), { numRuns: 100 });
    expect([...seen].toSorted()).toEqual([
      'complete done',
      'deregister done',
      'deregister refused TargetGroupNotFound',
      'detach done',
      'detach refused ValidationError',
    ]);
  });
});
