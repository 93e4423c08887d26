import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentEnvironment } from '../../deploy/agent-environment.ts';
import { userData } from '../../deploy/user-data.ts';
import { parseEnvironmentFile } from '../../lib/agent/environment-file.ts';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import { smallFileWith } from '../config/fleet-text.ts';

const AGENT = 'console.log("the agent “itself”");';
const TASK = 'export default {};';
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The script as a machine runs it, with everything outside its own files replaced by programs that note their calls. */
describe('user data, run by bash', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'spothop-boot-'));
    for (const folder of ['bin', 'etc/systemd/system', 'etc/spothop', 'opt/spothop', 'var/lib/spothop', 'answers']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    for (const name of ['shutdown', 'dnf', 'systemctl', 'useradd', 'install', 'chown', 'sleep']) {
      program(name, `echo "${name} $*" >> "${root}/calls"`);
    }
    program('id', 'exit 1');
    program('node-24', `exec "${process.execPath}" "$@"`);
    program('aws', AWS);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Answers agent and task as the function does, unless a file says that it cannot be reached yet. */
  const AWS = [
    'echo "aws $*" >> "$ROOT/calls"',
    'while [ $# -gt 1 ]; do [ "$1" = --payload ] && payload=$2; shift; done',
    'if [ -s "$ROOT/failures" ]; then sed -i 1d "$ROOT/failures"; exit 255; fi',
    'case $payload in "{}") cp "$ROOT/answers/agent" "$1" ;; *) cp "$ROOT/answers/task" "$1" ;; esac',
  ].join('\n');

  const program = (name: string, text: string): void =>
    writeFileSync(join(root, 'bin', name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });

  const scriptOf = (worker: string): string => {
    const result = readFleetFile(smallFileWith('worker: { command: python3 worker.py }', `worker: ${worker}`));
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const [fleet] = result.fleets;
    const made = {
      work: 'https://queue',
      deadLetters: 'https://dead',
      agentSha256: digestOf(AGENT),
      taskSha256: digestOf(TASK),
    };
    // What CloudFormation would do: its own names are of no interest here.
    return userData(fleet!, agentEnvironment(fleet!, made))
      .replaceAll(/\$\{(?!!)[\w:]+\}/g, 'x')
      .replaceAll('${!', '${');
  };

  const boot = (worker: string, answers = { agent: AGENT, task: TASK }) => {
    for (const [name, text] of Object.entries(answers)) {
      writeFileSync(join(root, 'answers', name), JSON.stringify({ [name]: text, sha256: 'whatever it says' }));
    }
    const here = scriptOf(worker).replaceAll(
      /\/(etc\/spothop|etc\/systemd\/system|opt\/spothop|var\/lib\/spothop)/g,
      `${root}/$1`,
    );
    const { status, stderr } = spawnSync('bash', ['--norc', '-c', here], {
      encoding: 'utf8',
      cwd: root,
      env: { PATH: `${root}/bin:/usr/bin:/bin`, ROOT: root },
    });
    return { status, stderr, calls: existsSync(join(root, 'calls')) ? read('calls').trim().split('\n') : [] };
  };

  const read = (path: string): string => readFileSync(join(root, path), 'utf8');

  it('fetches agent and task, installs the units, and lifts the dead-man’s hand last', () => {
    const { status, stderr, calls } = boot('{ task: ./task.ts }');
    expect([status, stderr.split('\n').filter((line) => /error|not found/i.test(line))]).toEqual([0, []]);
    expect(read('opt/spothop/agent.mjs')).toBe(AGENT);
    expect(read('opt/spothop/task.mjs')).toBe(TASK);
    expect(existsSync(join(root, 'opt/spothop/answer.json'))).toBe(false);
    for (const unit of ['agent.service', 'dead-man.service', 'dead-man.timer']) {
      expect(read(`etc/systemd/system/spothop-${unit}`)).toMatch(/^\[Unit\]\n/);
    }
    expect(calls[0]).toBe('shutdown -h +15');
    expect(calls.slice(-3)).toEqual([
      'systemctl daemon-reload',
      'systemctl enable --now spothop-dead-man.timer spothop-agent.service',
      'shutdown -c',
    ]);
  });

  it('writes the environment as the agent reads it', () => {
    boot(`{ command: 'run "$HOME" \${x} \\\\ \`date\`', concurrency: 7 }`);
    expect(parseEnvironmentFile(read('etc/spothop/agent.env'))).toMatchObject({
      SPOTHOP_FLEET: 'jobs',
      SPOTHOP_EXEC: 'run "$HOME" ${x} \\\\ `date`',
      SPOTHOP_CONCURRENCY: '7',
    });
    expect(existsSync(join(root, 'opt/spothop/task.mjs'))).toBe(false);
  });

  it.each([
    ['agent', { agent: `${AGENT} `, task: TASK }],
    ['task', { agent: AGENT, task: `${TASK} ` }],
  ])('ends the boot, and so the machine, when the %s has another digest', (_which, answers) => {
    const { status, calls } = boot('{ task: ./task.ts }', answers);
    expect(status).not.toBe(0);
    expect(calls.filter((call) => /^(?:shutdown|systemctl)/.test(call))).toEqual(['shutdown -h +15']);
  });

  it('asks again while the function cannot be reached', () => {
    writeFileSync(join(root, 'failures'), 'one\ntwo\n');
    const { status, calls } = boot('{ task: ./task.ts }');
    expect(status).toBe(0);
    expect(calls.filter((call) => call.startsWith('aws '))).toHaveLength(4);
    expect(calls.filter((call) => call === 'sleep 10')).toHaveLength(2);
  });

  it('runs worker.setup as root in the worker’s folder, and gives the worker what lies there', () => {
    const { calls } = boot('{ command: ./run, setup: "echo ${USER_OF_SETUP-none} > here" }');
    expect(read('var/lib/spothop/here')).toBe('none\n');
    expect(calls).toContain(`chown -R spothop: ${root}/var/lib/spothop`);
    expect(calls.findIndex((call) => call.startsWith('chown'))).toBeLessThan(calls.indexOf('systemctl daemon-reload'));
  });

  it('lets the machine end when worker.setup fails', () => {
    const { status, calls } = boot('{ command: ./run, setup: "false" }');
    expect(status).not.toBe(0);
    expect(calls).not.toContain('shutdown -c');
  });

  it('never starts what a lost network kept it from fetching', () => {
    writeFileSync(join(root, 'failures'), 'one\ntwo\nthree\nfour\nfive\n');
    const { status, calls } = boot('{ task: ./task.ts }');
    expect(status).not.toBe(0);
    expect(calls.filter((call) => call.startsWith('aws '))).toHaveLength(5);
    expect(calls).not.toContain('shutdown -c');
  });
});
