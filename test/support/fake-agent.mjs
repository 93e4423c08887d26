/** Stands in for the agent on a machine: uses the SDK's own credential chain, then watches for its notice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';

const metadataEndpoint = process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'];

const readNotice = async () => {
  const token = await (
    await fetch(`${metadataEndpoint}/latest/api/token`, {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '300' },
    })
  ).text();
  const path = '/latest/meta-data/spot/instance-action';
  const answer = await fetch(metadataEndpoint + path, { headers: { 'x-aws-ec2-metadata-token': token } });
  return answer.ok ? answer.json() : undefined;
};

const { Reservations } = await new EC2Client({}).send(new DescribeInstancesCommand({}));
console.log(`sees ${Reservations.length} machine`);

let notice = await readNotice();
while (notice === undefined) {
  await sleep(20);
  notice = await readNotice();
}
console.log(`noticed ${notice.action}`);
setInterval(() => {}, 1_000);
