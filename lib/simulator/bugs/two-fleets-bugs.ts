import type { Bug } from './bug.ts';

/** What one fleet could do to another in the same account and the same tables. */
export const TWO_FLEETS_BUGS: readonly Bug[] = [
  {
    name: 'released-to-the-first-queue',
    tells: 'a released task is sent to the queue of whichever fleet comes first',
    breaks: 'W1',
    file: 'lib/workflows/release-task.ts',
    find: '    await world.workQueue(fleet).send(taskId);\n    world.metrics',
    replace:
      '    const [first] = (world as unknown as { settings: Map<typeof fleet, unknown> }).settings.keys();\n    await world.workQueue(first ?? fleet).send(taskId);\n    world.metrics',
  },
  {
    name: 'sent-again-to-the-first-queue',
    tells: 'the sweep sends a task again to the queue of whichever fleet comes first',
    breaks: 'W1',
    file: 'lib/workflows/sweep.ts',
    find: '  await world.workQueue(fleet).send(taskId);\n  await world.tasks.apply',
    replace: '  await world.workQueue([...world.settings.keys()][0]!).send(taskId);\n  await world.tasks.apply',
  },
  {
    name: 'waiting-of-any-fleet',
    tells: 'what waits for one fleet is taken for what waits for the other',
    breaks: 'W4',
    file: 'lib/workflows/sweep.ts',
    find: '        .workQueue(fleet)\n        .backlog()',
    replace: '        .workQueue([...world.settings.keys()].find((one) => one !== fleet) ?? fleet)\n        .backlog()',
  },
  {
    name: 'other-backlog',
    tells: 'machines are bought by the backlog of whichever fleet comes first',
    breaks: 'N3',
    file: 'lib/workflows/reconcile-fleet.ts',
    find: 'const backlog = await world.workQueue(settings.fleet).backlog();',
    replace: 'const backlog = await world.workQueue([...world.settings.keys()][0]!).backlog();',
  },
  {
    name: 'plan-of-the-other-fleet',
    tells: 'a plan is kept under the name of whichever fleet comes first',
    breaks: 'M2',
    file: 'lib/workflows/reconcile-fleet.ts',
    find: '  const { fleet } = settings;\n  await world.money.putPlan',
    replace: '  const fleet = [...world.settings.keys()][0] ?? settings.fleet;\n  await world.money.putPlan',
  },
  {
    name: 'first-fleet-only',
    tells: 'the minute’s schedule looks at the first fleet alone',
    breaks: 'N1',
    file: 'functions/reconcile.ts',
    find: 'await reconcileFleets(world, world.settings.keys());',
    replace: 'await reconcileFleets(world, [...world.settings.keys()].slice(0, 1));',
  },
  {
    name: 'machines-of-all-fleets',
    tells: 'machines of the other fleet are adopted as this one’s',
    breaks: 'N2',
    file: 'lib/workflows/observe-machines.ts',
    find: '  const machines = await world.machines.describeFleet(settings.fleet);',
    replace:
      '  const machines = (await Promise.all([...world.settings.keys()].map((one) => world.machines.describeFleet(one)))).flat();',
  },
  {
    name: 'other-fleet-is-woken',
    tells: 'a machine that drains wakes the fleet that it is not of',
    breaks: 'O1',
    file: 'lib/workflows/execute-plan.ts',
    find: "'wake-fleet': async (_world, wakes, { fleet }) => wakes.now(fleet),",
    replace:
      "'wake-fleet': async (world, wakes, { fleet }) =>\n    wakes.now([...world.settings.keys()].find((one) => one !== fleet) ?? fleet),",
  },
  {
    name: 'drained-by-the-first-fleet-s-rules',
    tells: 'the machines of each fleet are drained by the rules of whichever comes first',
    breaks: 'W4',
    file: 'lib/workflows/record-signal.ts',
    find: '  const settings = settingsOf(world, record.fleet);\n',
    replace: '  const settings = settingsOf(world, [...world.settings.keys()][0] ?? record.fleet);\n',
  },
  {
    name: 'first-fleet-s-template',
    tells: 'machines are launched from the template of whichever fleet comes first',
    breaks: 'M1',
    file: 'lib/workflows/reconcile-fleet.ts',
    find: '      launchTemplateId: settings.launchTemplateId,',
    replace: '      launchTemplateId: [...world.settings.values()][0]!.launchTemplateId,',
  },
];
