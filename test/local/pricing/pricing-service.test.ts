import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dollars } from '../../../lib/local/pricing/price-list.ts';
import { pricing } from '../../../lib/local/pricing/pricing-service.ts';
import { call, jsonOf, testContext } from '../support/local-context.ts';

const catalogue = { 'c7g.large': 72_500, 'm7g.large': 81_600, 'r7g.xlarge': 214_200 };

const products = async (filters: Readonly<Record<string, string>>, extra: Readonly<Record<string, unknown>> = {}) => {
  const Filters = Object.entries(filters).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value }));
  const answer = await call(pricing(testContext(), catalogue).services[0], {
    headers: { 'x-amz-target': 'AWSPriceListService.GetProducts' },
    body: JSON.stringify({ ServiceCode: 'AmazonEC2', Filters, ...extra }),
  });
  return jsonOf(answer) as { PriceList: string[]; NextToken?: string };
};

const usual = {
  regionCode: 'us-east-1',
  operatingSystem: 'Linux',
  tenancy: 'Shared',
  preInstalledSw: 'NA',
  capacitystatus: 'Used',
};

const typesOf = (list: readonly string[]): readonly string[] =>
  list.map((entry) => JSON.parse(entry).product.attributes.instanceType);

describe('GetProducts', () => {
  it('gives the on-demand price where the price list keeps it', async () => {
    const { PriceList } = await products({ ...usual, instanceType: 'm7g.large' });
    expect(PriceList).toHaveLength(1);
    const product = JSON.parse(PriceList[0] ?? '');
    expect(product.product.attributes).toMatchObject({
      ...usual,
      instanceType: 'm7g.large',
      location: 'US East (N. Virginia)',
    });
    const [term] = Object.values<{ priceDimensions: Record<string, unknown> }>(product.terms.OnDemand);
    expect(Object.values(term?.priceDimensions ?? {})).toEqual([
      expect.objectContaining({ unit: 'Hrs', pricePerUnit: { USD: '0.0816000000' } }),
    ]);
  });

  it('answers every type that fits the filters, and none for a filter that fits nothing', async () => {
    expect(typesOf((await products(usual)).PriceList)).toEqual(['c7g.large', 'm7g.large', 'r7g.xlarge']);
    expect((await products({ ...usual, operatingSystem: 'Windows' })).PriceList).toEqual([]);
    expect((await products({ location: 'EU (Frankfurt)' })).PriceList).toEqual([]);
    expect((await products({ noSuchField: 'x' })).PriceList).toEqual([]);
  });

  it('comes in pages', async () => {
    const first = await products(usual, { MaxResults: 2 });
    expect(typesOf(first.PriceList)).toEqual(['c7g.large', 'm7g.large']);
    const second = await products(usual, { MaxResults: 2, NextToken: first.NextToken });
    expect(typesOf(second.PriceList)).toEqual(['r7g.xlarge']);
    expect(second.NextToken).toBeUndefined();
  });
});

describe('a price in dollars', () => {
  it.each([
    [81_600, '0.0816000000'],
    [1_000_000, '1.0000000000'],
    [12_000_001, '12.0000010000'],
    [0, '0.0000000000'],
  ])('%i micro-dollars is %s', (microUsd, text) => expect(dollars(microUsd)).toBe(text));

  it('loses nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (microUsd) => {
        expect(BigInt(dollars(microUsd).replace('.', ''))).toBe(BigInt(microUsd) * 10_000n);
      }),
    );
  });
});
