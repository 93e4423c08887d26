import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../../../lib/aws/clients.ts';
import { countLine, newTally, type RunTally } from '../../../lib/cli/start/run-tally.ts';
import { type FleetName, fleetName, taskId } from '../../../lib/fleet/ids.ts';
import { addMs, type EpochMs } from '../../../lib/fleet/time.ts';
import type { WholeCloud } from '../../../lib/local/whole-cloud.ts';
import type { DeployedService } from '../../../lib/wiring-cli.ts';
import { submitTasks } from '../../../lib/workflows/submit-tasks.ts';
import { deployFleets, FLEET_OF_TWO, openCloud, projectWithTask, STACK } from './moving-fleet.ts';

/** Service time runs this much faster than the wall clock. */
const TIME_FACTOR = 10;

/** Service time within which anything that is waited for happens, on a busy machine. */
const PATIENCE_MS = 5_400_000;

/** Two fleets that differ in their window, and in their machines so that the record tells them apart. */
export const SHORT = fleetName('short');
export const LONG = fleetName('long');
const TYPE_OF: Readonly<Record<string, string>> = { [SHORT]: 'm5.large', [LONG]: 'c5.large' };
const HOURS_OF: Readonly<Record<string, number>> = { [SHORT]: 1, [LONG]: 48 };

const fileOf = (fleet: FleetName) => ({
  ...FLEET_OF_TWO,
  instanceTypes: [TYPE_OF[fleet]],
  windowHours: HOURS_OF[fleet],
});

export interface WindowFleets {
  readonly cloud: WholeCloud;
  readonly tally: RunTally;
  /** Submits tasks as if that had been so long ago; answers when that was. */
  submit(fleet: FleetName, count: number, agoMs?: number): Promise<EpochMs>;
  /** Waits until this holds, waking both fleets meanwhile. */
  until(what: string, holds: () => boolean): Promise<EpochMs>;
  /** Tasks that were submitted and are not done. */
  open(fleet: FleetName): number;
  /** How many machines of the fleet were ever launched so. */
  launched(fleet: FleetName, purchase: 'spot' | 'on-demand'): number;
  /** The plans of the ledger, as text. */
  plans(fleet: FleetName): Promise<readonly string[]>;
  close(): Promise<void>;
}

const drive = (cloud: WholeCloud, service: DeployedService): Omit<WindowFleets, 'close'> => {
  const tally = newTally();
  const { clock, recorder } = cloud.context;
  const outputs = cloud.stackOutputs(STACK) ?? {};
  const tables = { tasks: outputs['TasksTableName']!, instances: outputs['InstancesTableName']! };
  let [seen, numbered] = [0, 0];
  const look = (): void => {
    const lines = recorder.lines();
    for (; seen < lines.length; seen++) countLine(tally, tables, lines[seen]!);
  };
  const submitted = new Map<FleetName, number>();
  return {
    cloud,
    tally,
    submit: async (fleet, count, agoMs = 0) => {
      const tasks = Array.from({ length: count }, () => {
        numbered += 1;
        return { taskId: taskId(`${fleet}-${numbered}`), body: JSON.stringify({ kind: 'work', wallMs: 1_000 }) };
      });
      submitted.set(fleet, (submitted.get(fleet) ?? 0) + count);
      const submittedAt = addMs(clock.now(), -agoMs);
      const past = { ...service.clock, now: () => addMs(service.clock.now(), -agoMs) };
      await submitTasks({ ...service, clock: past, queue: service.queue(fleet) }, fleet, tasks);
      return submittedAt;
    },
    until: async (what, holds) => {
      const giveUpAt = addMs(clock.now(), PATIENCE_MS);
      for (look(); !holds(); look()) {
        if (clock.now() > giveUpAt) throw new Error(`${what} has not happened in an hour of service time`);
        for (const fleet of [SHORT, LONG]) await service.wakes.wake(fleet);
        await clock.sleep(20_000);
      }
      return clock.now();
    },
    open: (fleet) => {
      const done = [...tally.tasks].filter(([name, { status }]) => name.startsWith(`${fleet}-`) && status === 'done');
      return (submitted.get(fleet) ?? 0) - done.length;
    },
    launched: (fleet, purchase) =>
      [...tally.machines.values()].filter(
        (machine) => machine.purchase === purchase && machine.pool.startsWith(TYPE_OF[fleet]!),
      ).length,
    plans: async (fleet) => {
      const client = new DynamoDBClient({});
      const pages = paginateScan({ client: documentClient(client) }, { TableName: outputs['LedgerTableName'] });
      const plans: string[] = [];
      for await (const { Items: items = [] } of pages) plans.push(...items.map(({ plan }) => String(plan)));
      client.destroy();
      return plans.filter((plan) => plan.startsWith(`fleet ${fleet}: `));
    },
  };
};

export const windowFleets = async (): Promise<WindowFleets> => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-windows-'));
  const project = projectWithTask(folder);
  const cloud = await openCloud(join(folder, 'cloud'), project, TIME_FACTOR);
  const close = async (): Promise<void> => {
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const fleets = { [SHORT]: fileOf(SHORT), [LONG]: fileOf(LONG) };
    return { ...drive(cloud, await deployFleets(folder, project, cloud, fleets)), close };
  } catch (error) {
    await close();
    throw error;
  }
};
