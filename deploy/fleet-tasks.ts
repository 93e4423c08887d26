import type { FleetSpecification } from '../lib/config/fleet-specification.ts';
import { logicalName } from './fleet-resources.ts';

const taskIdPath = ({ queue }: FleetSpecification): string =>
  queue.taskId.kind === 'body-path' ? `,"taskIdPath":"${queue.taskId.keys.join('.')}"` : '';

/** What whoever submits tasks or looks at dead ones needs to know of each fleet: one line of JSON among the outputs. */
export const fleetTasksVariable = (fleets: readonly FleetSpecification[]): unknown => {
  const entries = fleets.map(
    (fleet) => `"${fleet.name}":{"deadLetterQueueUrl":"\${${logicalName(fleet)}DeadLetterQueue}"${taskIdPath(fleet)}}`,
  );
  return { 'Fn::Sub': `{${entries.join(',')}}` };
};
