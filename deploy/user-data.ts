import type { FleetSpecification } from '../lib/config/fleet-specification.ts';
import { DEAD_MAN_SECONDS } from '../lib/fleet/limits.ts';
import { type AgentEnvironment, literalForSub } from './agent-environment.ts';
import { AGENT_HOME, AGENT_UNIT, AGENT_USER } from './agent-unit.ts';
import { DEAD_MAN_PATH, DEAD_MAN_SCRIPT, DEAD_MAN_SERVICE, DEAD_MAN_TIMER } from './dead-man.ts';

/** EC2's limit on user data before its encoding (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html). */
export const USER_DATA_BYTES_MAX = 16 * 1_024;

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

const unitFile = (name: string, lines: readonly string[]): string[] =>
  quotedHereDocument(`/etc/systemd/system/${name}`, lines.map(literalForSub));

/** An image may have the user already. Root owns what root runs; the user owns its home. */
const MAKE_USER = [
  `id ${AGENT_USER} >/dev/null 2>&1 || useradd --system --home-dir ${AGENT_HOME} --shell /sbin/nologin ${AGENT_USER}`,
  `install -d -m 0755 -o ${AGENT_USER} -g ${AGENT_USER} ${AGENT_HOME}`,
];

/**
 * Only a file whose digest the launch template names is ever run; another one ends the boot, and so the machine. Asked
 * again a few times, because a function that is being deployed, or a network that is coming up, is no reason to end.
 */
const FETCH = [
  'value() { sed -n "s/^$1=//p" /etc/spothop/agent.env; }',
  'fetch() {',
  '  for attempt in 1 2 3 4 5; do',
  '    aws lambda invoke --region "$(value AWS_REGION)" --function-name "$(value SPOTHOP_AGENT_FUNCTION)" --cli-binary-format raw-in-base64-out --payload "$2" /opt/spothop/answer.json && break',
  '    sleep 10',
  '  done',
  '  node-24 -e \'const fs = require("node:fs"), [name] = process.argv.slice(1); fs.writeFileSync(`/opt/spothop/${name}.mjs`, JSON.parse(fs.readFileSync("/opt/spothop/answer.json"))[name])\' "$1"',
  '  echo "$(value "$3")  /opt/spothop/$1.mjs" | sha256sum --check --strict',
  '  rm /opt/spothop/answer.json',
  '}',
  "fetch agent '{}' SPOTHOP_AGENT_SHA256",
];

const fetchTask = ({ name, worker }: FleetSpecification): string[] =>
  worker.program.kind === 'task' ? [`fetch task '{"task":"${name}"}' SPOTHOP_TASK_SHA256`] : [];

/** The user's own lines run as root, in the folder where the worker will run, and leave nothing there that is root's. */
const setUp = ({ worker }: FleetSpecification): string[] =>
  worker.setup === undefined
    ? []
    : [`cd ${AGENT_HOME}`, literalForSub(worker.setup), `chown -R ${AGENT_USER}: ${AGENT_HOME}`];

/** A worker may write into /run/spothop, where root should not. */
const DEAD_MAN_UNIT = [...DEAD_MAN_SERVICE, 'Environment=SPOTHOP_LOOKED_FILE=/run/spothop-looked'];

const INSTALL_UNITS = [
  ...quotedHereDocument(DEAD_MAN_PATH, DEAD_MAN_SCRIPT.map(literalForSub)),
  ...unitFile('spothop-dead-man.service', DEAD_MAN_UNIT),
  ...unitFile('spothop-dead-man.timer', DEAD_MAN_TIMER),
  ...unitFile('spothop-agent.service', AGENT_UNIT),
];

/**
 * The script a machine runs at its first boot, as text for `Fn::Sub`. Nothing of the fleet file is ever read by a shell:
 * values stand in a quoted here document, one a line, and the agent reads that file itself.
 */
export const userData = (fleet: FleetSpecification, environment: AgentEnvironment): string => {
  const script = [
    '#!/bin/bash',
    'set -euo pipefail',
    // Set before anything else and lifted at the end: whatever stops the boot, an exit or a hang too, ends the machine.
    `shutdown -h +${DEAD_MAN_SECONDS / 60}`,
    'install -d -m 0755 /etc/spothop /opt/spothop',
    ...quotedHereDocument('/etc/spothop/agent.env', environmentBlock(environment)),
    ...MAKE_USER,
    'dnf install -y nodejs24',
    ...[...FETCH, ...fetchTask(fleet)].map(literalForSub),
    ...setUp(fleet),
    ...INSTALL_UNITS,
    'systemctl daemon-reload',
    'systemctl enable --now spothop-dead-man.timer spothop-agent.service',
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
