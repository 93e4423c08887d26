import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { FleetHead, FleetState, PoolMemory } from '../fleet/fleet.ts';
import { emptyHead, isWritten } from '../fleet/fleet-head.ts';
import type { Ec2FleetId, FleetName, IntentId } from '../fleet/ids.ts';
import { ANSWER_RETENTION_DAYS } from '../fleet/limits.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { FleetStore, HeadChange } from '../ports/fleets.ts';
import { unlessRefused } from './errors.ts';
import {
  allOf,
  assign,
  attribute,
  type Fragment,
  fragment,
  increase,
  render,
  type Update,
  value,
} from './expressions.ts';
import { HEAD, headFrom, headItem, headKey, memberItem, memberKey, proofItem, stateFrom } from './fleet-items.ts';
import { queryAll } from './pages.ts';
import { keepPriceBoard, readPriceBoard } from './price-boards.ts';
import { keepUnclaimed, unclaimedSignals } from './unclaimed-signals.ts';

export interface FleetTable {
  readonly client: DynamoDBDocumentClient;
  /** A table with the key `fleet` (S), `part` (S); time to live on `expiresAt`. */
  readonly tableName: string;
}

const readHead = async (table: FleetTable, fleet: FleetName): Promise<FleetHead> => {
  const { Item: item } = await table.client.send(
    new GetCommand({ TableName: table.tableName, Key: headKey(fleet), ConsistentRead: true }),
  );
  return headFrom(table.tableName, fleet, item);
};

const read = async (table: FleetTable, fleet: FleetName): Promise<FleetState> => {
  const head = await readHead(table, fleet);
  const keyCondition = allOf([
    fragment`${attribute('fleet')} = ${value(fleet)}`,
    fragment`${attribute('part')} > ${value(HEAD)}`,
  ]);
  const items = await queryAll(table.client, { TableName: table.tableName, ...render({ keyCondition }) });
  return stateFrom(table.tableName, head, items);
};

const generation = attribute('generation');

/** Whether the head was written: it was there and met the condition. */
const updateHead = async (
  table: FleetTable,
  fleet: FleetName,
  update: Update,
  conditions: readonly Fragment[],
): Promise<boolean> => {
  const isKnown = fragment`${attribute('form')} = ${value(1)}`;
  const command = new UpdateCommand({
    TableName: table.tableName,
    Key: headKey(fleet),
    ...render({ update, condition: allOf([isKnown, ...conditions]) }),
  });
  return (await unlessRefused(() => table.client.send(command))) !== undefined;
};

/** Places inside a map can be written only once the map is there; a head that exists stays as it is. */
const ensureHead = async (table: FleetTable, fleet: FleetName): Promise<void> => {
  const put = new PutCommand({
    TableName: table.tableName,
    Item: headItem(emptyHead(fleet)),
    ...render({ condition: fragment`attribute_not_exists(${attribute('part')})` }),
  });
  await unlessRefused(() => table.client.send(put));
};

const learned = ({ pools = {}, restUntil }: HeadChange): Fragment[] => [
  ...Object.entries(pools).map(([pool, memory]) => assign(attribute('pools', pool), memory)),
  ...(restUntil === undefined ? [] : [assign(attribute('restUntil'), restUntil)]),
];

const changeHead = async (table: FleetTable, fleet: FleetName, generationRead: number, change: HeadChange) => {
  const { open = [] } = change;
  if (generationRead === 0) await ensureHead(table, fleet);
  const set = [
    assign(generation, generationRead + 1),
    ...open.map((intent) => assign(attribute('openIntents', intent.intentId), intent)),
    ...learned(change),
  ];
  if (await updateHead(table, fleet, { set }, [fragment`${generation} = ${value(generationRead)}`])) return 'done';
  return isWritten(await readHead(table, fleet), open) ? 'done' : 'lost';
};

/** DynamoDB takes expressions of 4 KB, and each pool's place in one is some twenty characters. */
const POOLS_IN_ONE_WRITE = 100;

const inWrites = (pools: HeadChange['pools'] = {}): Record<string, PoolMemory>[] => {
  const entries = Object.entries(pools);
  return Array.from({ length: Math.ceil(entries.length / POOLS_IN_ONE_WRITE) }, (_, write) =>
    Object.fromEntries(entries.slice(write * POOLS_IN_ONE_WRITE, (write + 1) * POOLS_IN_ONE_WRITE)),
  );
};

/** What many pools taught is written before the last write closes the intent: a crash between leaves it open. */
const closeIntent = async (table: FleetTable, fleet: FleetName, id: IntentId, lesson: HeadChange): Promise<void> => {
  const intent = attribute('openIntents', id);
  const isOpen = fragment`attribute_exists(${intent})`;
  const writes = inWrites(lesson.pools);
  for (const pools of writes.slice(0, -1)) await updateHead(table, fleet, { set: learned({ pools }) }, [isOpen]);
  const last = { ...lesson, pools: writes.at(-1) ?? {} };
  const update = { set: [increase(generation, 1), ...learned(last)], remove: [intent] };
  await updateHead(table, fleet, update, [isOpen]);
};

/** A hint that nobody races for: no condition but that the head is there, and where given that it is not known better. */
const note = async (
  table: FleetTable,
  fleet: FleetName,
  update: Update,
  conditions: readonly Fragment[] = [],
): Promise<void> => {
  if (await updateHead(table, fleet, update, conditions)) return;
  await ensureHead(table, fleet);
  await updateHead(table, fleet, update, conditions);
};

const noteUnfinishedSince = (table: FleetTable, fleet: FleetName, at: EpochMs): Promise<void> => {
  const since = attribute('unfinishedSince');
  const isLater = fragment`attribute_not_exists(${since}) OR ${since} < ${value(at)}`;
  return note(table, fleet, { set: [assign(since, at)] }, [isLater]);
};

const noteSpotAway = (table: FleetTable, fleet: FleetName, since: EpochMs | undefined): Promise<void> => {
  const place = attribute('spotAwaySince');
  return note(table, fleet, since === undefined ? { remove: [place] } : { set: [assign(place, since)] });
};

/** A proof expires with DynamoDB's time to live, counted from the opening of its intent; nothing depends on when. */
const recordAnswer = async (table: FleetTable, fleet: FleetName, id: IntentId, ec2Fleet: Ec2FleetId): Promise<void> => {
  const openedAt = (await readHead(table, fleet)).openIntents[id]?.openedAt;
  const expiry =
    openedAt === undefined ? {} : { expiresAt: Math.ceil(openedAt / 1_000) + ANSWER_RETENTION_DAYS * 24 * 3_600 };
  const Item = { ...proofItem(fleet, id, ec2Fleet), ...expiry };
  await table.client.send(new PutCommand({ TableName: table.tableName, Item }));
};

/** The fleets table in DynamoDB. Every write is one item; what must not be raced is conditional on the generation. */
export const dynamoFleetStore = (table: FleetTable): FleetStore => ({
  read: (fleet) => read(table, fleet),
  changeHead: (fleet, generationRead, change) => changeHead(table, fleet, generationRead, change),
  closeIntent: (fleet, id, lesson) => closeIntent(table, fleet, id, lesson),
  notePool: (fleet, pool, memory) => note(table, fleet, { set: learned({ pools: { [pool]: memory } }) }),
  noteRunTimes: (fleet, runTimes) => note(table, fleet, { set: [assign(attribute('runTimes'), runTimes)] }),
  noteUnfinishedSince: (fleet, at) => noteUnfinishedSince(table, fleet, at),
  noteSpotAway: (fleet, since) => noteSpotAway(table, fleet, since),
  recordAnswer: (fleet, id, ec2Fleet) => recordAnswer(table, fleet, id, ec2Fleet),
  addMember: async (fleet, member) => {
    await table.client.send(new PutCommand({ TableName: table.tableName, Item: memberItem(fleet, member) }));
  },
  removeMember: async (fleet, id) => {
    await table.client.send(new DeleteCommand({ TableName: table.tableName, Key: memberKey(fleet, id) }));
  },
  prices: (fleet) => readPriceBoard(table, fleet),
  putPrices: (fleet, board) => keepPriceBoard(table, fleet, board),
  keepUnclaimed: (signal, now) => keepUnclaimed(table, signal, now),
  unclaimed: (id, now) => unclaimedSignals(table, id, now),
});
