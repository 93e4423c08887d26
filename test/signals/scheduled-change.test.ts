import { describe, expect, it } from 'vitest';
import { changed, fixture, parseIn } from './support.ts';

const AT = Date.UTC(2016, 5, 5, 6, 27, 57);
const START = Date.UTC(2016, 5, 19, 15, 10, 9);
const IDS = ['i-12345678', 'i-abcd1111', 'i-1234567890abcdef0'];

const parseChange = (detail: Record<string, unknown>) => parseIn('us-east-1', changed('scheduled-change', {}, detail));

describe('a scheduled change from AWS Health', () => {
  it('one event that names three machines is three signals, each with the start as its deadline', () => {
    expect(parseIn('us-east-1', fixture('scheduled-change'))).toEqual({
      kind: 'signals',
      name: 'AWS Health Event',
      eventId: '7fb65329-1628-4cf3-a740-95fg457h1402',
      signals: IDS.map((instanceId) => ({ kind: 'scheduled-change', instanceId, at: AT, deadline: START })),
    });
  });

  it('a closed event takes the change back from every machine', () => {
    expect(parseIn('us-east-1', fixture('scheduled-change-closed'))).toMatchObject({
      signals: IDS.map((instanceId) => ({ kind: 'scheduled-change-cancelled', instanceId, at: AT })),
    });
  });

  it.each([{ statusCode: 'completed' }, { eventTypeCode: 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_CANCELLED' }])(
    '%j takes it back too, with or without a start',
    (detail) => {
      const parsed = parseChange({ ...detail, startTime: undefined });
      expect(parsed).toMatchObject({ signals: [{ kind: 'scheduled-change-cancelled' }, {}, {}] });
    },
  );

  it('a machine whose part is resolved is taken out, the others stay', () => {
    const affectedEntities = [
      { entityValue: 'i-12345678', status: 'RESOLVED' },
      { entityValue: 'i-abcd1111', status: 'PENDING' },
    ];
    expect(parseChange({ affectedEntities })).toMatchObject({
      signals: [
        { kind: 'scheduled-change-cancelled', instanceId: 'i-12345678' },
        { kind: 'scheduled-change', instanceId: 'i-abcd1111', deadline: START },
      ],
    });
  });

  it('a start may be written as ISO 8601; one that is no time, or years away, is not recognised', () => {
    expect(parseChange({ startTime: '2016-06-19T15:10:09Z' })).toMatchObject({
      signals: [{ deadline: START }, {}, {}],
    });
    for (const startTime of [
      undefined,
      'next week',
      'Mon, 31 Feb 2016 15:10:09 GMT',
      'Sun, 19 Jun 2036 15:10:09 GMT',
    ]) {
      expect(parseChange({ startTime })).toMatchObject({ kind: 'unrecognised' });
    }
  });

  it.each([{ service: 'RDS' }, { service: 'EC2 ' }, { eventTypeCategory: 'issue' }])(
    '%j is nothing to act on',
    (detail) => {
      expect(parseChange(detail)).toMatchObject({ kind: 'ignored' });
    },
  );

  it.each([[[]], [undefined], [[{ entityValue: 'vol-0123456789abcdef0' }]]])(
    'an event that names no machine is nothing to act on',
    (affectedEntities) => {
      expect(parseChange({ affectedEntities })).toMatchObject({ kind: 'ignored', because: 'it names no instance' });
    },
  );

  it.each([
    ['an id that only looks like one', [{ entityValue: 'i-12345678' }, { entityValue: 'i-12345678\n' }]],
    ['entities without a value', [{}]],
    ['no list', 'i-12345678'],
    ['more than 500', Array(501).fill({ entityValue: 'i-12345678' })],
  ])('%s is not recognised, and nothing of the event is acted on', (_, affectedEntities) => {
    expect(parseChange({ affectedEntities })).toMatchObject({ kind: 'unrecognised' });
  });

  it('500 machines in one event are 500 signals', () => {
    const affectedEntities = Array.from({ length: 500 }, (_, index) => ({
      entityValue: `i-${index.toString(16).padStart(17, '0')}`,
    }));
    const parsed = parseChange({ affectedEntities });
    expect(parsed.kind === 'signals' && parsed.signals.length).toBe(500);
  });
});

describe('where a Health event belongs', () => {
  it('is told by the impacted region, not by the one it was delivered to', () => {
    const delivered = fixture('scheduled-change');
    expect(parseIn('us-west-2', delivered)).toEqual({
      kind: 'refused',
      because: 'from region "us-east-1", which is not ours',
    });
    const withoutImpacted = changed('scheduled-change', {}, { eventRegion: undefined });
    expect(parseIn('us-west-2', withoutImpacted)).toMatchObject({ kind: 'signals' });
  });

  it('an organisation account is told of other accounts too: those are refused', () => {
    expect(parseChange({ affectedAccount: '210987654321' })).toMatchObject({ kind: 'refused' });
  });

  it('what another account was sent is refused, even when it says that it is about ours', () => {
    const sentElsewhere = changed('scheduled-change', { account: '210987654321' });
    expect(parseIn('us-east-1', sentElsewhere)).toMatchObject({ kind: 'refused' });
  });
});
