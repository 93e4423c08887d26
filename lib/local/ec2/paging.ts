import { AwsError } from '../service.ts';
import { type Query, wholeNumber } from './query.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Empty on the last page, as EC2 writes it. */
  readonly nextToken: string;
}

/** A token names the last item that was given out, so that items which come or go do not shift the pages. */
const encodeToken = (key: string): string => Buffer.from(key).toString('base64url');

const startAfter = <Item>(items: readonly Item[], keyOf: (item: Item) => string, token: string): number => {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  const index = items.findIndex((item) => keyOf(item) === key);
  if (index === -1) throw new AwsError(400, 'InvalidParameterValue', `Unable to parse pagination token: ${token}`);
  return index + 1;
};

/** The page that `MaxResults` and `NextToken` of the request ask for. */
export const pageOf = <Item>(
  query: Query,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  sizeMax = 1_000,
): Page<Item> => {
  const size = Math.min(sizeMax, Math.max(1, wholeNumber(query, 'MaxResults', sizeMax)));
  const token = query.text('NextToken');
  const start = token ? startAfter(items, keyOf, token) : 0;
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  const isLastPage = last === undefined || start + size >= items.length;
  return { items: page, nextToken: isLastPage ? '' : encodeToken(keyOf(last)) };
};
