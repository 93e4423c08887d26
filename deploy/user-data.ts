import type { FleetSpecification } from '../lib/config/fleet-specification.ts';
import { DEAD_MAN_SECONDS } from '../lib/fleet/limits.ts';

/** EC2's limit on user data before its encoding (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html). */
export const USER_DATA_BYTES_MAX = 16 * 1_024;

/** Values of the agent's environment; `${Name}` in them is CloudFormation's to fill in. */
export type AgentEnvironment = Readonly<Record<string, string>>;

/** Text that `Fn::Sub` must leave as it is. */
export const literalForSub = (text: string): string => text.replaceAll('${', '${!');

const taskIdVariables = (fleet: FleetSpecification): AgentEnvironment => {
  const { taskId } = fleet.queue;
  if (taskId.kind === 'body-path') return { SPOTHOP_TASK_ID_PATH: literalForSub(taskId.keys.join('.')) };
  if (taskId.kind === 'attribute') return { SPOTHOP_TASK_ID_ATTRIBUTE: literalForSub(taskId.name) };
  return {};
};

const programVariables = ({ worker }: FleetSpecification): AgentEnvironment =>
  worker.program.kind === 'command'
    ? { SPOTHOP_EXEC: literalForSub(worker.program.command) }
    : { SPOTHOP_TASK: literalForSub(worker.program.path) };

/** Everything an agent needs to know; it holds no secret, for user data can be read by whoever is on the machine. */
export const agentEnvironment = (
  fleet: FleetSpecification,
  made: { readonly work: string; readonly deadLetters: string; readonly agentSha256: string },
): AgentEnvironment => ({
  SPOTHOP_FLEET: fleet.name,
  SPOTHOP_INSTANCES_TABLE: '${InstancesTable}',
  SPOTHOP_TASKS_TABLE: '${TasksTable}',
  SPOTHOP_QUEUE_URL: made.work,
  SPOTHOP_DEAD_LETTER_QUEUE_URL: made.deadLetters,
  SPOTHOP_WAKE_QUEUE_URL: '${WakeQueue}',
  SPOTHOP_CONTENT_BUCKET: '${ContentBucket}',
  SPOTHOP_ACCOUNT: '${AWS::AccountId}',
  AWS_REGION: '${AWS::Region}',
  SPOTHOP_AGENT_FUNCTION: '${AgentLambdaFunction}',
  SPOTHOP_AGENT_SHA256: made.agentSha256,
  SPOTHOP_VISIBILITY_SECONDS: String(fleet.queue.visibilitySeconds),
  SPOTHOP_FAILURES_MAX: String(fleet.queue.maxFailures),
  SPOTHOP_RETRY_DELAY_SECONDS: String(fleet.queue.retryDelaySeconds),
  SPOTHOP_DRAIN_MARGIN_SECONDS: String(fleet.drain.marginSeconds),
  SPOTHOP_DRAIN_WINDOW_SECONDS: String(fleet.drain.windowSeconds),
  SPOTHOP_WARY_SECONDS: String(fleet.drain.warySeconds),
  SPOTHOP_REBALANCE: fleet.drain.rebalance,
  SPOTHOP_MAXIMUM_AGE_HOURS: String(fleet.worker.maximumAgeHours),
  ...taskIdVariables(fleet),
  ...programVariables(fleet),
});

const environmentBlock = (environment: AgentEnvironment): string[] => [
  '# spothop-environment begin',
  ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  '# spothop-environment end',
];

const quotedHereDocument = (path: string, lines: readonly string[]): string[] => [
  `cat > ${path} <<'SPOTHOP_END_OF_FILE'`,
  ...lines,
  'SPOTHOP_END_OF_FILE',
];

/**
 * The agent exits 0 when its machine should end, and shutting down means terminating. An agent that will not stay up
 * ends the machine too: a machine without an agent is a bill that nobody watches (N1).
 */
const AGENT_UNIT = [
  '[Unit]',
  'Description=Spothop agent',
  'Wants=network-online.target',
  'After=network-online.target',
  'StartLimitIntervalSec=900',
  'StartLimitBurst=30',
  'StartLimitAction=poweroff',
  // systemd reads this in [Unit] only: anywhere else it is ignored, and a drained machine would stay on.
  'SuccessAction=poweroff',
  '[Service]',
  'WorkingDirectory=/opt/spothop',
  'ExecStart=/usr/bin/node-24 /opt/spothop/agent.mjs --environment /etc/spothop/agent.env',
  'Restart=on-failure',
  'RestartSec=5',
  'KillMode=mixed',
  'TimeoutStopSec=110',
  '[Install]',
  'WantedBy=multi-user.target',
];

/** Only the agent whose digest the launch template names is ever run; another one ends the boot, and so the machine. */
const FETCH_AGENT = [
  'value() { sed -n "s/^$1=//p" /etc/spothop/agent.env; }',
  'aws lambda invoke --region "$(value AWS_REGION)" --function-name "$(value SPOTHOP_AGENT_FUNCTION)" /opt/spothop/answer.json',
  'node-24 -e \'const fs = require("node:fs"); fs.writeFileSync("/opt/spothop/agent.mjs", JSON.parse(fs.readFileSync("/opt/spothop/answer.json")).agent)\'',
  'echo "$(value SPOTHOP_AGENT_SHA256)  /opt/spothop/agent.mjs" | sha256sum --check --strict',
  'rm /opt/spothop/answer.json',
];

/**
 * The script a machine runs at its first boot, as text for `Fn::Sub`. Nothing of the fleet file is ever read by a shell:
 * values stand in a quoted here document, one a line, and the agent reads that file itself.
 */
export const userData = (fleet: FleetSpecification, environment: AgentEnvironment): string => {
  const setup = fleet.worker.setup === undefined ? [] : [literalForSub(fleet.worker.setup)];
  const script = [
    '#!/bin/bash',
    'set -euo pipefail',
    // Set before anything else and lifted at the end: whatever stops the boot, an exit or a hang too, ends the machine.
    `shutdown -h +${DEAD_MAN_SECONDS / 60}`,
    'install -d -m 0755 /etc/spothop /opt/spothop',
    ...quotedHereDocument('/etc/spothop/agent.env', environmentBlock(environment)),
    'dnf install -y nodejs24',
    ...FETCH_AGENT.map(literalForSub),
    ...setup,
    ...quotedHereDocument('/etc/systemd/system/spothop-agent.service', AGENT_UNIT),
    'systemctl daemon-reload',
    'systemctl enable --now spothop-agent.service',
    'shutdown -c',
    '',
  ].join('\n');
  const bytes = Buffer.byteLength(script);
  if (bytes > USER_DATA_BYTES_MAX) {
    throw new Error(
      `The user data of fleet ${fleet.name} is ${bytes} bytes, and EC2 takes ${USER_DATA_BYTES_MAX}: move the lines of worker.setup into a script that they fetch.`,
    );
  }
  return script;
};
