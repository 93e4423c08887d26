/**
 * The life of stacks: created, updated, deleted, and rolled back when a step fails.
 *
 * The root event of an operation is written before the call that started it is answered: a client that polls must never
 * meet the end of the operation before it.
 */
import type { Clock } from '../../ports/clock.ts';
import { randomText } from '../iam/credentials.ts';
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION, type ResourceProvider } from '../service.ts';
import {
  type ApplyContext,
  applyTemplate,
  isSameTemplate,
  type Journal,
  reasonOf,
  removeStackResources,
  rollBack,
  type Target,
} from './apply.ts';
import { deploymentOrder } from './dependencies.ts';
import { STACK_TYPE, type Stack } from './stack.ts';
import { parameterValues, parseTemplate, validationError } from './template.ts';

export interface StackRequest {
  readonly stackName: string;
  readonly templateText: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly tags: Stack['tags'];
}

export interface EngineOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly providers: readonly ResourceProvider[];
}

export class StackEngine {
  readonly #options: EngineOptions;
  /** By name; a deleted stack stays reachable by its id only. */
  readonly #stacks = new Map<string, Stack>();
  readonly #deleted = new Map<string, Stack>();
  readonly #apply: ApplyContext;
  #eventCount = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#apply = {
      clock: options.clock,
      providers: new Map(options.providers.map((provider) => [provider.type, provider])),
      note: (stack, event) => {
        this.#eventCount += 1;
        const eventId = `${event.logicalId}-${event.status}-${String(this.#eventCount).padStart(6, '0')}`;
        stack.events.push({ ...event, eventId, at: options.clock.now() });
      },
    };
  }

  find(nameOrId: string): Stack | undefined {
    const byName = this.#stacks.get(nameOrId);
    return byName ?? [...this.#stacks.values(), ...this.#deleted.values()].find((stack) => stack.id === nameOrId);
  }

  all(): readonly Stack[] {
    return [...this.#stacks.values()];
  }

  /** Throws AwsError `ValidationError` with the words that deploy tools look for. */
  get(nameOrId: string): Stack {
    const stack = this.find(nameOrId);
    if (stack === undefined) throw validationError(`Stack with id ${nameOrId} does not exist`);
    return stack;
  }

  /** Reads the template, and refuses it whole when a reference leads nowhere. */
  #target(request: StackRequest): Target {
    const template = parseTemplate(request.templateText);
    deploymentOrder(template);
    return { template, parameters: parameterValues(template, request.parameters) };
  }

  /** Answers once the first event stands; the work goes on. */
  create(request: StackRequest, onFailure: 'DELETE' | 'ROLLBACK' | 'DO_NOTHING'): Stack {
    if (this.#stacks.has(request.stackName)) throw alreadyExists(request.stackName);
    const target = this.#target(request);
    const stack = this.#newStack(request, target);
    this.#stacks.set(stack.name, stack);
    this.#root(stack, 'CREATE_IN_PROGRESS', 'User Initiated');
    this.#run(() => this.#carryOutCreate(stack, target, onFailure));
    return stack;
  }

  update(request: StackRequest): Stack {
    const stack = this.get(request.stackName);
    const target = this.#target(request);
    if (isSameTemplate(stack, target)) throw validationError('No updates are to be performed.');
    stack.updatedAt = this.#options.clock.now();
    this.#root(stack, 'UPDATE_IN_PROGRESS', 'User Initiated');
    this.#run(() => this.#carryOutUpdate(stack, target, request));
    return stack;
  }

  /** A stack that does not exist is deleted already. */
  delete(nameOrId: string): void {
    const stack = this.find(nameOrId);
    if (stack === undefined || this.#deleted.has(stack.id)) return;
    this.#root(stack, 'DELETE_IN_PROGRESS', 'User Initiated');
    this.#run(() => this.#carryOutDelete(stack));
  }

  /** Resolves when every operation begun so far is over. */
  settled(): Promise<void> {
    return this.#running;
  }

  /** One operation at a time: the next begins when the one before, its rollback included, is over. */
  #run(work: () => Promise<void>): void {
    this.#running = this.#running.then(work);
  }

  #newStack(request: StackRequest, target: Target): Stack {
    const random = randomText(this.#options.random, 12).toLowerCase();
    return {
      name: request.stackName,
      id: `arn:aws:cloudformation:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stack/${request.stackName}/${random}`,
      createdAt: this.#options.clock.now(),
      status: 'CREATE_IN_PROGRESS',
      ...target,
      templateText: request.templateText,
      givenParameters: request.parameters,
      tags: request.tags,
      outputs: [],
      resources: new Map(),
      events: [],
    };
  }

  #root(stack: Stack, status: string, reason?: string): void {
    stack.status = status;
    if (reason === undefined) delete stack.statusReason;
    else stack.statusReason = reason;
    this.#apply.note(stack, {
      logicalId: stack.name,
      physicalId: stack.id,
      type: STACK_TYPE,
      status,
      ...(reason !== undefined && { reason }),
    });
  }

  async #carryOutCreate(stack: Stack, target: Target, onFailure: 'DELETE' | 'ROLLBACK' | 'DO_NOTHING'): Promise<void> {
    const journal: Journal = [];
    try {
      await applyTemplate(this.#apply, stack, target, journal);
      this.#root(stack, 'CREATE_COMPLETE');
    } catch (error) {
      await this.#failCreate(stack, journal, reasonOf(error), onFailure);
    }
  }

  async #failCreate(stack: Stack, journal: Journal, reason: string, onFailure: string): Promise<void> {
    if (onFailure === 'DO_NOTHING') return this.#root(stack, 'CREATE_FAILED', reason);
    this.#root(stack, onFailure === 'DELETE' ? 'DELETE_IN_PROGRESS' : 'ROLLBACK_IN_PROGRESS', reason);
    const problems = await rollBack(journal);
    const end = onFailure === 'DELETE' ? 'DELETE' : 'ROLLBACK';
    if (problems.length > 0) return this.#root(stack, `${end}_FAILED`, problems.join('; '));
    this.#root(stack, `${end}_COMPLETE`);
    if (onFailure === 'DELETE') this.#forget(stack);
  }

  async #carryOutUpdate(stack: Stack, target: Target, request: StackRequest): Promise<void> {
    const journal: Journal = [];
    try {
      await applyTemplate(this.#apply, stack, target, journal);
      stack.template = target.template;
      stack.templateText = request.templateText;
      stack.parameters = target.parameters;
      stack.givenParameters = request.parameters;
      if (request.tags.length > 0) stack.tags = request.tags;
      this.#root(stack, 'UPDATE_COMPLETE');
    } catch (error) {
      this.#root(stack, 'UPDATE_ROLLBACK_IN_PROGRESS', reasonOf(error));
      const problems = await rollBack(journal);
      if (problems.length > 0) this.#root(stack, 'UPDATE_ROLLBACK_FAILED', problems.join('; '));
      else this.#root(stack, 'UPDATE_ROLLBACK_COMPLETE');
    }
  }

  async #carryOutDelete(stack: Stack): Promise<void> {
    try {
      await removeStackResources(this.#apply, stack);
      this.#root(stack, 'DELETE_COMPLETE');
      this.#forget(stack);
    } catch (error) {
      this.#root(stack, 'DELETE_FAILED', reasonOf(error));
    }
  }

  #forget(stack: Stack): void {
    this.#stacks.delete(stack.name);
    this.#deleted.set(stack.id, stack);
  }
}

const alreadyExists = (name: string): AwsError =>
  new AwsError(400, 'AlreadyExistsException', `Stack [${name}] already exists`);
