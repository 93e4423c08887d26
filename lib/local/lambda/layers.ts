/**
 * Layer versions: a zip kept under a name and a number, and a link to fetch it by.
 *
 * Not modelled: putting a layer under `/opt` of a function, layer permissions, deleting a version that is in use.
 */
import { arnOf, madeUpName } from '../arns.ts';
import { AwsError, LOCAL_REGION, type LocalContext, type ResourceInput, type ResourceProvider } from '../service.ts';
import { list, object, optionalText } from '../template-values.ts';
import { sha256Of, zipFrom } from './function-configuration.ts';

/** The path under which the front serves a layer's zip. Its link carries the name of the service, as a presigned link does. */
export const LAYER_CONTENT_PATH = '/2018-10-31/layer-content';

export interface LayerVersion {
  readonly name: string;
  readonly version: number;
  readonly arn: string;
  readonly description: string;
  readonly compatibleRuntimes: readonly string[];
  readonly content: Buffer;
  readonly codeSha256: string;
  readonly createdMs: number;
}

export interface Layers {
  readonly provider: ResourceProvider;
  /** Throws ResourceNotFoundException. */
  byArn(arn: string): LayerVersion;
  byNumber(nameOrArn: string, version: number): LayerVersion;
  /** The answer of GetLayerVersion and GetLayerVersionByArn. */
  describe(layer: LayerVersion): Readonly<Record<string, unknown>>;
}

const layerArn = (name: string): string => arnOf('lambda', `layer:${name}`);

const linkTo = (endpoint: string, accessKeyId: string, layer: LayerVersion): string => {
  const scope = encodeURIComponent(`${accessKeyId}/19700101/${LOCAL_REGION}/lambda/aws4_request`);
  return `${endpoint}${LAYER_CONTENT_PATH}/${layer.name}/${layer.version}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${scope}`;
};

export const createLayers = (context: LocalContext): Layers => {
  const versions = new Map<string, LayerVersion>();
  const newest = new Map<string, number>();
  let linkKey: string | undefined;

  /** The links are the service's own: whoever was allowed to see one may fetch, whatever else it may do. */
  const accessKeyOfLinks = (): string => {
    linkKey ??= context.credentials.issue({ kind: 'root' }).accessKeyId;
    return linkKey;
  };

  const publish = (input: ResourceInput): LayerVersion => {
    const { properties } = input;
    const name = optionalText(properties, 'LayerName') ?? madeUpName(input.stackName, input.logicalId);
    const version = (newest.get(name) ?? 0) + 1;
    const content = zipFrom(context, object(properties, 'Content'));
    const layer: LayerVersion = {
      name,
      version,
      arn: `${layerArn(name)}:${version}`,
      description: optionalText(properties, 'Description') ?? '',
      compatibleRuntimes: list(properties, 'CompatibleRuntimes').map(String),
      content,
      codeSha256: sha256Of(content),
      createdMs: context.clock.now(),
    };
    newest.set(name, version);
    versions.set(layer.arn, layer);
    return layer;
  };

  const byArn = (arn: string): LayerVersion => {
    const layer = versions.get(arn);
    if (layer === undefined)
      throw new AwsError(404, 'ResourceNotFoundException', `Layer version ${arn} does not exist.`);
    return layer;
  };

  return {
    byArn,
    byNumber: (nameOrArn, version) =>
      byArn(`${nameOrArn.startsWith('arn:') ? nameOrArn : layerArn(nameOrArn)}:${version}`),
    describe: (layer) => ({
      LayerArn: layerArn(layer.name),
      LayerVersionArn: layer.arn,
      Version: layer.version,
      Description: layer.description,
      CreatedDate: new Date(layer.createdMs).toISOString(),
      CompatibleRuntimes: layer.compatibleRuntimes,
      Content: {
        Location: linkTo(context.endpoint(), accessKeyOfLinks(), layer),
        CodeSha256: layer.codeSha256,
        CodeSize: layer.content.length,
      },
    }),
    provider: {
      type: 'AWS::Lambda::LayerVersion',
      create: async (input) => {
        const layer = publish(input);
        return {
          physicalId: layer.arn,
          ref: layer.arn,
          attributes: { LayerVersionArn: layer.arn },
          properties: input.properties,
        };
      },
      delete: async (existing) => void versions.delete(existing.physicalId),
    },
  };
};
