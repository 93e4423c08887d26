// What `serverless remove` asks EC2, and what it says: plain JavaScript, because the Node that runs serverless may be one
// that does not run TypeScript. Nothing here touches the world.

/** Set by us in the launch call itself: `STACK_TAG` and `FLEET_TAG` of lib/fleet/tags.ts. */
const STACK_TAG = 'spothop:stack';
const FLEET_TAG = 'spothop:fleet';

/** A stopped machine can be started again; one that is shutting down is as good as gone. */
const LIVING_STATES = ['pending', 'running', 'stopping', 'stopped'];

const SHOWN_MAX = 10;

/** The machines of a stack that are alive, as input of EC2's DescribeInstances. */
const livingMachinesOf = (stack) => ({
  Filters: [
    { Name: `tag:${STACK_TAG}`, Values: [stack] },
    { Name: 'instance-state-name', Values: LIVING_STATES },
  ],
});

/** One page of DescribeInstances as lines for a person: `i-0123456789abcdef0 (fleet nightly, running)`. */
const describeMachines = (page) =>
  (page.Reservations ?? [])
    .flatMap((reservation) => reservation.Instances ?? [])
    .map(({ InstanceId, State, Tags = [] }) => {
      const fleet = Tags.find(({ Key }) => Key === FLEET_TAG)?.Value;
      return `${InstanceId} (${fleet === undefined ? 'no fleet' : `fleet ${fleet}`}, ${State?.Name})`;
    });

const listed = (machines) => {
  const left = machines.length - SHOWN_MAX;
  const lines = machines.slice(0, SHOWN_MAX).map((machine) => `  ${machine}`);
  return left > 0 ? [...lines, `  and ${left} more`] : lines;
};

/** Why a stack with these machines is not removed, and what to do; undefined when there are none. */
const refusalFor = (stack, region, machines) => {
  if (machines.length === 0) return undefined;
  const count = machines.length === 1 ? '1 machine' : `${machines.length} machines`;
  return [
    `Nothing was removed: ${count} of ${stack} still live in ${region}:`,
    ...listed(machines),
    'Without the stack they lose the role they reach their tables with, nobody takes their tasks back, and they run on,',
    "billed, until their own dead-man's switch ends them.",
    'Set capacity.max to 0 for every fleet and deploy, so that none is launched any more; wait until they have left, which',
    'they do when nothing waits in their queue, or end them in EC2; then remove again. From a machine that others',
    `launched, taking the tag ${STACK_TAG} is enough.`,
  ].join('\n');
};

const fixFor = (error) =>
  error.name === 'UnauthorizedOperation'
    ? 'The credentials in use lack ec2:DescribeInstances: allow it on all resources (*), and remove again.'
    : 'Repair that, and remove again; removing needs ec2:DescribeInstances on all resources (*).';

/** Why a stack is not removed when EC2 did not say which of its machines live. */
const refusalUnasked = (stack, region, error) =>
  [
    `Nothing was removed: EC2 did not say which machines of ${stack} still live in ${region}:`,
    `  ${error.name}: ${error.message}`,
    'Machines that live would lose the role they reach their tables with, and run on, billed.',
    fixFor(error),
  ].join('\n');

module.exports = { describeMachines, livingMachinesOf, refusalFor, refusalUnasked };
