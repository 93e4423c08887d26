import { describe, expect, it } from 'vitest';
import { readAgentCommandLine } from '../../lib/agent/command-line.ts';

const noFile = (path: string): string => {
  throw new Error(`ENOENT: no such file or directory, open '${path}'`);
};
const read = (words: readonly string[], readFile = noFile) => readAgentCommandLine(words, '1.2.3', readFile);

describe('the command line of the agent', () => {
  it('leaves the environment alone when it says nothing', () => {
    expect(read([])).toEqual({ do: 'work', environment: {} });
  });

  it('names fleet, queue and concurrency by the variables that they stand for (P5t)', () => {
    expect(read(['--fleet', 'bulk', '--queue', 'https://sqs/bulk', '--concurrency', '4'])).toEqual({
      do: 'work',
      environment: { SPOTHOP_FLEET: 'bulk', SPOTHOP_QUEUE_URL: 'https://sqs/bulk', SPOTHOP_CONCURRENCY: '4' },
    });
  });

  it('replaces the worker of the environment by the one that it names', () => {
    const file = 'SPOTHOP_TASK=./task.ts\nSPOTHOP_FLEET=bulk\n';
    expect(read(['--environment', 'agent.env', '--exec', 'python3 worker.py'], () => file)).toEqual({
      do: 'work',
      environment: {
        SPOTHOP_FLEET: 'bulk',
        SPOTHOP_TASK: '',
        SPOTHOP_EXEC: 'python3 worker.py',
        SPOTHOP_SUPERVISE: '',
      },
    });
  });

  it('wins over the file of variables', () => {
    expect(read(['--fleet', 'urgent', '--environment', 'agent.env'], () => 'SPOTHOP_FLEET=bulk')).toEqual({
      do: 'work',
      environment: { SPOTHOP_FLEET: 'urgent' },
    });
  });

  it('shows its version and its help', () => {
    expect(read(['--version'])).toEqual({ do: 'say', text: '1.2.3\n' });
    expect(read(['-h'])).toMatchObject({ do: 'say', text: expect.stringContaining('--supervise COMMAND') });
  });

  it.each([
    [['--exce', 'true'], "agent: Unknown option '--exce'"],
    [['worker.py'], "agent: Unexpected argument 'worker.py'"],
    [['--task'], "agent: Option '--task <value>' argument missing"],
    [['--environment', 'no.env'], "agent: ENOENT: no such file or directory, open 'no.env'"],
  ])('%j is refused with the reason', (words, problem) => {
    const answer = read(words);
    expect(answer).toMatchObject({ do: 'refuse', problem: expect.stringContaining(problem) });
    expect(answer).toMatchObject({ problem: expect.stringMatching(/; add --help to see what is accepted$/) });
  });
});
