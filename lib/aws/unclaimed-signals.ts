import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { InstanceId } from '../fleet/ids.ts';
import { UNCLAIMED_SECONDS } from '../fleet/limits.ts';
import type { RecordedSignal, Signal } from '../fleet/signal.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { unlessRefused } from './errors.ts';
import { allOf, attribute, fragment, render, value } from './expressions.ts';
import type { FleetTable } from './fleets.ts';
import { queryAll } from './pages.ts';

/** No fleet's name begins with a tilde (the fleet file's schema), so this key is nobody's. */
const UNCLAIMED = '~unclaimed';

/** Signals recorded before this are forgotten, whether or not DynamoDB has deleted them yet (B16: within two days). */
const forgottenBefore = (now: EpochMs): EpochMs => addMs(now, -secondsToMs(UNCLAIMED_SECONDS));

/** The first of a kind stays, as on an item of its own, unless it is older than an hour. */
export const keepUnclaimed = async (table: FleetTable, signal: Signal, now: EpochMs): Promise<void> => {
  const { instanceId, ...told } = signal;
  const put = new PutCommand({
    TableName: table.tableName,
    Item: {
      fleet: UNCLAIMED,
      part: `${instanceId}#${signal.kind}`,
      form: 1,
      signal: { ...told, recordedAt: now },
      recordedAt: now,
      expiresAt: Math.ceil(now / 1_000) + UNCLAIMED_SECONDS,
    },
    ...render({
      condition: fragment`attribute_not_exists(${attribute('part')}) OR ${attribute('recordedAt')} <= ${value(forgottenBefore(now))}`,
    }),
  });
  await unlessRefused(() => table.client.send(put));
};

type KeptSignal = RecordedSignal & Pick<Signal, 'kind'>;

/** In the order of their kinds' names. A form we do not know cannot be a warning we could act on, so it is passed over. */
export const unclaimedSignals = async (table: FleetTable, id: InstanceId, now: EpochMs): Promise<KeptSignal[]> => {
  const keyCondition = allOf([
    fragment`${attribute('fleet')} = ${value(UNCLAIMED)}`,
    fragment`begins_with(${attribute('part')}, ${value(`${id}#`)})`,
  ]);
  const items = await queryAll(table.client, { TableName: table.tableName, ...render({ keyCondition }) });
  return items
    .filter((item) => item['form'] === 1 && Number(item['recordedAt']) > forgottenBefore(now))
    .map((item) => item['signal'] as KeptSignal);
};
