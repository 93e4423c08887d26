import packageFile from '../../package.json' with { type: 'json' };

const DIGEST_CHARACTERS = 12;

/** `0.1.0`, and where the digest of the bundled file is known `0.1.0+0a1b2c3d4e5f`: two builds of one version differ. */
export const agentVersion = (bundleSha256?: string): string =>
  bundleSha256 === undefined
    ? packageFile.version
    : `${packageFile.version}+${bundleSha256.slice(0, DIGEST_CHARACTERS)}`;
