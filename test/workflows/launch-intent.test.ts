import { describe, expect, it } from 'vitest';
import { ec2FleetId, type IntentId, intentId } from '../../lib/fleet/ids.ts';
import type { LaunchAnswer, LaunchRefusal } from '../../lib/ports/machines.ts';
import { launchIntent } from '../../lib/workflows/launch-intent.ts';
import { collectWakes } from '../../lib/workflows/wakes.ts';
import { anInstanceId, anIntent } from '../support/records.ts';
import { INDEX, SPOT_A, SPOT_B, type WorkflowWorld, workflowWorld } from '../support/workflow-world.ts';

const ID: IntentId = intentId('asked');
const ANSWERED = ec2FleetId('fleet-answered');

/** A world in which the intent is open, and EC2 gives this answer. */
const asking = async (count: number, answer: LaunchAnswer) => {
  const world = workflowWorld();
  const stored = { fleet: INDEX, pools: [SPOT_A, SPOT_B], request: 'the request, byte for byte' };
  const intent = anIntent({ intentId: ID, count, request: JSON.stringify(stored) });
  await world.fleets.changeHead(INDEX, 0, { open: [intent] });
  const sent: string[] = [];
  const launch = async (request: string): Promise<LaunchAnswer> => {
    sent.push(request);
    return answer;
  };
  const asked: WorkflowWorld = { ...world, machines: { ...world.machines, launch } };
  const wakes = collectWakes(asked);
  await launchIntent(asked, wakes, intent);
  await wakes.send();
  return { world, sent };
};

const answered = (machines: number, refusals: readonly LaunchRefusal[] = []): LaunchAnswer => ({
  answered: true,
  ec2FleetId: ANSWERED,
  machines: Array.from({ length: machines }, (_, index) => ({ instanceId: anInstanceId(index + 1), pool: SPOT_A })),
  refusals,
});

const refusal = (refused: Partial<LaunchRefusal>): LaunchRefusal => ({
  class: 'capacity',
  code: 'InsufficientInstanceCapacity',
  message: 'none',
  ...refused,
});

describe('an answer to a launch', () => {
  it('that gives everything leaves items, places, a proof and a closed intent, and wakes nobody', async () => {
    const { world, sent } = await asking(2, answered(2));
    const { head, members } = await world.fleets.read(INDEX);
    expect(sent).toEqual(['the request, byte for byte']);
    expect(members.map((member) => member.instanceId)).toEqual([anInstanceId(1), anInstanceId(2)]);
    expect([...world.instances.records.values()].map((record) => record.intentId)).toEqual([ID, ID]);
    expect(head).toMatchObject({ openIntents: {}, answered: { [ANSWERED]: ID } });
    expect(world.wakes.nextAt()).toBeUndefined();
  });

  it('that gives a part closes the intent with what came, and wakes the fleet for the rest', async () => {
    const { world } = await asking(3, answered(1, [refusal({ pool: SPOT_B })]));
    const { head, members } = await world.fleets.read(INDEX);
    expect(members).toHaveLength(1);
    expect(head.openIntents).toEqual({});
    expect(head.pools).toMatchObject({
      'c7g.large/us-east-1a/spot': { strikes: 0 },
      'c7g.large/us-east-1b/spot': { strikes: 1, refusedAt: world.clock.now() },
    });
    expect(world.wakes.takeDue()).toEqual([INDEX]);
  });

  it('that never came leaves the intent open, and teaches nothing', async () => {
    const { world } = await asking(1, { answered: false, code: 'TimeoutError', message: 'lost' });
    const { head, members } = await world.fleets.read(INDEX);
    expect(members).toEqual([]);
    expect(Object.keys(head.openIntents)).toEqual([ID]);
    expect(head.pools).toEqual({});
    expect(world.wakes.nextAt()).toBeUndefined();
  });

  it('that refuses the whole request closes the intent without any proof', async () => {
    const refused = refusal({ class: 'configuration', code: 'InvalidLaunchTemplateId.NotFound' });
    const { world } = await asking(1, { answered: true, ec2FleetId: undefined, machines: [], refusals: [refused] });
    const { head } = await world.fleets.read(INDEX);
    expect(head).toMatchObject({ openIntents: {}, answered: {}, restUntil: world.clock.now() + 600_000 });
  });

  it.each([
    ['quota', 'QuotaReached'],
    ['configuration', 'LaunchesMisconfigured'],
    ['authorisation', 'LaunchesUnauthorised'],
  ] as const)('that refuses for its %s is told to people', async (refusalClass, metric) => {
    const { world } = await asking(1, answered(0, [refusal({ class: refusalClass, code: 'Why', message: 'because' })]));
    expect(world.counted.get(metric)).toBe(1);
    expect(world.logged.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'Why: because',
    ]);
  });

  it('about capacity is nobody’s fault: no error is logged', async () => {
    const { world } = await asking(1, answered(0, [refusal({})]));
    expect(world.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
