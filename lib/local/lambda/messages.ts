/**
 * What a function's host thread and the pool tell each other.
 *
 * Not modelled: the Runtime API over HTTP and extensions.
 */

/** Handed to the thread when it starts. */
export interface HostSetup {
  readonly taskRoot: string;
  /** As in the template: path without its ending, a point, the exported name. */
  readonly handler: string;
}

export interface HostInvocation {
  readonly requestId: string;
  /** The event, as JSON text. */
  readonly payload: string;
  readonly functionArn: string;
  /** Instant, on the scaled clock, at which the invocation will be ended. */
  readonly deadlineMs: number;
}

/** How Lambda reports an error: this object is the invocation's answer. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type HostMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-error'; readonly error: FunctionError }
  | { readonly kind: 'answer'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'error'; readonly requestId: string; readonly error: FunctionError };
