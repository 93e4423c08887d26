import type { FleetHead, FleetState, Member } from '../fleet/fleet.ts';
import { emptyHead } from '../fleet/fleet-head.ts';
import type { Ec2FleetId, FleetName, InstanceId, IntentId } from '../fleet/ids.ts';
import { UnknownForm } from '../fleet/unknown-form.ts';

export type Item = Record<string, unknown>;

/**
 * The parts of a fleet, in the order in which DynamoDB sorts them: the head, a row for each machine, and a row for each
 * EC2 fleet that answered us. The answers are rows because they only ever grow, and the head must stay small.
 */
export const HEAD = 'head';
const MEMBER = 'member#';
const PROOF = 'proof#';

export const headKey = (fleet: FleetName): Item => ({ fleet, part: HEAD });

export const memberKey = (fleet: FleetName, id: InstanceId): Item => ({ fleet, part: `${MEMBER}${id}` });

export const memberItem = (fleet: FleetName, member: Member): Item => ({
  ...memberKey(fleet, member.instanceId),
  form: 1,
  ...member,
});

export const proofItem = (fleet: FleetName, intentId: IntentId, ec2FleetId: Ec2FleetId): Item => ({
  fleet,
  part: `${PROOF}${ec2FleetId}`,
  form: 1,
  ec2FleetId,
  intentId,
});

/** Answers are rows of their own, so the stored head has none. */
export const headItem = (head: FleetHead): Item => {
  const { answered: _answered, ...stored } = head;
  return { ...headKey(head.fleet), form: 1, ...stored };
};

/** Refuses a record of a form that this version does not know; reading around it would miscount the fleet. */
const known = (tableName: string, item: Item): Item => {
  if (item['form'] === 1) return item;
  throw new UnknownForm(tableName, `${item['fleet']}/${item['part']}`, item['form']);
};

export const headFrom = (tableName: string, fleet: FleetName, item: Item | undefined): FleetHead => {
  if (!item) return emptyHead(fleet);
  const { part: _part, form: _form, ...head } = known(tableName, item);
  return { ...(head as unknown as FleetHead), answered: {} };
};

const memberFrom = (tableName: string, item: Item): Member => {
  const { fleet: _fleet, part: _part, form: _form, ...member } = known(tableName, item);
  return member as unknown as Member;
};

const proofFrom = (tableName: string, item: Item): readonly [Ec2FleetId, IntentId] => {
  const { ec2FleetId, intentId } = known(tableName, item);
  return [ec2FleetId as Ec2FleetId, intentId as IntentId];
};

const inPart = (prefix: string) => (item: Item) => String(item['part']).startsWith(prefix);

/** Parts that are neither belong to others who keep something under the fleet's key. */
export const stateFrom = (tableName: string, head: FleetHead, items: readonly Item[]): FleetState => ({
  head: {
    ...head,
    answered: Object.fromEntries(items.filter(inPart(PROOF)).map((item) => proofFrom(tableName, item))),
  },
  members: items.filter(inPart(MEMBER)).map((item) => memberFrom(tableName, item)),
});
