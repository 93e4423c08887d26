/**
 * The Price List Query API, GetProducts for EC2 only.
 *
 * Not modelled: other services' products, DescribeServices, attribute values, price list files.
 */
import { jsonAnswer, jsonError } from '../http/answers.ts';
import { jsonBody, jsonTarget, unknownOperation } from '../http/json-call.ts';
import { AwsError, type LocalContext, type LocalPart, type LocalResponse, type LocalService } from '../service.ts';
import { objects, optionalNumber, optionalText, type Properties, text } from '../template-values.ts';
import { attributesOf, type PriceCatalogue, priceListEntry } from './price-list.ts';

/** The API's own page size at most. */
const RESULTS_MAX = 100;
const PUBLISHED_AT = '2026-11-01T00:00:00Z';

const invalid = (message: string): AwsError => new AwsError(400, 'InvalidParameterException', message);

interface Filter {
  readonly field: string;
  readonly value: string;
}

const filterFrom = (filter: Properties): Filter => {
  const type = text(filter, 'Type');
  if (type !== 'TERM_MATCH') throw invalid(`The local cloud knows filters of type TERM_MATCH, not ${type}.`);
  return { field: text(filter, 'Field'), value: text(filter, 'Value') };
};

/** Field names ignore case; a product without the attribute does not match. `productFamily` stands beside the attributes. */
const matches = (instanceType: string, { field, value }: Filter): boolean => {
  const all = { ...attributesOf(instanceType), productFamily: 'Compute Instance' };
  return Object.entries(all).some(([name, held]) => name.toLowerCase() === field.toLowerCase() && held === value);
};

const getProducts = (catalogue: PriceCatalogue, body: Properties): LocalResponse => {
  const service = text(body, 'ServiceCode');
  if (service !== 'AmazonEC2') throw invalid(`The local cloud has the prices of AmazonEC2, not of ${service}.`);
  const filters = objects(body, 'Filters').map(filterFrom);
  const found = Object.keys(catalogue)
    .toSorted()
    .filter((type) => filters.every((filter) => matches(type, filter)));
  const start = Number(optionalText(body, 'NextToken') ?? '0');
  const count = Math.min(optionalNumber(body, 'MaxResults') ?? RESULTS_MAX, RESULTS_MAX);
  const page = found.slice(start, start + count);
  const next = start + count < found.length ? { NextToken: String(start + count) } : {};
  const PriceList = page.map((type) => priceListEntry(type, catalogue[type] ?? 0, PUBLISHED_AT));
  return jsonAnswer({ FormatVersion: 'aws_v1', PriceList, ...next }, '1.1');
};

/** `catalogue` gives the on-demand price of each instance type there is, in millionths of a US dollar an hour. */
export const pricing = (_context: LocalContext, catalogue: PriceCatalogue): LocalPart => {
  const service: LocalService = {
    signingNames: ['pricing'],
    understand: (request) => {
      const action = jsonTarget(request);
      if (action !== 'GetProducts') throw unknownOperation('price list', action);
      const filters = objects(jsonBody(request), 'Filters').map(filterFrom);
      return {
        action,
        checks: [{ action: 'pricing:GetProducts', resource: '*', context: {} }],
        parameters: { filters },
      };
    },
    handle: async (request) => getProducts(catalogue, jsonBody(request)),
    error: (status, code, message) => jsonError(status, code, message, '1.1'),
  };
  return { services: [service], providers: [] };
};
