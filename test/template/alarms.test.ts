import { beforeAll, describe, expect, it } from 'vitest';
import {
  breaking,
  PACKAGING_MS_MAX,
  type Properties,
  propertiesOf,
  resourcesOf,
  type Template,
  targetOf,
  theTemplate,
} from './support/template.ts';

let template: Template;
let alarms: ReturnType<typeof resourcesOf>;
beforeAll(async () => {
  template = await theTemplate();
  alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm');
}, PACKAGING_MS_MAX);

const watched = ({ Dimensions: dimensions }: Properties): unknown => {
  const [{ Value: value }] = dimensions;
  return targetOf(value) ?? value;
};

describe('alarms', () => {
  it('all tell the one topic, and are silent while there is nothing to measure', () => {
    const wrong = breaking(alarms, (alarm) => {
      const told = alarm['AlarmActions'].map(targetOf);
      return told.length === 1 && told[0] === 'AlarmsTopic' && alarm['TreatMissingData'] === 'notBreaching';
    });
    expect(wrong).toEqual([]);
  });

  it('say in words what is wrong', () => {
    const described = alarms.map(([, alarm]) => alarm['AlarmDescription']);
    expect(described.filter((words) => (words?.length ?? 0) < 20)).toEqual([]);
  });

  it.each<[string, string, string, string, unknown]>([
    [
      'a dead signal',
      'SignalsDeadLettersAlarm',
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      'SignalsDeadLetterQueue',
    ],
    ['an undelivered event', 'UndeliveredAlarm', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'UndeliveredQueue'],
    ['an old signal', 'OldestSignalAlarm', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', 'SignalsQueue'],
    ['a failing signals function', 'SignalsErrorsAlarm', 'AWS/Lambda', 'Errors', 'SignalsLambdaFunction'],
    ['a failing reconcile function', 'ReconcileErrorsAlarm', 'AWS/Lambda', 'Errors', 'ReconcileLambdaFunction'],
    ['a failing report', 'ReportErrorsAlarm', 'AWS/Lambda', 'Errors', 'ReportLambdaFunction'],
    ['prices that cannot be read', 'PricesErrorsAlarm', 'AWS/Lambda', 'Errors', 'PricesLambdaFunction'],
    ['a fleet that cannot be reconciled', 'ReconcileFailingAlarm', 'Spothop', 'ReconcileFailed', 'spothop'],
    ['a window that cannot be kept', 'WindowAtRiskAlarm', 'Spothop', 'WindowAtRisk', 'spothop'],
    ['a group that does not let a machine go', 'GroupRefusedAlarm', 'Spothop', 'GroupStepsRefused', 'spothop'],
    ['no capacity', 'NoCapacityAlarm', 'Spothop', 'NoCapacity', 'spothop'],
  ])('there is one for %s', (_what, id, namespace, metric, subject) => {
    const alarm = propertiesOf(template, id);
    expect([alarm['Namespace'], alarm['MetricName'], watched(alarm)]).toEqual([namespace, metric, subject]);
  });

  it('there is one for the dead tasks of each fleet', () => {
    const dead = alarms.filter(([id]) => id.endsWith('DeadTasksAlarm'));
    expect(dead.map(([id, alarm]) => [id, watched(alarm)])).toEqual([
      ['IndexDeadTasksAlarm', 'IndexDeadLetterQueue'],
      ['NightlyEncodeDeadTasksAlarm', 'NightlyEncodeDeadLetterQueue'],
      ['WatchedDeadTasksAlarm', 'WatchedDeadLetterQueue'],
      ['AttachedDeadTasksAlarm', 'AttachedDeadLetterQueue'],
      ['FlowsDeadTasksAlarm', 'FlowsDeadLetterQueue'],
    ]);
  });

  it('ring before half of a notice is over: a signal waits 30 s at most', () => {
    expect(propertiesOf(template, 'OldestSignalAlarm')).toMatchObject({
      Threshold: 30,
      Period: 60,
      EvaluationPeriods: 1,
    });
  });

  it('reach people through an encrypted topic that CloudWatch may publish to', () => {
    expect(targetOf(propertiesOf(template, 'AlarmsTopic')['KmsMasterKeyId'])).toBe('AlarmsKey');
  });
});
