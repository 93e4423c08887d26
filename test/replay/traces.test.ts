import { describe, expect, it } from 'vitest';
import { parseCountTrace } from '../../lib/replay/traces/count-json.ts';
import {
  fromDatedCounts,
  fromMachineEvents,
  fromNodeLists,
  fromSteps,
  sampleCounts,
} from '../../lib/replay/traces/count-series.ts';

describe('count series', () => {
  it('count machines that come and go', () => {
    expect(fromMachineEvents('0,add,node1\n0,add,node2\n60000,remove,node1\n')).toEqual([
      { atSeconds: 0, count: 1 },
      { atSeconds: 0, count: 2 },
      { atSeconds: 60, count: 1 },
    ]);
  });

  it('read steps in hours or seconds', () => {
    expect(fromSteps(3_600)('0.5,4\n')).toEqual([{ atSeconds: 1_800, count: 4 }]);
    expect(fromSteps(1)('90,4\n')).toEqual([{ atSeconds: 90, count: 4 }]);
  });

  it('read dated counts in order of time, whoever wrote them', () => {
    expect(fromDatedCounts('2021-12-10, 13:01:00, 80\n2021-12-10, 13:00:00, 70\n')).toEqual([
      { atSeconds: 0, count: 70 },
      { atSeconds: 60, count: 80 },
    ]);
  });

  it('read lists of nodes, one minute a line', () => {
    const text = '[0,"add",{"nodes":["a","b"]}]\n[60000,"no-op",{"nodes":[]}]\n[120000,"remove",{"nodes":["a"]}]\n';
    expect(fromNodeLists(text).map(({ count }) => count)).toEqual([2, 2, 1]);
  });

  it('are sampled at each tick and held through it', () => {
    const series = fromSteps(1)('0,3\n70,5\n130,1\n');
    expect([...sampleCounts(series, { seconds: 240, stepSeconds: 60, sampleSeconds: 60 })]).toEqual([3, 3, 5, 1]);
    expect([...sampleCounts(series, { seconds: 240, stepSeconds: 60, sampleSeconds: 120 })]).toEqual([3, 3, 5, 5]);
  });
});

describe('a trace of counts', () => {
  it('is read as the public set writes it', () => {
    const parsed = parseCountTrace('a.json', '{"metadata":{"gap_seconds":300},"data":[0,16,3]}');
    expect(parsed).toEqual({
      ok: true,
      trace: { gapSeconds: 300, pools: [{ name: 'a.json', counts: Float64Array.from([0, 16, 3]) }] },
    });
  });

  it('is read with run lengths, what was not seen being not available', () => {
    const parsed = parseCountTrace('a.json', '{"gap_seconds":60,"availability_rle":{"x":[[1,2],[null,1]]}}');
    expect(parsed).toMatchObject({ ok: true, trace: { pools: [{ name: 'x', counts: Float64Array.from([1, 1, 0]) }] } });
  });

  it('may have prices, not a number where nobody knows them', () => {
    const parsed = parseCountTrace('a.json', '{"metadata":{"gap_seconds":60},"data":[1,1],"prices":[0.5,null]}');
    expect(parsed).toMatchObject({ ok: true, trace: { pools: [{ price: Float64Array.from([0.5, Number.NaN]) }] } });
    const text =
      '{"gap_seconds":60,"availability_rle":{"x":[[1,3]],"y":[[1,3]]},"price_usd_per_hour_rle":{"x":[[0.5,2],[null,1]]}}';
    const runs = parseCountTrace('a.json', text);
    expect(runs.ok && runs.trace.pools.map(({ price }) => price)).toEqual([
      Float64Array.from([0.5, 0.5, Number.NaN]),
      undefined,
    ]);
  });

  it('is refused with every problem, each with its place', () => {
    const parsed = parseCountTrace('a.json', '{"metadata":{"gap_seconds":0},"data":[1,-1,"2",0.5]}');
    expect(parsed.ok ? [] : parsed.problems.map(({ where }) => where)).toEqual([
      'metadata.gap_seconds',
      'data[1]',
      'data[2]',
      'data[3]',
    ]);
  });

  it.each([
    '',
    'nope',
    '[]',
    '3',
    '{"metadata":{"gap_seconds":60},"data":[]}',
    '{"gap_seconds":60,"availability_rle":{}}',
    '{"gap_seconds":60,"availability_rle":{"x":[[1,9000000]]}}',
    '{"gap_seconds":60,"availability_rle":{"x":[[1,3]]},"price_usd_per_hour_rle":{"x":[[-1,3]]}}',
    '{"metadata":{"gap_seconds":60},"data":[1,1],"prices":[1]}',
    '{"metadata":{"gap_seconds":60},"data":[1,1],"prices":7}',
  ])('is refused when it is %j', (text) => {
    expect(parseCountTrace('a.json', text).ok).toBe(false);
  });
});
