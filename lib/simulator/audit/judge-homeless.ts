import type { InstanceRecord } from '../../fleet/instance.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import { type Deeds, nameOfTold, type Told } from './deeds.ts';
import { type Neglect, neglect } from './neglect.ts';

/** Of a machine without an item these are kept, because it may be ours and not adopted yet (design, section 3). */
const KEPT: readonly SignalKind[] = ['spot-interruption', 'rebalance-recommendation'];

/** What is told of a machine before it has an item is kept for it, and is on its item once it has one. */
export const judgeHomeless = (
  { homeless, keptFor, claimed }: Deeds,
  recordOf: (told: Told) => InstanceRecord | undefined,
): readonly Neglect[] => [
  ...[...homeless]
    .filter(([name, { kind }]) => KEPT.includes(kind) && !keptFor.has(name))
    .map(([name]) => neglect('W4', `the ${name} came before its item, and nobody keeps it`)),
  ...claimed
    .filter((told) => recordOf(told) !== undefined && recordOf(told)?.signals[told.kind] === undefined)
    .map((told) => neglect('W4', `the ${nameOfTold(told)} was kept for it, and is not on its item`)),
];
