/** Who ended a machine, which decides what EC2 says about it and what is charged. */
export type EndCause = 'spot-reclaim' | 'spot-kill' | 'user' | 'self' | 'local-cloud-closed';

export const ENDED_BY: Readonly<Record<EndCause, 'ec2' | 'us' | 'self'>> = {
  'spot-reclaim': 'ec2',
  'spot-kill': 'ec2',
  user: 'us',
  self: 'self',
  'local-cloud-closed': 'us',
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html */
const STATE_REASON_TEXTS: Readonly<Record<EndCause, readonly [code: string, text: string]>> = {
  'spot-reclaim': ['Server.SpotInstanceTermination', 'Spot instance termination'],
  'spot-kill': ['Server.SpotInstanceTermination', 'Spot instance termination'],
  user: ['Client.UserInitiatedShutdown', 'User initiated shutdown'],
  self: ['Client.InstanceInitiatedShutdown', 'Instance initiated shutdown'],
  'local-cloud-closed': ['Client.UserInitiatedShutdown', 'User initiated shutdown'],
};

export interface StateReason {
  readonly code: string;
  readonly message: string;
}

export const stateReasonOf = (cause: EndCause): StateReason => {
  const [code, text] = STATE_REASON_TEXTS[cause];
  return { code, message: `${code}: ${text}` };
};
