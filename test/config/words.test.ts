import { describe, expect, it } from 'vitest';
import { architectureOf } from '../../lib/config/instance-type.ts';
import { formatProblems, pathText } from '../../lib/config/problem.ts';
import { editDistance, suggest } from '../../lib/config/suggest.ts';
import { timeZoneFault } from '../../lib/config/time-zone.ts';

const KEYS = ['mode', 'tier', 'instanceTypes', 'zones', 'visibilitySeconds', 'onDemand'];

describe('a suggestion', () => {
  it.each([
    ['mod', 'mode'],
    ['instance_types', 'instanceTypes'],
    ['InstanceType', 'instanceTypes'],
    ['zone', 'zones'],
    ['on-demand', 'onDemand'],
    ['visibility', undefined],
    ['budget', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ])('for %s is %s', (written, meant) => {
    expect(suggest(written, KEYS)).toBe(meant);
  });

  it.each([
    ['', '', 0],
    ['mode', 'mode', 0],
    ['mode', 'mod', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ])('counts from %s to %s %i letters', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata', 'Etc/GMT+1'])(
    '%s is known',
    (name) => {
      expect(timeZoneFault(name)).toBeUndefined();
    },
  );

  it.each([
    ['europe/berlin', 'did you mean Europe/Berlin?'],
    ['utc', 'did you mean UTC?'],
    ['+02:00', 'write a name of the IANA database, such as Europe/Berlin or UTC'],
    ['', 'write a name of the IANA database, such as Europe/Berlin or UTC'],
  ])('%s is refused with a better one', (name, fix) => {
    expect(timeZoneFault(name)?.fix).toBe(fix);
  });
});

describe('the architecture of an instance type', () => {
  it.each([
    ['c7g.large', 'arm64'],
    ['c7gn.16xlarge', 'arm64'],
    ['im4gn.large', 'arm64'],
    ['t4g.nano', 'arm64'],
    ['g5g.xlarge', 'arm64'],
    ['a1.medium', 'arm64'],
    ['g4dn.xlarge', 'x86_64'],
    ['g6.xlarge', 'x86_64'],
    ['c7i-flex.large', 'x86_64'],
    ['m7a.large', 'x86_64'],
    ['t3.micro', 'x86_64'],
    ['mac2.metal', undefined],
    ['u-6tb1.56xlarge', undefined],
    ['p6e-gb200.36xlarge', undefined],
  ])('of %s is %s', (type, architecture) => {
    expect(architectureOf(type)).toBe(architecture);
  });
});

describe('problems on a terminal', () => {
  it('are one a line, by line and column', () => {
    const problem = { path: 'a', reason: 'is wrong', fix: 'right it' };
    expect(
      formatProblems('f.yml', [
        { ...problem, line: 10, column: 1 },
        { ...problem, line: 9, column: 7 },
        { ...problem, line: 9, column: 2, path: '' },
      ]),
    ).toBe(
      'f.yml:9:2  is wrong; fix: right it\nf.yml:9:7  a: is wrong; fix: right it\nf.yml:10:1  a: is wrong; fix: right it',
    );
  });

  it('show odd keys in quotes', () => {
    expect(pathText(['fleets', 'a b', 'zones', 1])).toBe('fleets."a b".zones[1]');
  });
});
