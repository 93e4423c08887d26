import { fleetName, taskId } from '../../../../fleet/ids.ts';
import { encodeTaskMessage, encodeWake, parseTaskMessage, parseWake } from '../../../../fleet/message.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';

interface Case {
  readonly read: 'as a task' | 'as a wake';
  readonly body: string;
  readonly meaning: string;
}

const FOREIGN = 'foreign';
const LEFT_ALONE = 'unknown-form';
const NO_WAKE = 'nobody is woken';

const LONGEST_ID = 'x'.repeat(256);

/** Ours says so; whatever else comes is a task of a producer that knows nothing of us. */
const AS_TASKS: readonly (readonly [body: string, meaning: string])[] = [
  ['{"spothop":1,"taskId":"a"}', 'task a'],
  ['{"spothop":1,"taskId":"~!#/a.b-7"}', 'task ~!#/a.b-7'],
  [` {"more":[],"taskId":"a","spothop":1}\n`, 'task a'],
  [`{"spothop":1,"taskId":"${LONGEST_ID}"}`, `task ${LONGEST_ID}`],
  [`{"spothop":1,"taskId":"${LONGEST_ID}x"}`, LEFT_ALONE],
  ['{"spothop":1,"taskId":""}', LEFT_ALONE],
  ['{"spothop":1,"taskId":"a b"}', LEFT_ALONE],
  ['{"spothop":1,"taskId":"a\\n"}', LEFT_ALONE],
  ['{"spothop":1,"taskId":"é"}', LEFT_ALONE],
  ['{"spothop":1,"taskId":"\\u007f"}', LEFT_ALONE],
  ['{"spothop":1,"taskId":"__proto__"}', LEFT_ALONE],
  ['{"spothop":1,"taskId":7}', LEFT_ALONE],
  ['{"spothop":1,"taskId":["a"]}', LEFT_ALONE],
  ['{"spothop":1}', LEFT_ALONE],
  ['{"spothop":2,"taskId":"a"}', LEFT_ALONE],
  ['{"spothop":0,"taskId":"a"}', LEFT_ALONE],
  ['{"spothop":"1","taskId":"a"}', LEFT_ALONE],
  ['{"spothop":true,"taskId":"a"}', LEFT_ALONE],
  ['{"spothop":null}', LEFT_ALONE],
  ['{"taskId":"a"}', FOREIGN],
  ['{"Spothop":1,"taskId":"a"}', FOREIGN],
  ['{"inner":{"spothop":1,"taskId":"a"}}', FOREIGN],
  ['{"__proto__":{"spothop":1,"taskId":"a"}}', FOREIGN],
  ['["spothop",1]', FOREIGN],
  ['null', FOREIGN],
  ['1', FOREIGN],
  ['"spothop"', FOREIGN],
  ['{"spothop":1,"taskId":"a"', FOREIGN],
  ['spothop', FOREIGN],
  ['', FOREIGN],
];

const AS_WAKES: readonly (readonly [body: string, meaning: string])[] = [
  ['{"wake":"words"}', 'words is woken'],
  ['{"wake":""}', ' is woken'],
  ['{"more":1,"wake":"words"}', 'words is woken'],
  ['{"wake":7}', NO_WAKE],
  ['{"wake":null}', NO_WAKE],
  ['{"wake":["words"]}', NO_WAKE],
  ['{"fleet":"words"}', NO_WAKE],
  ['{"__proto__":{"wake":"words"}}', NO_WAKE],
  ['["words"]', NO_WAKE],
  ['"words"', NO_WAKE],
  ['null', NO_WAKE],
  ['{"wake":"words"', NO_WAKE],
  ['', NO_WAKE],
];

function* all(): Generator<Case> {
  for (const [body, meaning] of AS_TASKS) yield { read: 'as a task', body, meaning };
  for (const [body, meaning] of AS_WAKES) yield { read: 'as a wake', body, meaning };
  // What is sent is what any version has sent, letter by letter: others are under way when this one is deployed.
  for (const name of ['a', 'order-7', LONGEST_ID]) {
    const isAsEver = encodeTaskMessage(taskId(name)) === `{"spothop":1,"taskId":"${name}"}`;
    yield {
      read: 'as a task',
      body: encodeTaskMessage(taskId(name)),
      meaning: isAsEver ? `task ${name}` : 'another form',
    };
    const isWakeAsEver = encodeWake(fleetName(name)) === `{"wake":"${name}"}`;
    yield {
      read: 'as a wake',
      body: encodeWake(fleetName(name)),
      meaning: isWakeAsEver ? `${name} is woken` : 'another form',
    };
  }
}

const decided = ({ read, body }: Case): string => {
  if (read === 'as a wake') {
    const fleet = parseWake(body);
    return fleet === undefined ? NO_WAKE : `${fleet} is woken`;
  }
  const message = parseTaskMessage(body);
  return message.kind === 'task' ? `task ${message.taskId}` : message.kind;
};

/** What a message on a work queue is, and what a wake. */
export const queueMessages: DecisionTable = {
  name: 'a message of a queue',
  promise: 'O1',
  tryAll: () => compareDecisions(all(), decided, ({ meaning }) => meaning),
};
