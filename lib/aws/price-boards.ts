import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { FleetName } from '../fleet/ids.ts';
import type { PriceBoard } from '../fleet/price-board.ts';
import type { FleetTable } from './fleets.ts';

/** Under a key of its own, so that the role of the function that writes it can be bound to these items. */
const boardKey = (fleet: FleetName) => ({ fleet: `~prices/${fleet}`, part: 'board' });

/** Read anew by schedule: a board of a form that this version does not know is as good as none. */
export const readPriceBoard = async (
  { client, tableName }: FleetTable,
  fleet: FleetName,
): Promise<PriceBoard | undefined> => {
  const { Item: item } = await client.send(new GetCommand({ TableName: tableName, Key: boardKey(fleet) }));
  if (item?.['form'] !== 1) return undefined;
  const { fleet: _fleet, part: _part, ...board } = item;
  return board as PriceBoard;
};

export const keepPriceBoard = async (
  { client, tableName }: FleetTable,
  fleet: FleetName,
  board: PriceBoard,
): Promise<void> => {
  await client.send(new PutCommand({ TableName: tableName, Item: { ...boardKey(fleet), ...board } }));
};
