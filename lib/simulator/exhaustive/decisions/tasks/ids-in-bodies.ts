import { idInBody } from '../../../../fleet/id-in-body.ts';
import { parseTaskMessage, parseWake } from '../../../../fleet/message.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';

const LONGEST = 'x'.repeat(256);

/** The id that a value may stand for; none where it is absent. Whatever else anybody may write is no id. */
const IDS: readonly { readonly value: unknown; readonly id?: string }[] = [
  { value: 'order-7', id: 'order-7' },
  { value: '!', id: '!' },
  { value: '~', id: '~' },
  { value: LONGEST, id: LONGEST },
  { value: `${LONGEST}x` },
  { value: '' },
  { value: 'order 7' },
  { value: 'order\n7' },
  { value: '\u007f' },
  { value: 'é' },
  { value: '__proto__' },
  { value: true },
  { value: null },
  { value: ['order-7'] },
  { value: { id: 'order-7' } },
];

/** Numbers are ids only in a producer's own body, and only where JSON keeps them exactly. */
const NUMBERS: readonly { readonly value: number; readonly id?: string }[] = [
  { value: 0, id: '0' },
  { value: -7, id: '-7' },
  { value: 9_007_199_254_740_991, id: '9007199254740991' },
  { value: 9_007_199_254_740_992 },
  { value: -9_007_199_254_740_992 },
  { value: 7.5 },
];

interface Case {
  readonly body: string;
  /** Where the fleet file says that the id is; absent where the message's own form is asked about. */
  readonly path?: string;
  readonly read: string;
}

const idRead = (id: string | undefined): string => (id === undefined ? 'no id' : `task ${id}`);

function* cases(): Generator<Case> {
  for (const { value, id } of [...IDS, ...NUMBERS]) {
    const read = idRead(id);
    yield { body: JSON.stringify({ id: value }), path: 'id', read };
    yield { body: JSON.stringify({ id: value }), path: '$.id', read };
    yield { body: JSON.stringify({ order: [{ id: value }], id: 'another' }), path: 'order.0.id', read };
    yield { body: JSON.stringify({ order: { other: value } }), path: 'order.id', read: 'no id' };
  }
  yield { body: '{"id":"order-7"}', path: 'constructor.name', read: 'no id' };
  yield { body: '{"id":"order-7"}', path: 'id.length', read: 'no id' };
  yield { body: '"order-7"', path: 'length', read: 'no id' };
  for (const { value, id } of IDS) {
    const ours = id === undefined ? 'of another form' : `task ${id}`;
    yield { body: JSON.stringify({ spothop: 1, taskId: value }), read: ours };
    yield { body: JSON.stringify({ spothop: 2, taskId: value }), read: 'of another form' };
    yield { body: JSON.stringify({ spothop: '1', taskId: value }), read: 'of another form' };
    yield { body: JSON.stringify({ taskId: value }), read: 'somebody else’s' };
  }
  for (const form of [7, null, {}]) {
    yield { body: JSON.stringify({ spothop: form }), read: 'of another form' };
    yield { body: JSON.stringify({ wake: form }), read: 'somebody else’s' };
  }
  yield { body: '{"spothop":1}', read: 'of another form' };
  yield { body: '{"wake":"explored"}', read: 'somebody else’s; wakes explored' };
  for (const body of ['', 'spothop', '{"spothop":1,', 'null', '7', '"spothop"', '[1]', '{"__proto__":{"spothop":1}}']) {
    yield { body, read: 'somebody else’s' };
  }
}

const decided = ({ body, path }: Case): string => {
  if (path !== undefined) {
    const found = idInBody(JSON.parse(body), path);
    return idRead(found.ok ? found.taskId : undefined);
  }
  const message = parseTaskMessage(body);
  const woken = parseWake(body);
  const wakes = woken === undefined ? '' : `; wakes ${woken}`;
  if (message.kind === 'task') return `task ${message.taskId}${wakes}`;
  return `${message.kind === 'foreign' ? 'somebody else’s' : 'of another form'}${wakes}`;
};

/** Which task a message is about, whoever wrote it: two tasks never share an id, and a later form is left alone. */
export const idsInBodies: DecisionTable = {
  name: 'the task that a message is about',
  promise: 'W1',
  tryAll: () => compareDecisions(cases(), decided, ({ read }) => read),
};
