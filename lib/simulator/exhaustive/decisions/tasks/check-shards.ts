import { checkShard } from '../../../../fleet/check-shard.ts';
import { taskId } from '../../../../fleet/ids.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';

/** The published vectors of FNV-1a: e40c292c, bf9cf968 and a9f37ed7, of which eight parts are made. */
const PUBLISHED: readonly (readonly [id: string, part: number])[] = [
  ['a', 0x2c % 8],
  ['foobar', 0x68 % 8],
  ['foo', 0xd7 % 8],
];

/** FNV-1a of 32 bits, in whole numbers without a limit. */
const partOf = (id: string): number => {
  let hash = 2_166_136_261n;
  for (const character of id) {
    hash ^= BigInt(character.charCodeAt(0));
    hash = (hash * 16_777_619n) % 4_294_967_296n;
  }
  return Number(hash % 8n);
};

function* all(): Generator<{ readonly id: string; readonly part: number }> {
  for (const [id, part] of PUBLISHED) yield { id, part };
  for (let number = 0; number < 60; number += 1) yield { id: `task-${number}`, part: partOf(`task-${number}`) };
  for (const id of ['~', '!', 'x'.repeat(256), 'orders/2027-01-15T08:00:00Z#7']) yield { id, part: partOf(id) };
}

/** In which part of the sweep’s index a task is listed: the same for every writer, in every version. */
export const checkShards: DecisionTable = {
  name: 'the part of the index that lists a task',
  promise: 'W1',
  tryAll: () =>
    compareDecisions(
      all(),
      ({ id }) => `part ${checkShard(taskId(id))}`,
      ({ part }) => `part ${part}`,
    ),
};
