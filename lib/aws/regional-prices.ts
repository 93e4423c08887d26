import { EC2Client } from '@aws-sdk/client-ec2';
import type { Prices } from '../ports/money.ts';
import { clientSettings, pricingClient } from './clients.ts';
import { awsPrices, PRICE_LIST_REGION } from './prices.ts';

/** Prices of a stack's Region, for somebody at a desk that is set to any. */
export const regionalPrices = (region: string): Prices =>
  awsPrices({
    ec2: new EC2Client({ ...clientSettings('patient'), region }),
    pricing: pricingClient(PRICE_LIST_REGION),
    region,
  });
