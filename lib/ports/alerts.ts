/** Tells people, through the stack's SNS topic. Never on the path of a drain. */
export interface Alerts {
  publish(subject: string, message: string): Promise<void>;
}
