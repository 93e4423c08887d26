import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fleetResources } from '../../deploy/fleet-resources.ts';
import { USER_DATA_BYTES_MAX } from '../../deploy/user-data.ts';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import type { FleetSpecification } from '../../lib/config/fleet-specification.ts';
import { smallFileWith } from '../config/fleet-text.ts';

const DIGEST = 'a'.repeat(64);
const OTHER_DIGEST = 'b'.repeat(64);

const fleetsOf = (text: string): readonly FleetSpecification[] => {
  const result = readFleetFile(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.fleets;
};

const templatesOf = (fleets: readonly FleetSpecification[], agent = DIGEST, task = DIGEST) =>
  Object.entries(fleetResources(fleets, { agent, tasks: new Map(fleets.map(({ name }) => [name, task])) })).filter(
    ([, resource]) => resource['Type'] === 'AWS::EC2::LaunchTemplate',
  );

describe('a launch template', () => {
  const withTask = fleetsOf(smallFileWith('command: python3 worker.py', 'task: ./task.ts'));
  const withCommand = fleetsOf(smallFileWith('python3 worker.py', './work.sh'));

  it('has another version when the task has changed, and when the agent has (F66)', () => {
    expect(templatesOf(withTask)).toEqual(templatesOf(withTask));
    expect(templatesOf(withTask, DIGEST, OTHER_DIGEST)).not.toEqual(templatesOf(withTask));
    expect(templatesOf(withTask, OTHER_DIGEST)).not.toEqual(templatesOf(withTask));
  });

  it('of a fleet that runs a command is not concerned by the tasks of others', () => {
    expect(templatesOf(withCommand, DIGEST, OTHER_DIGEST)).toEqual(templatesOf(withCommand));
  });

  it('is not made for a task without a digest: its machines would run nothing', () => {
    expect(() => fleetResources(withTask, { agent: DIGEST, tasks: new Map() })).toThrow(
      'The task of fleet jobs has no digest: bundle it before its template.',
    );
  });

  it.each(['spothop.yml', 'test/template/fleets.yml', 'examples/supervised-worker/spothop.yml'])(
    'has room for any command and setup that a fleet file may hold in its 16 KB of user data: %s',
    (path) => {
      const fleets = fleetsOf(readFileSync(join(import.meta.dirname, '../..', path), 'utf8'));
      const longest = fleets.map((fleet) => ({
        ...fleet,
        worker: {
          ...fleet.worker,
          program: { kind: 'command', command: 'x'.repeat(1_000) } as const,
          setup: 'y'.repeat(2_000),
        },
      }));
      const sizes = templatesOf(longest).map(([, template]) => Buffer.byteLength(JSON.stringify(template)));
      expect(sizes.filter((bytes) => bytes > USER_DATA_BYTES_MAX)).toEqual([]);
      expect(sizes.length).toBeGreaterThan(0);
    },
  );
});
