export type Architecture = 'arm64' | 'x86_64';

/** `c7gd.2xlarge`, `c7i-flex.large`, `u-6tb1.56xlarge`, `m7g.metal-48xl`. */
export const INSTANCE_TYPE = /^[a-z][a-z0-9-]{0,20}\.[a-z0-9][a-z0-9-]{0,20}$/;

/**
 * Family, generation, attributes, size (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html):
 * among the attributes, `g` means a Graviton processor.
 */
const PARTS = /^[a-z]+\d+([a-z]*)(?:-flex)?\./;

/** The architecture that the name tells; nothing for names that do not follow the scheme. A1 came before it. */
export const architectureOf = (instanceType: string): Architecture | undefined => {
  if (instanceType.startsWith('a1.')) return 'arm64';
  const attributes = PARTS.exec(instanceType)?.[1];
  if (attributes === undefined || instanceType.startsWith('mac')) return undefined;
  return attributes.includes('g') ? 'arm64' : 'x86_64';
};
