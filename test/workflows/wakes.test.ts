import { describe, expect, it } from 'vitest';
import { fleetName } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { collectWakes } from '../../lib/workflows/wakes.ts';
import { INDEX, type WorkflowWorld, workflowWorld } from '../support/workflow-world.ts';

const OTHER = fleetName('other');

/** Every message that was sent, as fleet and delay. */
const recording = (world: WorkflowWorld): { readonly world: WorkflowWorld; readonly sent: [string, number][] } => {
  const sent: [string, number][] = [];
  const wakes = { ...world.wakes, wake: async (fleet: string, seconds = 0) => void sent.push([fleet, seconds]) };
  return { world: { ...world, wakes }, sent };
};

describe('the wakes of one batch', () => {
  it('are one message for each fleet, however many machines asked', async () => {
    const { world, sent } = recording(workflowWorld());
    const wakes = collectWakes(world);
    for (let machine = 0; machine < 5_000; machine += 1) wakes.now(machine % 2 === 0 ? INDEX : OTHER);
    await wakes.send();
    expect(sent.sort()).toEqual([
      ['index', 0],
      ['other', 0],
    ]);
  });

  it('that are to come later are one for each fleet, the earliest, rounded up to whole seconds', async () => {
    const { world, sent } = recording(workflowWorld());
    const wakes = collectWakes(world);
    wakes.at(INDEX, epochMs(world.clock.now() + 90_000));
    wakes.at(INDEX, epochMs(world.clock.now() + 10_001));
    wakes.at(INDEX, epochMs(world.clock.now() + 50_000));
    await wakes.send();
    expect(sent).toEqual([['index', 11]]);
  });

  it('that are later than a queue can delay are left to the sweep', async () => {
    const { world, sent } = recording(workflowWorld());
    const wakes = collectWakes(world);
    wakes.at(INDEX, epochMs(world.clock.now() + 900_001));
    wakes.at(OTHER, epochMs(world.clock.now() + 900_000));
    await wakes.send();
    expect(sent).toEqual([['other', 900]]);
  });

  it('are sent once: sending again sends nothing', async () => {
    const { world, sent } = recording(workflowWorld());
    const wakes = collectWakes(world);
    wakes.now(INDEX);
    await wakes.send();
    await wakes.send();
    expect(sent).toHaveLength(1);
  });

  it('may be lost without failing anything, and without keeping the others back', async () => {
    const base = workflowWorld();
    const sent: string[] = [];
    const wakes = collectWakes({
      ...base,
      wakes: {
        wake: async (fleet) => {
          if (fleet === INDEX) throw new Error('the queue is missing');
          sent.push(fleet);
        },
      },
    });
    wakes.now(INDEX);
    wakes.now(OTHER);
    await wakes.send();
    expect(sent).toEqual(['other']);
    expect(base.logged.map(({ level }) => level)).toEqual(['warn']);
  });
});
