import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AGENT_UNIT } from '../../deploy/agent-unit.ts';
import { DEAD_MAN_SERVICE, DEAD_MAN_TIMER } from '../../deploy/dead-man.ts';

const sectionOf = (name: string): readonly string[] => {
  const [, rest = ''] = AGENT_UNIT.join('\n').split(`[${name}]\n`);
  return (rest.split(/^\[/m)[0] ?? '').trim().split('\n');
};

describe('the agent’s unit', () => {
  it('ends the machine with an agent that is through, and with one that will not stay up', () => {
    expect(sectionOf('Unit')).toEqual(expect.arrayContaining(['SuccessAction=poweroff', 'StartLimitAction=poweroff']));
  });

  it('starts an agent again that died, but not one that found another in charge (F65)', () => {
    expect(sectionOf('Service')).toEqual(expect.arrayContaining(['Restart=on-failure', 'RestartPreventExitStatus=3']));
  });

  it('keeps what the agent notes about itself across a restart', () => {
    expect(sectionOf('Service')).toEqual(
      expect.arrayContaining([
        'RuntimeDirectory=spothop',
        'RuntimeDirectoryPreserve=yes',
        'Environment=SPOTHOP_STATE_DIR=/run/spothop SPOTHOP_ALIVE_FILE=/run/spothop/alive',
      ]),
    );
  });

  it('runs agent and workers without root, and stays up when a task has eaten the memory', () => {
    expect(sectionOf('Service')).toEqual(
      expect.arrayContaining(['User=spothop', 'NoNewPrivileges=yes', 'OOMPolicy=continue', 'OOMScoreAdjust=-500']),
    );
  });

  it('leaves room between SIGTERM and SIGKILL for the agent’s own 90 seconds', () => {
    expect(sectionOf('Service')).toContain('TimeoutStopSec=110');
  });
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.skipIf(!hasSystemd)('systemd itself', () => {
  it('finds nothing wrong with any unit but the programs that this machine does not have', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spothop-units-'));
    try {
      const files = Object.entries({
        'agent.service': AGENT_UNIT,
        'dead-man.service': DEAD_MAN_SERVICE,
        'dead-man.timer': DEAD_MAN_TIMER,
      });
      for (const [name, lines] of files) writeFileSync(join(folder, `spothop-${name}`), `${lines.join('\n')}\n`);
      const paths = files.map(([name]) => join(folder, `spothop-${name}`));
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' });
      const complaints = stderr
        .split('\n')
        .filter((line) => line.includes('spothop-') && !line.includes('is not executable'));
      expect(complaints).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
