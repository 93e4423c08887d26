/**
 * Brings a stack's resources to what a template wants, one after the other, and can take every step back.
 *
 * What it does not model: parallel creation, replacement before deletion (the old resource goes first), drift, imports,
 * nested stacks, hooks, stack policies, custom resources. A resource made by an operation that fails is deleted again even
 * when its policy says Retain.
 */
import type { Clock } from '../../ports/clock.ts';
import type { ProvisionedResource, ResourceInput, ResourceProvider } from '../service.ts';
import { deploymentOrder } from './dependencies.ts';
import { isWanted, resolvedOutputs, resolvedProperties, scopeOf } from './scope.ts';
import type { Stack, StackResource } from './stack.ts';
import { type Template, validationError } from './template.ts';

export interface Target {
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, unknown>;
}

export interface ApplyContext {
  readonly providers: ReadonlyMap<string, ResourceProvider>;
  readonly clock: Clock;
  note(
    stack: Stack,
    event: { logicalId: string; physicalId: string; type: string; status: string; reason?: string },
  ): void;
}

/** How to take one step back. */
type Undo = () => Promise<void>;

/** What may still be taken back, latest last. */
export type Journal = Undo[];

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Text that is equal exactly when two property values are, whatever the order of their keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );

const RETAINING = new Set(['Retain', 'RetainExceptOnCreate', 'Snapshot']);

const providerFor = (context: ApplyContext, logicalId: string, type: string): ResourceProvider => {
  const provider = context.providers.get(type);
  if (provider === undefined) throw validationError(unsupportedReason([[logicalId, type]]));
  return provider;
};

const unsupportedReason = (unsupported: readonly (readonly [string, string])[]): string =>
  `The local cloud does not support ${unsupported.map(([logicalId, type]) => `${logicalId} (${type})`).join(', ')}. Leave it out of the template, or add a ResourceProvider for its type.`;

/** Resource types nobody provides, found before anything is changed. */
const refuseUnsupported = (
  context: ApplyContext,
  stack: Stack,
  template: Template,
  wanted: readonly string[],
): void => {
  const unsupported = wanted
    .map((logicalId) => [logicalId, template.Resources[logicalId]?.Type ?? ''] as const)
    .filter(([, type]) => !context.providers.has(type));
  const [first] = unsupported;
  if (first === undefined) return;
  const reason = unsupportedReason(unsupported);
  context.note(stack, { logicalId: first[0], physicalId: '', type: first[1], status: 'CREATE_FAILED', reason });
  throw validationError(reason);
};

/** Runs one step between its *_IN_PROGRESS and *_COMPLETE or *_FAILED events. */
const step = async <T extends ProvisionedResource | undefined>(
  context: ApplyContext,
  stack: Stack,
  verb: 'CREATE' | 'UPDATE' | 'DELETE',
  subject: { logicalId: string; type: string; physicalId: string },
  work: () => Promise<T>,
): Promise<T> => {
  context.note(stack, { ...subject, status: `${verb}_IN_PROGRESS` });
  try {
    const result = await work();
    context.note(stack, {
      ...subject,
      physicalId: result?.physicalId ?? subject.physicalId,
      status: `${verb}_COMPLETE`,
    });
    return result;
  } catch (error) {
    context.note(stack, { ...subject, status: `${verb}_FAILED`, reason: reasonOf(error) });
    throw error;
  }
};

const replaceOrUpdate = async (
  context: ApplyContext,
  stack: Stack,
  type: string,
  input: ResourceInput,
  existing: StackResource,
): Promise<ProvisionedResource> => {
  const provider = providerFor(context, input.logicalId, type);
  if (existing.type === type && provider.update !== undefined) return provider.update(input, existing.provisioned);
  await providerFor(context, existing.logicalId, existing.type).delete(existing.provisioned);
  stack.resources.delete(existing.logicalId);
  return provider.create(input);
};

const keep = (
  context: ApplyContext,
  stack: Stack,
  template: Template,
  logicalId: string,
  provisioned: ProvisionedResource,
  status: string,
): void => {
  const resource = template.Resources[logicalId];
  stack.resources.set(logicalId, {
    logicalId,
    type: resource?.Type ?? '',
    provisioned,
    status,
    isRetained: RETAINING.has(resource?.DeletionPolicy ?? ''),
    updatedAt: context.clock.now(),
  });
};

/** Makes one resource what the template wants, and notes how to take that back. */
const applyResource = async (
  context: ApplyContext,
  stack: Stack,
  target: Target,
  logicalId: string,
  journal: Journal,
): Promise<void> => {
  const { template } = target;
  const type = template.Resources[logicalId]?.Type ?? '';
  const existing = stack.resources.get(logicalId);
  const subject = { logicalId, type, physicalId: existing?.provisioned.physicalId ?? '' };
  const resolve = (): ResourceInput => ({
    logicalId,
    stackName: stack.name,
    properties: resolvedProperties(logicalId, scopeOf(stack, template, target.parameters)),
  });
  if (existing === undefined) {
    const provisioned = await step(context, stack, 'CREATE', subject, () =>
      providerFor(context, logicalId, type).create(resolve()),
    );
    keep(context, stack, template, logicalId, provisioned, 'CREATE_COMPLETE');
    journal.push(() => removeResource(context, stack, logicalId));
    return;
  }
  const input = resolve();
  if (existing.type === type && canonical(input.properties) === canonical(existing.provisioned.properties)) {
    keep(context, stack, template, logicalId, existing.provisioned, existing.status);
    return;
  }
  journal.push(() => restore(context, stack, existing));
  const provisioned = await step(context, stack, 'UPDATE', subject, () =>
    replaceOrUpdate(context, stack, type, input, existing),
  );
  keep(context, stack, template, logicalId, provisioned, 'UPDATE_COMPLETE');
};

const restore = async (context: ApplyContext, stack: Stack, former: StackResource): Promise<void> => {
  const current = stack.resources.get(former.logicalId);
  const input: ResourceInput = {
    logicalId: former.logicalId,
    stackName: stack.name,
    properties: former.provisioned.properties,
  };
  const subject = { logicalId: former.logicalId, type: former.type, physicalId: former.provisioned.physicalId };
  const provisioned = await step(context, stack, 'UPDATE', subject, () =>
    current === undefined
      ? providerFor(context, former.logicalId, former.type).create(input)
      : replaceOrUpdate(context, stack, former.type, input, current),
  );
  stack.resources.set(former.logicalId, { ...former, provisioned });
};

const removeResource = async (context: ApplyContext, stack: Stack, logicalId: string): Promise<void> => {
  const existing = stack.resources.get(logicalId);
  if (existing === undefined) return;
  const { type, provisioned } = existing;
  const subject = { logicalId, type, physicalId: provisioned.physicalId };
  await step(context, stack, 'DELETE', subject, async () => {
    await providerFor(context, logicalId, type).delete(provisioned);
    return undefined;
  });
  stack.resources.delete(logicalId);
};

/** Deletes resources, latest first, leaving the retained ones alone. */
const removeAll = async (context: ApplyContext, stack: Stack, logicalIds: readonly string[]): Promise<void> => {
  for (const logicalId of logicalIds) {
    const existing = stack.resources.get(logicalId);
    if (existing?.isRetained) {
      const { type, provisioned } = existing;
      context.note(stack, { logicalId, type, physicalId: provisioned.physicalId, status: 'DELETE_SKIPPED' });
      stack.resources.delete(logicalId);
    } else {
      await removeResource(context, stack, logicalId);
    }
  }
};

/** A stack's resources in the order in which they can be deleted. */
const deletionOrder = (stack: Stack): readonly string[] => {
  const order = deploymentOrder(stack.template);
  const others = [...stack.resources.keys()].filter((logicalId) => !order.includes(logicalId));
  return [...others, ...order.toReversed()].filter((logicalId) => stack.resources.has(logicalId));
};

/** The update stands whether or not what it dropped can be deleted; the failure stays in the events. */
const cleanUp = async (context: ApplyContext, stack: Stack, logicalIds: readonly string[]): Promise<void> => {
  for (const logicalId of logicalIds) {
    await removeAll(context, stack, [logicalId]).catch(() => stack.resources.delete(logicalId));
  }
};

/**
 * Creates, updates and then deletes. Every step done is put into `journal` as it is done, so that a failure part way
 * can be rolled back. Throws the first failure.
 */
export const applyTemplate = async (
  context: ApplyContext,
  stack: Stack,
  target: Target,
  journal: Journal,
): Promise<void> => {
  const scope = scopeOf(stack, target.template, target.parameters);
  const wanted = deploymentOrder(target.template).filter((logicalId) => isWanted(logicalId, scope));
  refuseUnsupported(context, stack, target.template, wanted);
  for (const logicalId of wanted) {
    await applyResource(context, stack, target, logicalId, journal);
  }
  const outputs = resolvedOutputs(scope);
  await cleanUp(
    context,
    stack,
    deletionOrder(stack).filter((logicalId) => !wanted.includes(logicalId)),
  );
  stack.outputs = outputs;
};

/** Takes every step back, latest first; one that cannot be taken back does not stop the others. */
export const rollBack = async (journal: Journal): Promise<readonly string[]> => {
  const problems: string[] = [];
  for (const undo of journal.toReversed()) {
    await undo().catch((error: unknown) => problems.push(reasonOf(error)));
  }
  return problems;
};

export const removeStackResources = (context: ApplyContext, stack: Stack): Promise<void> =>
  removeAll(context, stack, deletionOrder(stack));

/** Whether an update to this target would change anything at all, judged as CloudFormation does: by template and values. */
export const changesOf = (
  stack: Stack,
  target: Target,
): readonly { logicalId: string; type: string; action: 'Add' | 'Modify' | 'Remove' }[] => {
  const before = stack.template.Resources;
  const after = target.template.Resources;
  const sameParameters = canonical([...stack.parameters]) === canonical([...target.parameters]);
  const changed = Object.entries(after)
    .filter(([logicalId, resource]) => !sameParameters || canonical(before[logicalId]) !== canonical(resource))
    .map(([logicalId, { Type }]) => ({
      logicalId,
      type: Type,
      action: before[logicalId] ? ('Modify' as const) : ('Add' as const),
    }));
  const removed = Object.entries(before)
    .filter(([logicalId]) => after[logicalId] === undefined)
    .map(([logicalId, { Type }]) => ({ logicalId, type: Type, action: 'Remove' as const }));
  return [...changed, ...removed];
};

/** Whether outputs or anything else of the template differ although no resource does. */
export const isSameTemplate = (stack: Stack, target: Target): boolean =>
  canonical(stack.template) === canonical(target.template) &&
  canonical([...stack.parameters]) === canonical([...target.parameters]);
