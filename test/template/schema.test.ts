import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fleetResources } from '../../deploy/fleet-resources.ts';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import { checkReferences, findCycles } from './support/check-references.ts';
import { checkSchema } from './support/check-schema.ts';
import { PACKAGING_MS_MAX, type Properties, type Resource, type Template, theTemplate } from './support/template.ts';

const DIGEST = 'f'.repeat(64);

let template: Template;
beforeAll(async () => {
  template = await theTemplate();
}, PACKAGING_MS_MAX);

/** The template with one resource changed. */
const changed = (id: string, change: (resource: Properties) => Properties): Template => ({
  ...template,
  Resources: { ...template.Resources, [id]: change(template.Resources[id]!) as unknown as Resource },
});

/** A property that is set to undefined is left out. */
const withProperties = (id: string, properties: Properties): Template => {
  const all = Object.entries({ ...template.Resources[id]?.Properties, ...properties });
  const kept = Object.fromEntries(all.filter(([, value]) => value !== undefined));
  return changed(id, (resource) => ({ ...resource, Properties: kept }));
};

describe("the packaged template, by AWS's own definitions of its resources", () => {
  it('has only known properties of the right types, and all required ones', () => {
    expect(checkSchema(template)).toEqual([]);
  });

  it('points only at resources and attributes that are there', () => {
    expect(checkReferences(template)).toEqual([]);
  });

  it('has no circle of resources that wait for each other', () => {
    expect(findCycles(template)).toEqual([]);
  });

  it('is as sound for the fleet file that comes with the project', () => {
    const result = readFleetFile(readFileSync(new URL('../../spothop.yml', import.meta.url), 'utf8'));
    if (!result.ok) throw new Error('spothop.yml is refused');
    const Resources = {
      ...template.Resources,
      ...fleetResources(result.fleets, {
        agent: DIGEST,
        tasks: new Map(result.fleets.map(({ name }) => [name, DIGEST])),
      }),
    } as Template['Resources'];
    const example: Template = { Resources };
    expect([...checkSchema(example), ...checkReferences(example), ...findCycles(example)]).toEqual([]);
  });
});

describe('the checks themselves find a mistake put into the same template:', () => {
  it.each<[string, string, Properties, string]>([
    ['an unknown property', 'SignalsQueue', { VisibiltyTimeout: 30 }, 'SignalsQueue.VisibiltyTimeout: is unknown'],
    ['a missing one', 'TasksTable', { KeySchema: undefined }, 'TasksTable.KeySchema: is required'],
    ['a number as text', 'WakeQueue', { VisibilityTimeout: 'long' }, 'WakeQueue.VisibilityTimeout: "long" is not a'],
    [
      'a list that is none',
      'NoCapacityAlarm',
      { AlarmActions: 'topic' },
      'NoCapacityAlarm.AlarmActions: "topic" is not a',
    ],
    [
      'an unknown property deep inside',
      'IndexLaunchTemplate',
      { LaunchTemplateData: { MetadataOptions: { HttpToken: 'required' } } },
      'IndexLaunchTemplate.LaunchTemplateData.MetadataOptions.HttpToken: is unknown',
    ],
    [
      'a required one missing in a list',
      'MinuteSchedule',
      { Target: { Arn: 'a' } },
      'MinuteSchedule.Target.RoleArn: is required',
    ],
  ])('%s', (_mistake, id, properties, problem) => {
    const problems = checkSchema(withProperties(id, properties));
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  it('a type that does not exist', () => {
    const wrong = changed('SignalsQueue', (resource) => ({ ...resource, Type: 'AWS::SQS::Kueue' }));
    expect(checkSchema(wrong)).toEqual(['SignalsQueue: AWS::SQS::Kueue is not a resource type']);
  });

  it.each<[string, Properties, string]>([
    [
      'a Ref to nothing',
      { KmsMasterKeyId: { Ref: 'AlarmKey' } },
      'AlarmsTopic: points at AlarmKey, which is not there',
    ],
    [
      'an attribute that its resource does not have',
      { TopicName: { 'Fn::GetAtt': ['WakeQueue', 'QueueArn'] } },
      'AlarmsTopic: AWS::SQS::Queue has no attribute QueueArn',
    ],
    [
      'the same inside a text',
      { TopicName: { 'Fn::Sub': 'x-${!kept}-${WakeQueue.Nmae}' } },
      'AlarmsTopic: AWS::SQS::Queue has no attribute Nmae',
    ],
  ])('%s', (_mistake, properties, problem) => {
    expect(checkReferences(withProperties('AlarmsTopic', properties))).toEqual([problem]);
  });

  it('a launch template and the function that its machines fetch the agent from, each waiting for the other', () => {
    const circular = withProperties('AgentLambdaFunction', { Description: { Ref: 'IndexLaunchTemplate' } });
    const [cycle] = findCycles(circular);
    expect(cycle?.split(' → ')).toEqual(expect.arrayContaining(['AgentLambdaFunction', 'IndexLaunchTemplate']));
  });
});
