import type { World } from '../workflows/world.ts';

type PortName = 'instances' | 'tasks' | 'fleets' | 'machines' | 'groups' | 'money' | 'wakes';

const lazy = <Value extends object>(make: () => Value): (() => Value) => {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/** A world whose ports are made when they are asked for: most runs of a function need few of them. */
export const lazyWorld = (
  rest: Omit<World, PortName>,
  make: { readonly [Name in PortName]: () => World[Name] },
): World => {
  const instances = lazy(make.instances);
  const tasks = lazy(make.tasks);
  const fleets = lazy(make.fleets);
  const machines = lazy(make.machines);
  const groups = lazy(make.groups);
  const money = lazy(make.money);
  const wakes = lazy(make.wakes);
  return {
    ...rest,
    get instances() {
      return instances();
    },
    get tasks() {
      return tasks();
    },
    get fleets() {
      return fleets();
    },
    get machines() {
      return machines();
    },
    get groups() {
      return groups();
    },
    get money() {
      return money();
    },
    get wakes() {
      return wakes();
    },
  };
};
