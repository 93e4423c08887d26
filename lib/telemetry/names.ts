/** Every metric once, with its unit and meaning. The unit is CloudWatch's. */
export const METRICS = {
  SignalsRecorded: { unit: 'Count', meaning: 'Signals recorded on a machine of ours.' },
  SignalsUnclaimed: { unit: 'Count', meaning: 'Warnings for machines we have no item for, kept an hour.' },
  SignalsNotOurs: {
    unit: 'Count',
    meaning: 'Signals about machines that are not ours: acknowledged, nothing else touched.',
  },
  SignalsUnrecognised: { unit: 'Count', meaning: 'Bodies that no parser takes: kept in the dead-letter queue.' },
  SignalsRefused: { unit: 'Count', meaning: 'Signals naming another account or region.' },
  SignalsFailed: { unit: 'Count', meaning: 'Signals whose handling failed; SQS brings them again.' },
  InstancesDraining: { unit: 'Count', meaning: 'Machines that began to drain.' },
  NoticeToDraining: { unit: 'Milliseconds', meaning: 'From the time in the event to the drain mark.' },
  TasksReleased: { unit: 'Count', meaning: 'Tasks that the control plane took from a machine and sent again.' },
  TasksResent: { unit: 'Count', meaning: 'Ready tasks whose message was sent again by the sweep.' },
  LaunchesAsked: { unit: 'Count', meaning: 'Machines asked for.' },
  LaunchesAnswered: { unit: 'Count', meaning: 'Machines EC2 gave.' },
  LaunchesOnDemand: { unit: 'Count', meaning: 'Machines given on demand.' },
  NoCapacity: { unit: 'Count', meaning: 'Reconciles that could get no machine at all, spot or on demand.' },
  WaitingForSpot: {
    unit: 'Count',
    meaning: 'Reconciles that left machines missing because the window of the tasks leaves time to wait for spot.',
  },
  WindowAtRisk: {
    unit: 'Count',
    meaning: 'Reconciles that found tasks which cannot all be in time for their window, or are late already.',
  },
  BootsFailed: {
    unit: 'Count',
    meaning: 'Reconciles that found machines ended before their agent was heard, and none of the fleet that works.',
  },
  LaunchesUnauthorised: {
    unit: 'Count',
    meaning: 'CreateFleet refused for a missing permission: nobody is asked again until it is repaired.',
  },
  LaunchesMisconfigured: { unit: 'Count', meaning: 'CreateFleet refused for its configuration.' },
  QuotaReached: { unit: 'Count', meaning: 'CreateFleet refused by an account quota.' },
  InstancesAdopted: { unit: 'Count', meaning: 'Machines of ours found without a row, and given one.' },
  InstancesUnproven: {
    unit: 'Count',
    meaning: 'Machines with our tag but without proof that one of our intents made them: reported, never touched.',
  },
  InstancesEnded: { unit: 'Count', meaning: 'Machines ended by us.' },
  GroupStepsDone: {
    unit: 'Count',
    meaning: 'Machines taken out of an Auto Scaling group or a target group, or let go by one.',
  },
  GroupStepsRefused: {
    unit: 'Count',
    meaning:
      'Steps out of a group that it refused, such as for a missing permission: asked again while the machine drains.',
  },
  ReconcileFailed: { unit: 'Count', meaning: 'Reconciles that failed; a delayed wake or the next minute tries again.' },
  ReconcileLost: { unit: 'Count', meaning: 'Reconciles that found another one ahead of them.' },
  UnknownForm: { unit: 'Count', meaning: 'Records written by a version this one does not know: left alone.' },
  PricesUnknown: { unit: 'Count', meaning: 'Pools whose spot or on-demand price could not be read.' },
  PoolsTooDear: {
    unit: 'Count',
    meaning: 'Spot pools above the share of their on-demand price that the fleet file allows: they are not asked.',
  },
  ReportsSent: { unit: 'Count', meaning: 'Cost reports sent.' },
  ReportsFailed: { unit: 'Count', meaning: 'Cost reports that could not be made or sent.' },
} as const satisfies Record<string, { readonly unit: 'Count' | 'Milliseconds'; readonly meaning: string }>;

export type MetricName = keyof typeof METRICS;
