import picocolors from 'picocolors';
import { printable } from '../signals/printable.ts';
import type { CheckedEvent, CheckedFile, CheckedSignal } from './check-events.ts';

type Colours = ReturnType<typeof picocolors.createColors>;

const PATH_CHARACTERS_MAX = 1_000;

const signalLine = ({ kind, instanceId, at, deadline, action }: CheckedSignal): string =>
  [kind, instanceId, `at ${at}`, deadline && `deadline ${deadline}`, action].filter(Boolean).join('  ');

const eventLines = (event: CheckedEvent, colours: Colours): readonly string[] => [
  event.refused === undefined ? (event.event ?? '') : colours.red(`refused: ${event.refused}`),
  ...(event.ignored === undefined ? [] : [`  nothing to act on: ${event.ignored}`]),
  ...event.signals.map((signal) => `  ${signalLine(signal)}`),
  ...event.wouldDo.map((line) => colours.dim(`  would: ${line}`)),
];

/** For a person: the file, then each event with its signals and what would be done. */
export const renderCheckedFile = (checked: CheckedFile, colour: boolean): string => {
  const colours = picocolors.createColors(colour);
  const verdict = checked.readable ? colours.green('readable') : colours.red('not readable');
  const lines = [
    `${colours.bold(printable(checked.file, PATH_CHARACTERS_MAX))}: ${verdict}`,
    ...(checked.refused === undefined ? [] : [`  ${colours.red(`refused: ${checked.refused}`)}`]),
    ...checked.events.flatMap((event) => eventLines(event, colours).map((line) => `  ${line}`)),
  ];
  return `${lines.join('\n')}\n`;
};
