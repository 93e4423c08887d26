import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGING_MS_MAX, type Packaging, packageService } from '../support/packaged-service.ts';

/** Four mistakes, of four kinds, on lines that the answer must name. */
const FLEET_FILE = `version: 1
fleets:
  index:
    mode: manage
    instanceTypes: [c7g.large, c6g.large, m7g.large]
    zones: [us-east-1a]
    network:
      subnets: [subnet-0a1b2c3d4e5f60718]
      securityGroups: [sg-1]
    capacity: { min: 9, max: 3 }
    worker: { task: ./examples/index-sources/task.ts }
    reprot: {}
`;

describe('a fleet file with mistakes', () => {
  let folder: string;
  let packaging: Packaging;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spothop-bad-'));
    const path = join(folder, 'mistaken.yml');
    writeFileSync(path, FLEET_FILE);
    packaging = await packageService(folder, path);
  }, PACKAGING_MS_MAX);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('stops the packaging', () => {
    expect(packaging.code).not.toBe(0);
    expect(packaging.text).toContain('Nothing was deployed.');
  });

  it.each([
    ['mistaken.yml:6', 'fleets.index.zones', 'allowSingleZone: true'],
    ['mistaken.yml:9', 'fleets.index.network.securityGroups', 'sg-'],
    ['mistaken.yml:10', 'fleets.index.capacity.min', 'write at most 3'],
    ['mistaken.yml:12', 'fleets.index.reprot', 'report'],
  ])('is answered with %s: the place, the key and the fix', (place, key, fix) => {
    const line = packaging.text.split('\n').find((text) => text.includes(place));
    expect(line).toBeDefined();
    expect(line).toContain(key);
    expect(packaging.text).toContain(fix);
  });

  it('leaves nothing written: no template, no package, no agent', () => {
    expect(existsSync(packaging.folder) ? readdirSync(packaging.folder) : []).toEqual([]);
    expect(existsSync(join(folder, 'project', '.build'))).toBe(false);
    expect(existsSync(join(folder, 'project', '.serverless'))).toBe(false);
  });
});
