import { describe, expect, it } from 'vitest';
import type { CapacityView } from '../../lib/decisions/capacity-view.ts';
import { recallableMembers } from '../../lib/decisions/capacity-view.ts';
import { decideLeaving } from '../../lib/decisions/decide-leaving.ts';
import { intentId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import {
  A_POLICY,
  aFleetState,
  aMember,
  anInstanceId,
  anIntent,
  aRecord,
  atSecond,
  START,
} from '../support/records.ts';

const NOW = atSecond(300);
const HEARD = { heartbeatAt: atSecond(298) };
/** As long as after a killed agent's tasks are released. */
const SILENT = { heartbeatAt: atSecond(250) };
const BUSY = { leases: { 'task-1': 1 } as InstanceRecord['leases'] };

const viewOf = (
  records: readonly Partial<InstanceRecord>[],
  waiting: number,
  machinesMax = 10,
  inFlight = 0,
): CapacityView => ({
  state: aFleetState(
    {},
    records.map((_, index) => aMember(index + 1, { launchedAt: START })),
  ),
  records: new Map(
    records.map((changes, index) => [
      anInstanceId(index + 1),
      aRecord({ instanceId: anInstanceId(index + 1), launchedAt: START, ...changes }),
    ]),
  ),
  backlog: { waiting, inFlight, delayed: 0 },
  policy: {
    machinesMin: 0,
    machinesMax,
    targetBacklog: 5,
    spotPercentMax: 90,
    spotStrategy: 'capacity',
    onDemandBase: 0,
    onDemandFallback: true,
    onDemandMax: 4,
    places: [],
  },
  drainPolicy: A_POLICY,
  outdated: new Set(),
  makeIntent: () => anIntent({ intentId: intentId('none') }),
});

const leaving = (view: CapacityView, wanted: number) =>
  decideLeaving(view, wanted, NOW).map((action) => action.do === 'leave' && action.instanceId);

describe('a machine whose agent is not heard', () => {
  it('leaves before one that is heard, so that whoever stays can do what is left', () => {
    // One message is hidden still: one machine is wanted for it.
    const view = viewOf([HEARD, HEARD, SILENT], 0, 10, 1);
    expect(leaving(view, 1)).toEqual([anInstanceId(3), anInstanceId(1)]);
    expect(leaving(view, 2)).toEqual([anInstanceId(3)]);
  });

  it('leaves first also when fewer machines are allowed, whatever its item lists still', () => {
    expect(leaving(viewOf([HEARD, { ...SILENT, ...BUSY }, { ...HEARD, ...BUSY }], 50, 2), 2)).toEqual([
      anInstanceId(2),
    ]);
  });

  it('is not called back once it leaves: it would take no work', () => {
    const leave = { signals: { leave: { at: START, recordedAt: START } } };
    const view = viewOf(
      [
        { ...SILENT, ...leave },
        { ...HEARD, ...leave },
      ],
      50,
    );
    expect(recallableMembers(view, NOW).map(({ instanceId }) => instanceId)).toEqual([anInstanceId(2)]);
  });
});
