/**
 * The attempt is over: the task was given to somebody else, or is finished. Thrown by `checkpoint` and `commit`.
 * Let it pass: whatever this attempt would still write is refused.
 */
export class StaleAttempt extends Error {
  override readonly name = 'StaleAttempt';
  constructor() {
    super('This attempt is over: the task has been given to another machine, or is finished. Stop; nothing is lost.');
  }
}

/**
 * Throw it when trying again cannot help. The task is dead at once, with your reason, however many failures it is
 * allowed.
 * ```ts
 * if (response.status === 404) throw new PermanentFailure('the page is gone');
 * ```
 */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure';
  /** @param reason kept in the ledger and shown to people: one line, and nothing secret */
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
  }
}

/**
 * Throw it to be run elsewhere, or later, from the last checkpoint. It counts as no failure, however often it happens.
 * ```ts
 * if (response.status === 429) throw new HandBack('the service is busy');
 * ```
 */
export class HandBack extends Error {
  override readonly name = 'HandBack';
  /** @param reason written to the agent's log: one line, and nothing secret */
  constructor(reason = 'it asked to be handed back', options?: ErrorOptions) {
    super(reason, options);
  }
}
