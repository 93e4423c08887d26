import { beforeAll, describe, expect, it } from 'vitest';
import {
  breaking,
  PACKAGING_MS_MAX,
  propertiesOf,
  resourcesOf,
  type Template,
  targetOf,
  theTemplate,
} from './support/template.ts';

let template: Template;
let machines: ReturnType<typeof resourcesOf>;
beforeAll(async () => {
  template = await theTemplate();
  machines = resourcesOf(template, 'AWS::EC2::LaunchTemplate').map(([id, { LaunchTemplateData: data }]) => [id, data]);
}, PACKAGING_MS_MAX);

const scriptOf = (id: string): string =>
  machines.find(([name]) => name === id)?.[1]['UserData']['Fn::Base64']['Fn::Sub'] ?? '';

describe('machines that are launched', () => {
  it('exist for the fleets that we manage, and for no others', () => {
    expect(machines.map(([id]) => id)).toEqual([
      'IndexLaunchTemplate',
      'NightlyEncodeLaunchTemplate',
      'FlowsLaunchTemplate',
    ]);
  });

  it('answer metadata with a token only, and to nobody behind them', () => {
    const wrong = breaking(machines, ({ MetadataOptions: options }) => {
      return options.HttpTokens === 'required' && options.HttpPutResponseHopLimit === 1;
    });
    expect(wrong).toEqual([]);
  });

  it('end when they shut themselves down', () => {
    expect(breaking(machines, (data) => data['InstanceInitiatedShutdownBehavior'] === 'terminate')).toEqual([]);
  });

  it('say nothing of credits where EC2 would refuse it: for types that have none', () => {
    expect(breaking(machines, (data) => data['CreditSpecification'] === undefined)).toEqual([]);
  });

  it('have encrypted volumes that go with them', () => {
    const wrong = breaking(machines, ({ BlockDeviceMappings: mappings }) => {
      return (
        mappings.length > 0 &&
        mappings.every(({ Ebs: disk }: { Ebs: Record<string, unknown> }) => {
          return disk['Encrypted'] === true && disk['DeleteOnTermination'] === true;
        })
      );
    });
    expect(wrong).toEqual([]);
  });

  it("carry the machines' role, which EC2 alone may take", () => {
    const wrong = breaking(machines, (data) => targetOf(data['IamInstanceProfile'].Arn) === 'InstanceProfile');
    expect(wrong).toEqual([]);
    expect(propertiesOf(template, 'InstanceProfile')['Roles'].map(targetOf)).toEqual(['InstanceRole']);
    const { Statement: trust } = propertiesOf(template, 'InstanceRole')['AssumeRolePolicyDocument'];
    expect(trust).toEqual([{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }]);
  });

  it('have no public address, no key to log in with, and only the security groups of their fleet file', () => {
    const wrong = breaking(
      machines,
      (data) => data['KeyName'] === undefined && data['NetworkInterfaces'] === undefined,
    );
    expect(wrong).toEqual([]);
    const groups = machines.map(([id, { SecurityGroupIds: ids }]) => [id, ids]);
    expect(Object.fromEntries(groups)).toEqual({
      IndexLaunchTemplate: ['sg-0c3d4e5f60718293a'],
      NightlyEncodeLaunchTemplate: ['sg-0c3d4e5f60718293a', 'sg-0e5f60718293a4b5c'],
      FlowsLaunchTemplate: ['sg-0c3d4e5f60718293a'],
    });
  });

  it('are of a template that carries the tag without which nothing is launched from it', () => {
    const wrong = resourcesOf(template, 'AWS::EC2::LaunchTemplate').filter(([, { TagSpecifications: tags }]) => {
      const [{ ResourceType: type, Tags: own }] = tags;
      const stack = own.find(({ Key: key }: { Key: string }) => key === 'spothop:stack');
      return type !== 'launch-template' || stack?.Value['Fn::Sub'] !== '${AWS::StackName}';
    });
    expect(wrong.map(([id]) => id)).toEqual([]);
  });
});

describe('what a machine runs at its first boot', () => {
  it('is less than half of the 16 KB that EC2 takes, so that any worker.setup (2,000 characters) fits', () => {
    expect(breaking(machines, (_data, id) => Buffer.byteLength(scriptOf(id)) < 8_192)).toEqual([]);
  });

  it('has one environment block, of lines NAME=value', () => {
    for (const [id] of machines) {
      const [, block, ...others] = scriptOf(id).split(/^# spothop-environment (?:begin|end)$/m);
      expect(others).toHaveLength(1);
      const lines = block!.trim().split('\n');
      expect(lines.length).toBeGreaterThan(10);
      expect(lines.filter((line) => !/^[A-Z][A-Z0-9_]*=/.test(line))).toEqual([]);
    }
  });

  it('holds no secret', () => {
    const secret = /secret|password|credential|AKIA|ASIA|PRIVATE KEY|session.?token/i;
    expect(breaking(machines, (_data, id) => !secret.test(scriptOf(id)))).toEqual([]);
  });

  it('runs only the agent whose digest the template names', () => {
    for (const [id] of machines) {
      expect(scriptOf(id)).toMatch(/^SPOTHOP_AGENT_SHA256=[0-9a-f]{64}$/m);
      expect(scriptOf(id)).toContain("\nfetch agent '{}' SPOTHOP_AGENT_SHA256\n");
      expect(scriptOf(id)).toContain('sha256sum --check --strict');
    }
  });

  it('runs only the task whose digest the template names, and asks for none where a command is run', () => {
    const [index, encode, flows] = machines.map(([id]) => scriptOf(id));
    expect(index).toMatch(/^SPOTHOP_TASK_SHA256=[0-9a-f]{64}$/m);
    expect(index).toContain('\nSPOTHOP_TASK=/opt/spothop/task.mjs\n');
    expect(index).toContain(`\nfetch task '{"task":"index"}' SPOTHOP_TASK_SHA256\n`);
    for (const script of [encode, flows]) expect(script).not.toMatch(/SPOTHOP_TASK=|SPOTHOP_TASK_SHA256|fetch task/);
  });

  it('says how many tasks run at once, and which program is supervised', () => {
    expect(scriptOf('IndexLaunchTemplate')).toContain('\nSPOTHOP_CONCURRENCY=4\n');
    expect(scriptOf('NightlyEncodeLaunchTemplate')).toContain('\nSPOTHOP_CONCURRENCY=1\n');
    expect(scriptOf('FlowsLaunchTemplate')).toContain('\nSPOTHOP_SUPERVISE=prefect worker start --pool "spot"\n');
    expect(scriptOf('FlowsLaunchTemplate')).not.toContain('SPOTHOP_EXEC');
  });

  it('ends the machine after 15 minutes unless the boot came to its end, however it went wrong', () => {
    for (const [id] of machines) {
      const lines = scriptOf(id).trimEnd().split('\n');
      expect(lines.slice(0, 3)).toEqual(['#!/bin/bash', 'set -euo pipefail', 'shutdown -h +15']);
      expect(lines.slice(-2)).toEqual([
        'systemctl enable --now spothop-dead-man.timer spothop-agent.service',
        'shutdown -c',
      ]);
    }
  });

  it('makes a unit whose end is the machine’s, said where systemd reads it', () => {
    for (const [id] of machines) {
      const [, file = ''] = scriptOf(id).split(
        "cat > /etc/systemd/system/spothop-agent.service <<'SPOTHOP_END_OF_FILE'\n",
      );
      const [, unit = ''] = /^\[Unit\]\n([^[]*)/.exec(file) ?? [];
      expect(unit).toContain('SuccessAction=poweroff\n');
      expect(unit).toContain('StartLimitAction=poweroff\n');
    }
  });

  it('starts the timer that looks whether the agent is alive, from a script that root alone can change', () => {
    for (const [id] of machines) {
      expect(scriptOf(id)).toContain("cat > /opt/spothop/dead-man.sh <<'SPOTHOP_END_OF_FILE'\n#!/bin/sh\n");
      expect(scriptOf(id)).toContain('/etc/systemd/system/spothop-dead-man.timer');
      expect(scriptOf(id)).not.toMatch(/chown.*\/opt\/spothop/);
    }
  });

  it("hands the user's command and setup on as they were written, whatever CloudFormation would make of them", () => {
    const afterSub = scriptOf('NightlyEncodeLaunchTemplate').replaceAll('${!', '${');
    expect(afterSub).toContain(`SPOTHOP_EXEC=python3 encode.py --quality "\${QUALITY}" 'it''s'\n`);
    expect(afterSub).toContain('dnf install -y ffmpeg\necho "${HOME}" > /opt/encode-home\n');
  });

  it('names a queue that is not ours by its own address, and its dead letters go to a queue of ours', () => {
    const script = scriptOf('NightlyEncodeLaunchTemplate');
    expect(script).toContain('SPOTHOP_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/123456789012/films\n');
    expect(script).toContain('SPOTHOP_DEAD_LETTER_QUEUE_URL=${NightlyEncodeDeadLetterQueue}\n');
    expect(script).toContain('SPOTHOP_TASK_ID_PATH=job.id\n');
  });
});
