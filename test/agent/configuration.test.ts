import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type InvalidConfiguration, readAgentConfiguration } from '../../lib/agent/configuration.ts';
import { parseEnvironmentFile } from '../../lib/agent/environment-file.ts';

const COMPLETE = {
  SPOTHOP_FLEET: 'index',
  SPOTHOP_INSTANCES_TABLE: 'instances',
  SPOTHOP_TASKS_TABLE: 'tasks',
  SPOTHOP_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/index',
  SPOTHOP_DEAD_LETTER_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/index-dead',
  SPOTHOP_WAKE_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/wake',
  SPOTHOP_CONTENT_BUCKET: 'content',
  SPOTHOP_ACCOUNT: '123456789012',
  SPOTHOP_EXEC: 'python3 worker.py',
  AWS_REGION: 'us-east-1',
};

const problemsOf = (environment: Readonly<Record<string, string>>): readonly string[] => {
  try {
    readAgentConfiguration(environment);
    return [];
  } catch (error) {
    return (error as InvalidConfiguration).problems;
  }
};

describe('the agent’s environment', () => {
  it('is enough with what has no default', () => {
    expect(readAgentConfiguration(COMPLETE)).toMatchObject({
      settings: {
        fleet: 'index',
        visibilitySeconds: 60,
        failuresMax: 3,
        retryDelaySeconds: 30,
        drainPolicy: { marginSeconds: 10, windowSeconds: 120, warySeconds: 900, rebalance: 'wary' },
        maximumAgeSeconds: 86_400,
      },
      worker: { command: 'python3 worker.py' },
      metadataEndpoint: 'http://169.254.169.254',
    });
  });

  it('tells every problem at once, each by the name of its variable', () => {
    const problems = problemsOf({
      ...COMPLETE,
      SPOTHOP_FLEET: '',
      SPOTHOP_VISIBILITY_SECONDS: 'a minute',
      SPOTHOP_FAILURES_MAX: '0',
      SPOTHOP_REBALANCE: 'maybe',
      SPOTHOP_TASK: 'task.ts',
    });
    expect(problems).toEqual([
      expect.stringContaining('SPOTHOP_FLEET'),
      expect.stringContaining('SPOTHOP_VISIBILITY_SECONDS'),
      expect.stringContaining('SPOTHOP_FAILURES_MAX'),
      expect.stringContaining('SPOTHOP_REBALANCE'),
      expect.stringContaining('SPOTHOP_TASK'),
    ]);
  });

  it('names one worker: a task file, a command for each task, or another system’s program', () => {
    const { SPOTHOP_EXEC: command, ...rest } = COMPLETE;
    const supervising = { ...rest, SPOTHOP_SUPERVISE: 'prefect worker start', SPOTHOP_STATE_DIR: '/var/lib/worker' };
    expect(readAgentConfiguration(supervising)).toMatchObject({ worker: { supervised: 'prefect worker start' } });
    for (const worker of [{}, { ...supervising, SPOTHOP_EXEC: command }, { ...COMPLETE, SPOTHOP_TASK: 'task.ts' }]) {
      expect(problemsOf({ ...rest, ...worker })).toEqual([expect.stringContaining('Set exactly one of SPOTHOP_TASK')]);
    }
  });

  it('says which agent this is: the package’s version, and the beginning of the bundle’s digest where it is known (F66)', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(readAgentConfiguration(COMPLETE).settings.version).toBe(version);
    const bundled = {
      ...COMPLETE,
      SPOTHOP_AGENT_SHA256: '0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9',
    };
    expect(readAgentConfiguration(bundled).settings.version).toBe(`${version}+0a1b2c3d4e5f`);
  });

  it('names all that is missing when it is empty', () => {
    expect(problemsOf({})).toHaveLength(10);
  });

  it('comes from a file as it stands there, with nothing quoted and nothing expanded', () => {
    const text = '# begin\nSPOTHOP_EXEC=sh -c "echo $(id) = \'x\'"\n\nSPOTHOP_FLEET=index\nnonsense\n# end\n';
    expect(parseEnvironmentFile(text)).toEqual({
      SPOTHOP_EXEC: 'sh -c "echo $(id) = \'x\'"',
      SPOTHOP_FLEET: 'index',
    });
  });
});
