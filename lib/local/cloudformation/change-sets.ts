/** Change sets: an update that is described first and carried out when it is told to be. */
import { AwsError } from '../service.ts';
import { changesOf, isSameTemplate } from './apply.ts';
import { deploymentOrder } from './dependencies.ts';
import type { StackEngine, StackRequest } from './engine.ts';
import { parameterValues, parseTemplate, validationError } from './template.ts';

export interface ChangeSet {
  readonly name: string;
  readonly id: string;
  readonly stackName: string;
  readonly stackId: string;
  readonly request: StackRequest;
  readonly isCreation: boolean;
  readonly status: 'CREATE_COMPLETE' | 'FAILED';
  readonly statusReason?: string;
  readonly changes: readonly { readonly logicalId: string; readonly type: string; readonly action: string }[];
}

const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

export class ChangeSets {
  readonly #engine: StackEngine;
  readonly #sets = new Map<string, ChangeSet>();

  constructor(engine: StackEngine) {
    this.#engine = engine;
  }

  create(name: string, type: string, request: StackRequest): ChangeSet {
    const stack = this.#engine.find(request.stackName);
    if (type !== 'CREATE' && stack === undefined) throw validationError(`Stack [${request.stackName}] does not exist`);
    if (type === 'CREATE' && stack !== undefined) {
      throw new AwsError(400, 'AlreadyExistsException', `Stack [${request.stackName}] already exists`);
    }
    const template = parseTemplate(request.templateText);
    deploymentOrder(template);
    const target = { template, parameters: parameterValues(template, request.parameters) };
    const isEmpty = stack !== undefined && isSameTemplate(stack, target);
    const set: ChangeSet = {
      name,
      id: `arn:aws:cloudformation:us-east-1:000000000000:changeSet/${name}/${request.stackName}`,
      stackName: request.stackName,
      stackId: stack?.id ?? `arn:aws:cloudformation:us-east-1:000000000000:stack/${request.stackName}/review`,
      request,
      isCreation: type === 'CREATE',
      status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      ...(isEmpty && { statusReason: NO_CHANGES }),
      changes:
        stack === undefined
          ? Object.entries(template.Resources).map(([logicalId, { Type }]) => ({
              logicalId,
              type: Type,
              action: 'Add',
            }))
          : changesOf(stack, target),
    };
    this.#sets.set(keyOf(request.stackName, name), set);
    return set;
  }

  /** Throws AwsError `ChangeSetNotFound`. */
  get(stackName: string, name: string): ChangeSet {
    const set = this.#sets.get(keyOf(stackName, name));
    if (set === undefined) throw new AwsError(404, 'ChangeSetNotFound', `ChangeSet [${name}] does not exist`);
    return set;
  }

  /** One that does not exist is deleted already. */
  delete(stackName: string, name: string): void {
    this.#sets.delete(keyOf(stackName, name));
  }

  execute(stackName: string, name: string): void {
    const set = this.get(stackName, name);
    if (set.status === 'FAILED') {
      throw new AwsError(
        400,
        'InvalidChangeSetStatus',
        `ChangeSet [${name}] cannot be executed in its current status of [FAILED]`,
      );
    }
    this.#sets.delete(keyOf(stackName, name));
    if (set.isCreation) this.#engine.create(set.request, 'ROLLBACK');
    else this.#engine.update(set.request);
  }
}

/** Both the stack and the set may be named by ARN. */
const keyOf = (stackName: string, name: string): string => {
  const bareName = name.startsWith('arn:') ? (name.split('/')[1] ?? name) : name;
  const bareStack = stackName.startsWith('arn:') ? (stackName.split('/')[1] ?? stackName) : stackName;
  return `${bareStack} ${bareName}`;
};
