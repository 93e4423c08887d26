import type { Alerts } from '../../ports/alerts.ts';

export interface MemoryAlerts extends Alerts {
  readonly published: readonly { readonly subject: string; readonly message: string }[];
}

export const memoryAlerts = (): MemoryAlerts => {
  const published: { subject: string; message: string }[] = [];
  return {
    published,
    publish: async (subject, message) => {
      published.push({ subject, message });
    },
  };
};
