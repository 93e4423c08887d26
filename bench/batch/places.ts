/** Files of a run's folder, the same for whoever writes and whoever counts. */
export const sinkName = (batch: number): string => `sink-${batch}.sqlite`;

export const logName = (batch: number, attempt: number): string => `log-${batch}-${attempt}.bin`;
