/**
 * The local cloud with every service that Spothop uses: the one place where its parts are put together.
 *
 * What it does not model stands at the top of each part.
 */

import type { MarketSettings } from '../market/settings.ts';
import type { Clock } from '../ports/clock.ts';
import { type LocalCloud, startLocalCloud } from './cloud.ts';
import { type Ec2Part, ec2Service } from './ec2/ec2-service.ts';
import type { LocalNetwork } from './ec2/network.ts';
import type { HoldsWork } from './ec2/script-runner.ts';
import { eventBridge } from './events/event-bridge.ts';
import { machineGroups } from './groups/machine-groups.ts';
import { keyProvider } from './kms/key-provider.ts';
import { lambdaService } from './lambda/lambda-service.ts';
import { programFetcher } from './machines/fetch-program.ts';
import { mailService } from './mail/mail-service.ts';
import { notifications } from './notifications/notifications-service.ts';
import { pricing } from './pricing/pricing-service.ts';
import { scheduler } from './schedule/scheduler.ts';
import type { LocalContext, LocalPart } from './service.ts';

export interface WholeCloudOptions {
  readonly clock: Clock;
  readonly timeFactor: number;
  readonly timeOriginMs: number;
  readonly stateFolder: string;
  readonly random: () => number;
  readonly market: MarketSettings;
  readonly network: LocalNetwork;
  /** Working folder of the agents. */
  readonly projectFolder: string;
  readonly holdsWork?: HoldsWork;
  readonly port?: number;
  readonly recordFile?: string;
}

export interface WholeCloud extends LocalCloud {
  readonly machines: Pick<Ec2Part, 'runningMachines' | 'applyScript' | 'marketSummary'>;
}

const priceCatalogue = (market: MarketSettings): Record<string, number> =>
  Object.fromEntries(market.types.map((type) => [type.instanceType, type.onDemandMicroUsdPerHour]));

export const startWholeCloud = async (options: WholeCloudOptions): Promise<WholeCloud> => {
  let ec2: Ec2Part | undefined;
  const parts = (context: LocalContext): readonly LocalPart[] => {
    const lambda = lambdaService(context);
    ec2 = ec2Service(context, { ...options, fetchProgram: programFetcher(context, lambda.functions) });
    return [
      // Machines end first when the cloud closes, while their last calls are still answered.
      ec2,
      eventBridge(context, lambda.functions),
      scheduler(context, lambda.functions),
      machineGroups(context, ec2, options.random),
      notifications(context),
      mailService(context),
      pricing(context, priceCatalogue(options.market)),
      { services: [], providers: [keyProvider(options.random)] },
      lambda,
    ];
  };
  const cloud = await startLocalCloud({ ...options, extraServices: parts });
  return { ...cloud, machines: ec2! };
};
