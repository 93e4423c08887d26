import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EC2Client } from '@aws-sdk/client-ec2';
import { PricingClient } from '@aws-sdk/client-pricing';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sesMailer } from '../../lib/aws/mailer.ts';
import { awsPrices } from '../../lib/aws/prices.ts';
import { epochMs } from '../../lib/fleet/time.ts';

/** The services' wire forms, as their API references give them, over HTTP to the real clients. */
interface Request {
  readonly path: string;
  readonly target: string | undefined;
  readonly body: string;
}

const requests: Request[] = [];
let answer: (request: Request) => { readonly status?: number; readonly body: string };

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

const server = createServer(async (incoming, response) => {
  const body = await bodyOf(incoming);
  const target = incoming.headers['x-amz-target'];
  const request = { path: incoming.url!, target: typeof target === 'string' ? target : undefined, body };
  requests.push(request);
  const { status = 200, body: content } = answer(request);
  response.writeHead(status).end(content);
});

const options = () => ({
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});

beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => void server.close(resolve)));
beforeEach(() => void requests.splice(0));

const prices = () =>
  awsPrices({ ec2: new EC2Client(options()), pricing: new PricingClient(options()), region: 'eu-central-1' });

const at = (iso: string) => epochMs(Date.parse(iso));

describe('spot prices', () => {
  const item = (type: string, zone: string, price: string, time: string) =>
    `<item><instanceType>${type}</instanceType><availabilityZone>${zone}</availabilityZone><productDescription>Linux/UNIX</productDescription><spotPrice>${price}</spotPrice><timestamp>${time}</timestamp></item>`;
  const page = (items: readonly string[], nextToken = '') =>
    `<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><spotPriceHistorySet>${items.join('')}</spotPriceHistorySet><nextToken>${nextToken}</nextToken></DescribeSpotPriceHistoryResponse>`;
  const ask = () =>
    prices().spotHistory(['a1.large', 'b1.large'], ['z-1a'], at('2026-11-20T00:00Z'), at('2026-11-21T00:00Z'));

  test('are read page by page, in order of time, in whole micro-dollars', async () => {
    answer = ({ body }) =>
      body.includes('NextToken=more')
        ? {
            body: page([
              item('a1.large', 'z-1a', '0.024100', '2026-11-19T23:00:00.000Z'),
              item('b1.large', 'z-1a', '0.0312345', '2026-11-20T01:00:00.000Z'),
            ]),
          }
        : { body: page([item('a1.large', 'z-1a', '0.025000', '2026-11-20T10:00:00.000Z')], 'more') };
    expect([...(await ask())]).toEqual([
      [
        'a1.large/z-1a',
        [
          { at: at('2026-11-19T23:00Z'), microUsdPerHour: 24_100 },
          { at: at('2026-11-20T10:00Z'), microUsdPerHour: 25_000 },
        ],
      ],
      ['b1.large/z-1a', [{ at: at('2026-11-20T01:00Z'), microUsdPerHour: 31_235 }]],
    ]);
    const asked = new URLSearchParams(requests[0]!.body);
    expect(asked.get('ProductDescription.1')).toBe('Linux/UNIX');
    expect([asked.get('InstanceType.1'), asked.get('InstanceType.2')]).toEqual(['a1.large', 'b1.large']);
    expect(asked.get('Filter.1.Value.1')).toBe('z-1a');
  });

  test('that cannot be read are left out', async () => {
    answer = () => ({
      body: page([
        item('a1.large', 'z-1a', 'n/a', '2026-11-20T10:00:00.000Z'),
        item('b1.large', 'z-1a', '0.000000', '2026-11-20T10:00:00.000Z'),
      ]),
    });
    expect((await ask()).size).toBe(0);
  });

  test('that are refused are an error, not an empty history', async () => {
    answer = () => ({
      status: 403,
      body: '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>',
    });
    await expect(ask()).rejects.toThrow('no');
  });
});

describe('on-demand prices', () => {
  const product = (...usd: readonly string[]) =>
    JSON.stringify({
      product: { attributes: { instanceType: 'a1.large' } },
      terms: {
        OnDemand: {
          'SKU.TERM': {
            priceDimensions: Object.fromEntries(
              usd.map((price, index) => [`SKU.TERM.${index}`, { unit: 'Hrs', pricePerUnit: { USD: price } }]),
            ),
          },
        },
      },
    });
  const list = (...documents: readonly string[]) => ({ body: JSON.stringify({ PriceList: documents }) });

  test('are read once for each type, by the filters that leave one product', async () => {
    answer = () => list(product('0.0725000000'));
    const source = prices();
    expect([...(await source.onDemand(['a1.large', 'a1.large']))]).toEqual([['a1.large', 72_500]]);
    expect([...(await source.onDemand(['a1.large']))]).toEqual([['a1.large', 72_500]]);
    expect(requests).toHaveLength(1);
    expect(requests[0]!.target).toBe('AWSPriceListService.GetProducts');
    const asked = JSON.parse(requests[0]!.body) as { Filters: { Field: string; Value: string }[] };
    expect(Object.fromEntries(asked.Filters.map(({ Field, Value }) => [Field, Value]))).toEqual({
      instanceType: 'a1.large',
      regionCode: 'eu-central-1',
      operatingSystem: 'Linux',
      preInstalledSw: 'NA',
      tenancy: 'Shared',
      capacitystatus: 'Used',
    });
  });

  test.each([
    ['no product', []],
    ['a price of nothing', [product('0.0000000000')]],
    ['two prices that differ', [product('0.0725000000'), product('0.0800000000')]],
  ])('are absent for %s, and asked for again', async (_what, documents) => {
    answer = () => list(...documents);
    const source = prices();
    expect((await source.onDemand(['a1.large'])).size).toBe(0);
    answer = () => list(product('0.0725000000'));
    expect((await source.onDemand(['a1.large'])).get('a1.large')).toBe(72_500);
  });
});

describe('mail by SES', () => {
  const mail = { from: 'spothop@example.com', to: ['ops@example.com'], raw: Buffer.from('Subject: hi\r\n\r\nhello') };

  test('is sent as it was composed', async () => {
    answer = () => ({ body: '{"MessageId":"m-1"}' });
    await sesMailer(new SESv2Client(options())).send(mail);
    const sent = JSON.parse(requests[0]!.body);
    expect(requests[0]!.path).toBe('/v2/email/outbound-emails');
    expect(sent.Destination).toEqual({ ToAddresses: ['ops@example.com'] });
    expect(Buffer.from(sent.Content.Raw.Data, 'base64').toString()).toBe('Subject: hi\r\n\r\nhello');
  });

  test('that SES refuses is an error', async () => {
    answer = () => ({ status: 400, body: '{"__type":"MessageRejected","message":"Email address is not verified."}' });
    await expect(sesMailer(new SESv2Client(options())).send(mail)).rejects.toThrow('not verified');
  });

  test('to more people than SES takes is refused before it is sent', async () => {
    const to = Array.from({ length: 51 }, (_, index) => `p${index}@example.com`);
    await expect(sesMailer(new SESv2Client(options())).send({ ...mail, to })).rejects.toThrow('51 recipients');
    expect(requests).toEqual([]);
  });
});
