import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createImds, type Imds } from '../../lib/agent/imds.ts';
import { parseInstanceAction, parseMaintenance, parseRebalance } from '../../lib/agent/notices.ts';
import { wallTimeout } from '../../lib/clock/wall-timeout.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import type { MetadataView } from '../../lib/local/imds/metadata.ts';
import { type MetadataService, startMetadataService } from '../../lib/local/imds/server.ts';
import { createFaults } from '../../lib/simulator/faults/faults.ts';
import { type HostedMachine, simulatedImds } from '../../lib/simulator/life/machine-host.ts';
import { createTrace } from '../../lib/simulator/life/trace.ts';
import { seededRandom } from '../../lib/simulator/random.ts';
import { manualClock } from '../support/manual-clock.ts';

/** The simulator's metadata service beside the local cloud's, which the agent asks over HTTP as on a real machine. */

const NOW = epochMs(Date.UTC(2026, 10, 21, 9, 0, 0));
const LAUNCHED = epochMs(NOW - 600_000);
const DEADLINE = epochMs(NOW + 120_000);
const EVENT = 'instance-event-0d59937288b749b32';

interface State {
  readonly notice?: EpochMs;
  readonly isAdvised: boolean;
  readonly isGroupEnding?: boolean;
  /** When it is to be retired, which may have been called off. */
  readonly retired?: { readonly at: EpochMs; readonly isOver: boolean };
}

const viewOf = ({ notice, isAdvised, isGroupEnding, retired }: State): MetadataView => ({
  instanceId: 'i-0123456789abcdef0',
  instanceType: 'c5.large',
  imageId: 'ami-0123456789abcdef0',
  zone: 'us-east-1a',
  zoneId: 'use1-az1',
  lifeCycle: 'spot',
  privateIp: '10.0.0.10',
  launchedAt: LAUNCHED,
  ...(notice === undefined ? {} : { deadlineAt: notice }),
  ...(isAdvised ? { rebalanceAt: NOW } : {}),
  ...(isGroupEnding ? { targetLifecycleState: 'Terminated' } : {}),
  ...(retired === undefined
    ? {}
    : {
        maintenance: [
          {
            eventId: EVENT,
            code: 'instance-retirement',
            notBefore: retired.at,
            notAfter: retired.at,
            state: retired.isOver ? 'canceled' : 'active',
          },
        ],
      }),
});

const hosted = ({ notice, isAdvised, isGroupEnding = false, retired }: State): HostedMachine =>
  ({
    instanceId: 'i-0123456789abcdef0',
    launchedAt: LAUNCHED,
    unreachable: new Set(),
    described: { pool: { instanceType: 'c5.large', zone: 'us-east-1a', purchase: 'spot' } },
    isAdvised,
    isGroupEnding,
    ...(notice === undefined ? {} : { notice }),
    ...(retired === undefined
      ? {}
      : { announcedEnd: retired.at, maintenance: { eventId: EVENT, isOver: retired.isOver } }),
  }) as unknown as HostedMachine;

const noFaults = createFaults({}, seededRandom('calm'), createTrace({ now: () => NOW, startedAt: NOW }));

let state: State = { isAdvised: false };
let service: MetadataService;
let real: Imds;
beforeAll(async () => {
  const clock = manualClock(NOW);
  service = await startMetadataService(() => viewOf(state), clock);
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  real = createImds({ endpoint: service.endpoint, clock, log, timeout: () => wallTimeout(5_000) });
});
afterAll(() => service.close());

const STATES: readonly (readonly [string, State])[] = [
  ['for which nothing is planned', { isAdvised: false }],
  ['that had a recommendation', { isAdvised: true }],
  ['that had its notice', { isAdvised: false, notice: DEADLINE }],
  ['that is to be retired', { isAdvised: false, retired: { at: DEADLINE, isOver: false } }],
  ['that was to be retired', { isAdvised: false, retired: { at: DEADLINE, isOver: true } }],
  ['that its group is about to end', { isAdvised: false, isGroupEnding: true }],
  ['that had both', { isAdvised: true, notice: DEADLINE }],
];

const IDENTITY = ['instance-id', 'instance-life-cycle', 'placement/availability-zone', 'placement/region'];

describe.each(STATES)('a machine %s', (_name, told) => {
  const both = async (path: string) => {
    state = told;
    return [await simulatedImds(hosted(told), noFaults, () => NOW).read(path), await real.read(path)] as const;
  };

  test('is told who it is alike', async () => {
    for (const path of IDENTITY) {
      const [simulated, served] = await both(path);
      expect(simulated, path).toBe(served);
    }
  });

  test('understands the same of its notice, to the second that a notice tells', async () => {
    const [simulated, served] = await both('spot/instance-action');
    const understood = (text: string | undefined) => text && parseInstanceAction(text, NOW);
    expect(understood(simulated)).toStrictEqual(understood(served));
    expect(served === undefined).toBe(told.notice === undefined);
  });

  test('understands the same of its recommendation, but for its moment', async () => {
    const [simulated, served] = await both('events/recommendations/rebalance');
    const kindIn = (text: string | undefined) => {
      const parsed = text === undefined ? undefined : parseRebalance(text, NOW);
      return parsed === undefined ? undefined : { ...(parsed as object), at: 'its moment' };
    };
    expect(kindIn(simulated)).toStrictEqual(kindIn(served));
    expect(served === undefined).toBe(!told.isAdvised);
  });

  test.each(['scheduled', 'history'])('understands the same of the maintenance that is listed as %s', async (list) => {
    const [simulated, served] = await both(`events/maintenance/${list}`);
    const isListed = told.retired !== undefined && told.retired.isOver === (list === 'history');
    const expected = isListed ? [{ eventId: EVENT, isOver: list === 'history', notBefore: DEADLINE }] : [];
    expect(parseMaintenance(served!)).toStrictEqual({ events: expected, unreadable: 0 });
    expect(parseMaintenance(simulated!)).toStrictEqual({ events: expected, unreadable: 0 });
  });

  test('is told alike what its group wants of it', async () => {
    const [simulated, served] = await both('autoscaling/target-lifecycle-state');
    expect(simulated).toBe(served);
    expect(served).toBe(told.isGroupEnding ? 'Terminated' : undefined);
  });
});
