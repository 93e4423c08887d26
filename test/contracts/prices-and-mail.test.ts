import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PricingClient } from '@aws-sdk/client-pricing';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sesMailer } from '../../lib/aws/mailer.ts';
import { awsPrices } from '../../lib/aws/prices.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { mailService } from '../../lib/local/mail/mail-service.ts';
import { pricing } from '../../lib/local/pricing/pricing-service.ts';
import { exampleMarket } from '../../lib/market/settings.ts';
import type { Prices } from '../../lib/ports/money.ts';
import { memoryMailer } from '../../lib/simulator/ports/memory-mailer.ts';
import { memoryPrices } from '../../lib/simulator/ports/memory-prices.ts';
import { type Ec2Cloud, openEc2Cloud } from '../local/ec2/ec2-cloud.ts';
import { startTestCloud, type TestCloud } from '../local/support/cloud.ts';
import { manualClock } from '../support/manual-clock.ts';
import { MANY_SEQUENCES_MS } from './support/samples.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const HOURS = 48;
const ON_DEMAND = { 'c5.large': 85_000, 'm5.large': 96_000 };

let ec2: Ec2Cloud;
let cloud: TestCloud;
let served: Prices;
let inMemory: Prices;
beforeAll(async () => {
  const clock = manualClock(START);
  ec2 = await openEc2Cloud({ clock, market: exampleMarket(7, epochMs(START)) });
  // Prices are known up to now and no further.
  await clock.advance(HOURS * HOUR_MS);
  cloud = await startTestCloud({ extraServices: (context) => [mailService(context), pricing(context, ON_DEMAND)] });
  const client = new PricingClient(cloud.clientConfiguration());
  served = awsPrices({ ec2: ec2.client, pricing: client, region: 'us-east-1' });
  const whole = await served.spotHistory(TYPES, ZONES, epochMs(START), epochMs(START + HOURS * HOUR_MS));
  inMemory = memoryPrices(whole, new Map(Object.entries(ON_DEMAND)));
});
afterAll(async () => {
  await ec2.close();
  await cloud.close();
});

const TYPES = ['c5.large', 'm5.large'];
const ZONES = ['us-east-1a', 'us-east-1b'];

const windows = fc.record({
  types: fc.subarray([...TYPES, 'x1.unheard-of'], { minLength: 1 }),
  zones: fc.subarray(ZONES, { minLength: 1 }),
  from: fc.integer({ min: 0, max: HOURS * 3_600 }),
  seconds: fc.integer({ min: 0, max: 12 * 3_600 }),
});

describe('price histories in memory and those of EC2', () => {
  test('tell the same price in force at the start, and the same changes after it', {
    timeout: MANY_SEQUENCES_MS,
  }, async () => {
    let points = 0;
    const oneWindow = async (drawn: { types: string[]; zones: string[]; from: number; seconds: number }) => {
      const from = epochMs(START + drawn.from * 1_000);
      const to = epochMs(from + drawn.seconds * 1_000);
      const expected = await inMemory.spotHistory(drawn.types, drawn.zones, from, to);
      const found = await served.spotHistory(drawn.types, drawn.zones, from, to);
      expect(Object.fromEntries(found)).toStrictEqual(Object.fromEntries(expected));
      points += [...expected.values()].flat().length;
    };
    await fc.assert(fc.asyncProperty(windows, oneWindow), { numRuns: 100 });
    expect(points).toBeGreaterThan(100);
  });

  test('know the on-demand price of what is sold, and of nothing else', async () => {
    for (const types of [[], ['c5.large'], ['m5.large', 'c5.large', 'x1.unheard-of']]) {
      expect(Object.fromEntries(await served.onDemand(types))).toStrictEqual(
        Object.fromEntries(await inMemory.onDemand(types)),
      );
    }
  });
});

describe('a mailer in memory and SES', () => {
  test('take the same mails, byte for byte and in order', async () => {
    const memory = memoryMailer();
    const ses = sesMailer(new SESv2Client(cloud.clientConfiguration()));
    const mails = ['week 47', 'week 48: grün ✓'].map((subject) => ({
      from: 'reports@example.com',
      to: ['team@example.org'],
      raw: Buffer.from(
        `From: reports@example.com\r\nTo: team@example.org\r\nSubject: ${subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nof ${subject}\r\n`,
      ),
    }));
    for (const mail of mails) {
      await memory.send(mail);
      await ses.send(mail);
    }
    const outbox = join(cloud.folder, 'state', 'outbox');
    const stored = readdirSync(outbox)
      .filter((file) => file.endsWith('.eml'))
      .toSorted();
    expect(stored.map((file) => readFileSync(join(outbox, file), 'utf8'))).toStrictEqual(
      memory.outbox.map(({ raw }) => raw.toString('utf8')),
    );
  });
});
