import { afterAll, beforeAll, expect, it } from 'vitest';
import { instanceId } from '../../lib/fleet/ids.ts';
import { type AgentProcesses, startAgentProcesses } from '../agent/support/agent-process.ts';

const FILES = Array.from({ length: 1_000 }, () => 'LICENSE');

let world: AgentProcesses;
beforeAll(async () => {
  world = await startAgentProcesses();
});
afterAll(() => world.stop());

it('the shell pipeline is interrupted on one machine and finished on another, with nothing summed up twice', async () => {
  const pipeline = 'exec sh examples/shell-pipeline/pipeline.sh';
  await world.submit('sums', { files: FILES });
  const first = await world.start(instanceId('i-00000000000000001'), {
    SPOTHOP_EXEC: pipeline,
    FILES_PER_CHECKPOINT: '1',
  });
  await world.until(async () => (await world.task('sums'))?.checkpoint !== undefined);
  first.notice(30);
  await world.until(async () => (await world.task('sums'))?.status === 'ready');
  expect(await world.task('sums')).toMatchObject({ attempt: 1, reclaims: 1, failures: 0 });
  await world.start(instanceId('i-00000000000000002'), { SPOTHOP_EXEC: pipeline, FILES_PER_CHECKPOINT: '1000' });
  await world.until(async () => (await world.task('sums'))?.status === 'done');
  expect(await world.task('sums')).toMatchObject({ attempt: 2, reclaims: 1, failures: 0 });
  const lines = (await world.resultOf('sums'))!.trimEnd().split('\n');
  expect(lines).toHaveLength(FILES.length);
  expect(new Set(lines).size).toBe(1);
}, 60_000);
