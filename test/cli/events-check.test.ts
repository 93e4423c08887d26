import { describe, expect, it } from 'vitest';
import { changed, fixture } from '../signals/support.ts';
import { run } from './support.ts';

const check = (words: readonly string[], files: Readonly<Record<string, string>>) =>
  run(['events', 'check', ...words], files);

const NOT_OURS =
  'on a machine that is not ours: acknowledge it and touch nothing; a warning is kept 60 min in case the machine is adopted';

describe('spothop events check, for a person', () => {
  it('says what a warning holds and what would be done in time', async () => {
    expect(await check(['warning.json'], { 'warning.json': fixture('spot-interruption') })).toEqual({
      code: 0,
      stderr: '',
      stdout: `warning.json: readable
  EC2 Spot Instance Interruption Warning
    spot-interruption  i-1234567890abcdef0  at 2026-01-01T00:00:00.000Z  deadline 2026-01-01T00:02:00.000Z  terminate
    would: i-1234567890abcdef0: record it; if the machine is ours: mark it draining, release what it still holds by 2026-01-01T00:01:50.000Z (deadline − 10 s), at once if its agent is silent, wake the fleet to replace it
    would: ${NOT_OURS}
`,
    });
  });

  it('says why a file is refused and that nothing would be done', async () => {
    expect(await check(['bad.json'], { 'bad.json': '{"source":"aws.ec2"' })).toEqual({
      code: 1,
      stderr: '',
      stdout: `bad.json: not readable
  refused: not JSON
    would: count it as SignalsUnrecognised and keep it in the dead-letter queue; act on nothing
`,
    });
  });

  it('says so when an event is understood and asks for nothing', async () => {
    expect(await check(['-'], { '-': fixture('state-change-pending') })).toEqual({
      code: 0,
      stderr: '',
      stdout: `-: readable
  EC2 Instance State-change Notification
    nothing to act on: a pending machine is known from its launch
    would: acknowledge it; there is nothing to act on
`,
    });
  });

  it('names what it cannot open and goes on with the next file', async () => {
    const { code, stdout } = await check(['gone.json', 'a.json'], { 'a.json': fixture('rebalance-recommendation') });
    expect(code).toBe(1);
    expect(stdout).toBe(`gone.json: not readable
  refused: there is no such file; name a file of events, or - for standard input
a.json: readable
  EC2 Instance Rebalance Recommendation
    rebalance-recommendation  i-1234567890abcdef0  at 2026-01-01T00:00:00.000Z
    would: i-1234567890abcdef0: record it; if the machine is ours: by its fleet's rebalance setting let it take only tasks that fit for 15 min, drain it, or do nothing
    would: ${NOT_OURS}
`);
  });

  it('prints nothing of a hostile event that a terminal would obey', async () => {
    const source = '\u001b]0;owned\u0007\r\nall.json: readable';
    const { code, stdout } = await check(['a\u001b[2J.json'], {
      'a\u001b[2J.json': changed('spot-interruption', { source }),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
    expect(stdout.split('\n').filter((line) => line.startsWith('all.json'))).toEqual([]);
  });
});

describe('spothop events check --json', () => {
  const lines = async (words: readonly string[], files: Readonly<Record<string, string>>) => {
    const { stdout, code } = await check(['--json', ...words], files);
    const parsed = stdout.trimEnd().split('\n');
    return { code, lines: parsed.map((line) => JSON.parse(line)) };
  };

  it('is one object on one line for each file', async () => {
    const files = { 'a.json': fixture('spot-interruption-hibernate'), 'b.json': '[]' };
    expect(await lines(['a.json', 'b.json'], files)).toEqual({
      code: 1,
      lines: [
        {
          file: 'a.json',
          events: [
            {
              event: 'EC2 Spot Instance Interruption Warning',
              eventId: '1e5527d7-bb36-4607-3370-4164db56a40e',
              signals: [
                {
                  kind: 'spot-interruption',
                  instanceId: 'i-1234567890abcdef0',
                  at: '2026-01-01T00:00:00.000Z',
                  deadline: '2026-01-01T00:00:00.000Z',
                  action: 'hibernate',
                },
              ],
              wouldDo: [
                'i-1234567890abcdef0: record it; if the machine is ours: mark it draining, release what it still holds at once (its deadline 2026-01-01T00:00:00.000Z is here or past), wake the fleet to replace it',
                NOT_OURS,
              ],
            },
          ],
          readable: true,
        },
        { file: 'b.json', events: [], refused: 'it holds no event', readable: false },
      ],
    });
  });

  it('reads a list of events, and one refused event makes the file unreadable', async () => {
    const events = `[${fixture('spot-interruption')},7,${fixture('bid-evicted')}]`;
    const { code, lines: answers } = await lines(['-'], { '-': events });
    expect(code).toBe(1);
    expect(answers[0].readable).toBe(false);
    expect(answers[0].events).toMatchObject([
      { signals: [{ kind: 'spot-interruption' }] },
      { event: null, signals: [], refused: 'not an event but the number 7' },
      { signals: [{ kind: 'bid-evicted' }, { kind: 'bid-evicted' }] },
    ]);
  });

  it('reads the batch that Lambda gets and what the queue prints, SNS inside or not', async () => {
    const bodies = [fixture('lifecycle-terminating-sns'), fixture('scheduled-change')];
    const files = {
      'lambda.json': JSON.stringify({ Records: bodies.map((body) => ({ messageId: 'm', body })) }),
      'queue.json': `\uFEFF${JSON.stringify({ Messages: bodies.map((Body) => ({ MessageId: 'm', Body })) })}`,
    };
    const { code, lines: answers } = await lines(['lambda.json', 'queue.json'], files);
    expect(code).toBe(0);
    for (const { events } of answers) {
      expect(events).toMatchObject([
        { signals: [{ kind: 'lifecycle-terminating' }] },
        { signals: [{ kind: 'scheduled-change' }, { kind: 'scheduled-change' }, { kind: 'scheduled-change' }] },
      ]);
    }
  });

  it('accepts the event from where it comes, unless told where it must come from', async () => {
    const files = { '-': fixture('spot-interruption') };
    expect((await lines(['-'], files)).code).toBe(0);
    expect((await lines(['--account', '123456789012', '--region', 'us-east-2', '-'], files)).code).toBe(0);
    expect(await lines(['--account', '210987654321', '-'], files)).toMatchObject({
      code: 1,
      lines: [{ events: [{ event: null, refused: 'from account "123456789012", which is not ours' }] }],
    });
    expect(await lines(['--region', 'eu-central-1', '-'], files)).toMatchObject({
      code: 1,
      lines: [{ events: [{ refused: 'from region "us-east-2", which is not ours' }] }],
    });
  });

  it.each([
    ['state-terminated', changed('state-change-stopping', {}, { state: 'terminated' }), 'close its run in the ledger'],
    ['state-stopping', fixture('state-change-stopping'), 'near the end of the drain window'],
    ['scheduled-change', fixture('scheduled-change'), 'once 2016-06-19T15:10:09.000Z is inside the drain window'],
    ['scheduled-change-cancelled', fixture('scheduled-change-closed'), 'forget its scheduled change'],
    ['spot-request-fulfilment', fixture('spot-request-fulfilment'), 'its lifecycle is not touched'],
  ])('a %s says what would become of the machine', async (_, contents, words) => {
    const { lines: answers } = await lines(['-'], { '-': contents });
    expect(answers[0].events[0].wouldDo[0]).toContain(words);
  });

  it.each(['null', '{}', '{"Records":[]}', '{"Records":[null,{"body":7},{}]}', '['.repeat(100_000), '"\u0000"', ''])(
    'answers %.20j and never throws',
    async (contents) => {
      expect(await lines(['-'], { '-': contents })).toMatchObject({ code: 1, lines: [{ readable: false }] });
    },
  );

  it('a file of more than 10,000 events is not begun', async () => {
    const { lines: answers } = await lines(['-'], { '-': `[${'1,'.repeat(10_000)}1]` });
    expect(answers).toEqual([
      { file: '-', events: [], refused: 'it holds 10001 events; at most 10000 are read', readable: false },
    ]);
  });
});
