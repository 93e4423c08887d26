// A plugin of serverless, which reads JavaScript only: no stack is removed under machines that are alive.
const { describeMachines, livingMachinesOf, refusalFor, refusalUnasked } = require('./living-machines.cjs');

/** The most that EC2 gives at once. */
const PAGE_SIZE = 1_000;

/** With the Region and the credentials that the removal itself will use. */
const askEc2 = async (provider, stack) => {
  // Loaded here, because every other command does without.
  const { EC2Client, paginateDescribeInstances } = require('@aws-sdk/client-ec2');
  const client = new EC2Client(await provider.getAwsSdkV3Config());
  try {
    const machines = [];
    for await (const page of paginateDescribeInstances({ client, pageSize: PAGE_SIZE }, livingMachinesOf(stack))) {
      machines.push(...describeMachines(page));
    }
    return machines;
  } finally {
    client.destroy();
  }
};

module.exports = class RefuseRemove {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { 'before:remove:remove': () => this.refuseWhileMachinesLive() };
  }

  async refuseWhileMachinesLive() {
    const provider = this.serverless.getProvider('aws');
    const stack = provider.naming.getStackName();
    const region = provider.getRegion();
    const machines = await askEc2(provider, stack).catch((error) => {
      throw new this.serverless.classes.Error(refusalUnasked(stack, region, error), 'SPOTHOP_MACHINES_UNKNOWN');
    });
    const refusal = refusalFor(stack, region, machines);
    if (refusal !== undefined) throw new this.serverless.classes.Error(refusal, 'SPOTHOP_MACHINES_LIVE');
  }
};
