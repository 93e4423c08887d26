import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { createTableRequest, TABLES } from '../../bench/tables.ts';

interface TableResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>> & { readonly KeySchema: readonly { AttributeName: string }[] };
}

const template = parse(readFileSync(fileURLToPath(new URL('../../serverless.yml', import.meta.url)), 'utf8'), {
  logLevel: 'silent',
  // Our own file; the limit guards against strangers'.
  maxAliasCount: -1,
}) as { readonly resources: readonly { readonly Resources?: Readonly<Record<string, TableResource>> }[] };

/** The template's tables by the first attribute of their key. */
const tableWithKey = (attribute: string | undefined) =>
  template.resources
    .flatMap(({ Resources = {} }) => Object.values(Resources))
    .find(
      ({ Type, Properties }) => Type === 'AWS::DynamoDB::Table' && Properties.KeySchema[0]?.AttributeName === attribute,
    )?.Properties;

/** What depends on a condition is not in the deployment that is measured: no fleet of it has a window. */
const byName = (indexes: unknown) =>
  (indexes as { readonly IndexName?: string }[] | undefined)
    ?.filter((index): index is { readonly IndexName: string } => index.IndexName !== undefined)
    .toSorted((one, other) => one.IndexName.localeCompare(other.IndexName));

it.each(Object.entries(TABLES))(
  'the table %s is measured with the keys and indexes it is deployed with',
  (name, table) => {
    const deployed = tableWithKey(table.key[0]);
    const measured = createTableRequest(name, table);
    expect(measured['KeySchema']).toEqual(deployed?.KeySchema);
    expect(byName(measured['GlobalSecondaryIndexes'])).toEqual(byName(deployed?.['GlobalSecondaryIndexes']));
  },
);
