import type { RecordLine } from '../local/service.ts';

/** How much a happening matters to whoever watches. */
export type Weight = 'plain' | 'good' | 'warning';

export interface Happening {
  readonly weight: Weight;
  readonly text: string;
}

const text = (line: RecordLine, field: string): string => String(line[field] ?? '');

const machine = (line: RecordLine): string =>
  `${text(line, 'instanceId')} ${text(line, 'instanceType')} ${text(line, 'zone')}`;

const scripted = (line: RecordLine): string => (line['scripted'] === true ? ' (scripted)' : '');

const END_WORDS: Readonly<Record<string, string>> = {
  'spot-reclaim': 'EC2 took it',
  'spot-kill': 'EC2 took it without warning',
  user: 'we ended it',
  self: 'it shut itself down',
  'local-cloud-closed': 'the local cloud closed',
};

const dollars = (microUsdPerHour: unknown): string => `${(Number(microUsdPerHour) / 1_000_000).toFixed(4)} USD/h`;

const MACHINE_HAPPENINGS: Readonly<Record<string, (line: RecordLine) => Happening>> = {
  launch: (line) => ({
    weight: 'plain',
    text: `launch     ${machine(line)}, ${text(line, 'purchase')} ${dollars(line['microUsdPerHour'])}`,
  }),
  running: (line) => ({ weight: 'good', text: `running    ${machine(line)}` }),
  'boot-failed': (line) => ({ weight: 'warning', text: `no boot    ${machine(line)}: ${text(line, 'why')}` }),
  rebalance: (line) => ({ weight: 'warning', text: `rebalance  ${machine(line)}${scripted(line)}` }),
  notice: (line) => ({ weight: 'warning', text: `notice     ${machine(line)}${scripted(line)}` }),
  end: (line) => ({
    weight: line['by'] === 'ec2' ? 'warning' : 'plain',
    text: `end        ${machine(line)}: ${END_WORDS[text(line, 'cause')] ?? text(line, 'cause')}`,
  }),
};

const OTHER_HAPPENINGS: Readonly<Record<string, (line: RecordLine) => Happening>> = {
  mail: (line) => ({ weight: 'good', text: `mail       ${text(line, 'subject')}` }),
  'invocation-given-up': (line) => ({ weight: 'warning', text: `given up   function ${text(line, 'function')}` }),
  undelivered: (line) => ({
    weight: 'warning',
    text: `lost event ${text(line, 'origin')} to ${text(line, 'target')}: ${text(line, 'reason')}`,
  }),
};

/** An agent ends with 0 when it is through, and by a signal when its machine is taken; anything else wants looking at. */
const endedBadly = (line: RecordLine): Happening | undefined =>
  typeof line['code'] === 'number' && line['code'] !== 0
    ? { weight: 'warning', text: `agent died ${text(line, 'instanceId')}: exit code ${line['code']}; its log says why` }
    : undefined;

const refusedCall = (line: RecordLine): Happening | undefined =>
  line['denied'] === true
    ? { weight: 'warning', text: `refused    ${text(line, 'action')} by ${text(line, 'caller')}: no permission` }
    : undefined;

/** What a line of the record means to somebody who watches; most lines mean nothing to them. */
export const happeningOf = (line: RecordLine): Happening | undefined => {
  if (line.kind === 'request') return refusedCall(line);
  if (line.kind === 'process-end') return endedBadly(line);
  if (line.kind === 'machine') return MACHINE_HAPPENINGS[text(line, 'what')]?.(line);
  return OTHER_HAPPENINGS[line.kind]?.(line);
};
