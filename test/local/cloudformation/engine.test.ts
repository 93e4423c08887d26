import { describe, expect, test } from 'vitest';
import { ChangeSets } from '../../../lib/local/cloudformation/change-sets.ts';
import { StackEngine } from '../../../lib/local/cloudformation/engine.ts';
import type { ResourceProvider } from '../../../lib/local/service.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { seededRandom } from '../support/cloud.ts';

/** Resources that only exist in a map; a property `fails` makes the work on them fail. */
const world = () => {
  const existing = new Map<string, unknown>();
  const log: string[] = [];
  const provider = (type: string, updatable: boolean): ResourceProvider => ({
    type,
    create: async ({ logicalId, properties }) => {
      log.push(`create ${logicalId}`);
      if (properties['fails'] === true) throw new Error(`${logicalId} cannot be made`);
      existing.set(logicalId, properties['value']);
      return { physicalId: `p-${logicalId}`, ref: `r-${logicalId}`, attributes: { Arn: `a-${logicalId}` }, properties };
    },
    ...(updatable && {
      update: async (input, before) => {
        log.push(`update ${input.logicalId}`);
        if (input.properties['fails'] === true) throw new Error(`${input.logicalId} cannot be changed`);
        existing.set(input.logicalId, input.properties['value']);
        return { ...before, properties: input.properties };
      },
    }),
    delete: async ({ physicalId }) => {
      log.push(`delete ${physicalId.slice(2)}`);
      existing.delete(physicalId.slice(2));
    },
  });
  const engine = new StackEngine({
    clock: manualClock(0),
    random: seededRandom(1),
    providers: [provider('T::Soft::Thing', true), provider('T::Hard::Thing', false)],
  });
  return { engine, existing, log };
};

const soft = (value: unknown, more: object = {}) => ({ Type: 'T::Soft::Thing', Properties: { value }, ...more });
const hard = (value: unknown, more: object = {}) => ({ Type: 'T::Hard::Thing', Properties: { value }, ...more });

const request = (Resources: object, Outputs: object = {}) => ({
  stackName: 's',
  templateText: JSON.stringify({ Resources, Outputs }),
  parameters: new Map<string, string>(),
  tags: [],
});

const create = async (engine: StackEngine, resources: object, outputs?: object) => {
  const stack = engine.create(request(resources, outputs), 'DELETE');
  await engine.settled();
  return stack;
};

const update = async (engine: StackEngine, resources: object) => {
  const stack = engine.update(request(resources));
  await engine.settled();
  return stack;
};

describe('a stack', () => {
  test('is made in order and gives outputs', async () => {
    const { engine, log } = world();
    const stack = await create(
      engine,
      { A: soft({ Ref: 'B' }), B: soft(1) },
      { Out: { Value: { 'Fn::GetAtt': ['A', 'Arn'] } } },
    );
    expect(log).toEqual(['create B', 'create A']);
    expect(stack.status).toBe('CREATE_COMPLETE');
    expect(stack.outputs).toEqual([{ key: 'Out', value: 'a-A' }]);
  });

  test('the first event stands before the call that started the work is answered', async () => {
    const { engine } = world();
    const stack = engine.create(request({ A: soft(1) }), 'DELETE');
    expect(stack.events.map(({ status }) => status)).toEqual(['CREATE_IN_PROGRESS']);
    await engine.settled();
    engine.update(request({ A: soft(2) }));
    expect(stack.events.at(-1)).toMatchObject({
      logicalId: 's',
      type: 'AWS::CloudFormation::Stack',
      status: 'UPDATE_IN_PROGRESS',
    });
    await engine.settled();
    expect(new Set(stack.events.map(({ eventId }) => eventId)).size).toBe(stack.events.length);
  });

  test('an update touches what changed, replaces what cannot be updated, and deletes what is gone', async () => {
    const { engine, log, existing } = world();
    await create(engine, { Same: soft(1), Changed: soft(1), Replaced: hard(1), Gone: soft(1) });
    log.length = 0;
    const stack = await update(engine, { Same: soft(1), Changed: soft(2), Replaced: hard(2), New: soft(3) });
    expect(log).toEqual(['update Changed', 'delete Replaced', 'create Replaced', 'create New', 'delete Gone']);
    expect(stack.status).toBe('UPDATE_COMPLETE');
    expect([...existing]).toEqual([
      ['Same', 1],
      ['Changed', 2],
      ['Replaced', 2],
      ['New', 3],
    ]);
  });

  test('the same template again is refused in the words deploy tools look for', async () => {
    const { engine } = world();
    await create(engine, { A: soft(1) });
    expect(() => engine.update(request({ A: soft(1) }))).toThrow('No updates are to be performed.');
  });

  test('a failed creation leaves nothing and says what failed', async () => {
    const { engine, existing } = world();
    const stack = await create(engine, { A: soft(1), B: { ...soft(2), Properties: { fails: true }, DependsOn: 'A' } });
    expect(existing.size).toBe(0);
    expect(stack.events.find(({ status }) => status === 'CREATE_FAILED')).toMatchObject({
      logicalId: 'B',
      reason: 'B cannot be made',
    });
    expect(stack.events.at(-1)).toMatchObject({ logicalId: 's', status: 'DELETE_COMPLETE' });
    expect(engine.find('s')).toBeUndefined();
    expect(engine.find(stack.id)).toBe(stack);
  });

  test('a failed update brings back what was', async () => {
    const { engine, existing } = world();
    await create(engine, { A: soft(1), B: hard(1), C: soft(1) });
    const stack = await update(engine, {
      A: soft(2),
      B: hard(2),
      D: soft(4),
      E: { ...soft(5), Properties: { fails: true }, DependsOn: ['A', 'B', 'D'] },
    });
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(Object.fromEntries(existing)).toEqual({ A: 1, B: 1, C: 1 });
  });

  test('a replacement whose second half fails is made anew as it was', async () => {
    const { engine, existing } = world();
    await create(engine, { B: hard(1) });
    const stack = await update(engine, { B: { Type: 'T::Hard::Thing', Properties: { fails: true } } });
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect([...existing]).toEqual([['B', 1]]);
  });

  test('a type nobody provides stops everything before it starts, naming each', async () => {
    const { engine, log } = world();
    const stack = await create(engine, { A: soft(1), X: { Type: 'AWS::No::Such' }, Y: { Type: 'AWS::Nor::That' } });
    expect(log).toEqual([]);
    expect(stack.events.find(({ status }) => status === 'CREATE_FAILED')?.reason).toMatch(
      /X \(AWS::No::Such\), Y \(AWS::Nor::That\)/,
    );
  });

  test('is deleted latest first, and keeps what is to be retained', async () => {
    const { engine, log, existing } = world();
    await create(engine, { A: soft({ Ref: 'B' }), B: soft(1), Kept: soft(9, { DeletionPolicy: 'Retain' }) });
    log.length = 0;
    engine.delete('s');
    await engine.settled();
    expect(log).toEqual(['delete A', 'delete B']);
    expect([...existing]).toEqual([['Kept', 9]]);
    expect(() => engine.get('s')).toThrow('Stack with id s does not exist');
  });
});

describe('a change set', () => {
  test('without changes fails in the words deploy tools look for', async () => {
    const { engine } = world();
    await create(engine, { A: soft(1) });
    expect(new ChangeSets(engine).create('c', 'UPDATE', request({ A: soft(1) }))).toMatchObject({
      status: 'FAILED',
      statusReason: expect.stringContaining("didn't contain changes"),
    });
  });

  test('changes nothing until it is carried out', async () => {
    const { engine, existing } = world();
    await create(engine, { A: soft(1) });
    const sets = new ChangeSets(engine);
    const set = sets.create('c', 'UPDATE', request({ A: soft(2), B: soft(3) }));
    expect(set.changes.map(({ logicalId, action }) => [logicalId, action])).toEqual([
      ['A', 'Modify'],
      ['B', 'Add'],
    ]);
    expect([...existing]).toEqual([['A', 1]]);
    sets.execute('s', 'c');
    await engine.settled();
    expect([...existing]).toEqual([
      ['A', 2],
      ['B', 3],
    ]);
    expect(() => sets.execute('s', 'c')).toThrow('does not exist');
  });
});
