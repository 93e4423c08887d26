/**
 * Exit code of an agent that found another one in charge of its machine (reliability F65, bin/agent.ts). Starting it
 * again would only find the same; the other one keeps the machine, or the dead-man's timer ends it.
 */
const SECOND_AGENT_EXIT_CODE = 3;

/** The user whom agent and workers run as. Powering off needs no root: systemd does it when the unit ends. */
export const AGENT_USER = 'spothop';

/** Home and working folder of that user. Nothing of it is ever run by root. */
export const AGENT_HOME = '/var/lib/spothop';

const ENDS_ITS_MACHINE = [
  // An agent that will not stay up ends the machine too: one without an agent is a bill that nobody watches (N1).
  'StartLimitIntervalSec=900',
  'StartLimitBurst=30',
  'StartLimitAction=poweroff',
  // systemd reads this in [Unit] only: anywhere else it is ignored, and a drained machine would stay on.
  'SuccessAction=poweroff',
];

/** The folder outlives a restart: it says who has the machine, and when the agent was last heard. */
const RUNTIME = [
  'RuntimeDirectory=spothop',
  'RuntimeDirectoryPreserve=yes',
  'Environment=SPOTHOP_STATE_DIR=/run/spothop SPOTHOP_ALIVE_FILE=/run/spothop/alive',
];

/** One task that eats the memory costs that task: not the agent, and not the other tasks. */
const MEMORY = ['OOMScoreAdjust=-500', 'OOMPolicy=continue'];

/** What no worker without root could do anyway, said to the kernel. `/tmp` stays shared: worker.setup may fill it. */
const HARDENING = [
  'NoNewPrivileges=yes',
  'ProtectSystem=full',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'RestrictSUIDSGID=yes',
];

/**
 * systemd unit `spothop-agent.service`. The agent exits 0 when its machine should end, and shutting down means
 * terminating. A drop-in that worker.setup writes changes what it likes, such as `User=root`.
 */
export const AGENT_UNIT: readonly string[] = [
  '[Unit]',
  'Description=Spothop agent',
  'Wants=network-online.target',
  'After=network-online.target',
  ...ENDS_ITS_MACHINE,
  '[Service]',
  `User=${AGENT_USER}`,
  `WorkingDirectory=${AGENT_HOME}`,
  ...RUNTIME,
  'ExecStart=/usr/bin/node-24 /opt/spothop/agent.mjs --environment /etc/spothop/agent.env',
  'Restart=on-failure',
  `RestartPreventExitStatus=${SECOND_AGENT_EXIT_CODE}`,
  'RestartSec=5',
  'KillMode=mixed',
  'TimeoutStopSec=110',
  ...MEMORY,
  ...HARDENING,
  '[Install]',
  'WantedBy=multi-user.target',
];
