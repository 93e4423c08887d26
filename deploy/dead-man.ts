import { DEAD_MAN_SECONDS, INTERRUPTION_NOTICE_SECONDS, LEFT_TO_EC2_SECONDS } from '../lib/fleet/limits.ts';

/**
 * The machine's half of the dead-man's switch (design section 3, N1): an agent that hangs, or that is gone, cannot power
 * its machine off, so a timer does.
 *
 * The agent writes the machine's uptime into a file with every heartbeat that was answered with a readable item
 * (lib/agent/alive-file.ts). The script compares it with the uptime now, which no setting of the clock moves. It uses
 * nothing but the shell, and executes nothing of the file that it takes its values from.
 */

/** Where user data puts the script, because the unit starts it there. */
export const DEAD_MAN_PATH = '/opt/spothop/dead-man.sh';

const EVERY_SECONDS = 60;

/** More than this between two looks means that the machine stood still: its agent is given a minute to be heard again. */
const STANDSTILL_SECONDS = 5 * EVERY_SECONDS;

/**
 * Past its maximum age an agent drains, and may leave its machine to EC2; two looks more and it is overdue. Uptime
 * begins after the launch from which the agent counts, so the agent is always first.
 */
const OVERDUE_SECONDS = LEFT_TO_EC2_SECONDS + 2 * EVERY_SECONDS;

/** What a fleet file that says nothing means (lib/agent/configuration.ts). */
const MAXIMUM_AGE_HOURS_DEFAULT = 24;

/**
 * Whole seconds in a file such as `/proc/uptime`; more digits than any uptime has are no figure. Workers can write where
 * the agent does, so anything but a file, such as a pipe that nobody fills, is not read.
 */
const READERS = [
  'seconds() {',
  '  figure=',
  '  if [ -f "$1" ] && [ -r "$1" ]; then read -r figure rest < "$1" || :; fi',
  '  figure=${figure%%.*}',
  "  case $figure in '' | *[!0-9]* | ???????????*) return 1 ;; esac",
  '  printf %s "$figure"',
  '}',
  'value() {',
  '  found=',
  '  if [ -r "$settings" ]; then',
  '    while IFS= read -r line || [ -n "$line" ]; do',
  '      case $line in "$1="*) found=${line#*=} ;; esac',
  '    done < "$settings"',
  '  fi',
  '  printf %s "$found"',
  '}',
];

const POWER_OFF = [
  'power_off() {',
  '  echo "spothop dead-man\'s switch: $1; powering off" >&2',
  '  ${SPOTHOP_DEAD_MAN_COMMAND:-systemctl poweroff} || systemctl poweroff --force --force',
  '  exit 0',
  '}',
];

const PLACES = [
  'settings=${SPOTHOP_SETTINGS_FILE:-/etc/spothop/agent.env}',
  'looked_file=${SPOTHOP_LOOKED_FILE:-/run/spothop-looked}',
  'alive_file=${SPOTHOP_ALIVE_FILE:-$(value SPOTHOP_ALIVE_FILE)}',
  'alive_file=${alive_file:-/run/spothop/alive}',
];

/** The first look of a boot, and the first after a standstill, only notes its time; unless it cannot even do that. */
const LOOK = [
  'now=$(seconds "${SPOTHOP_UPTIME_FILE:-/proc/uptime}") || { echo "the uptime cannot be read" >&2; exit 1; }',
  'looked=$(seconds "$looked_file") || looked=$now',
  'if (echo "$now" > "$looked_file") 2>/dev/null; then',
  `  if [ "$looked" -ge "$now" ] || [ $((now - looked)) -gt ${STANDSTILL_SECONDS} ]; then exit 0; fi`,
  'fi',
];

/** A figure from another boot may be larger than the uptime: it says nothing about this one. */
const SILENCE = [
  'heard=$(seconds "$alive_file") || heard=0',
  'if [ "$heard" -gt "$now" ]; then heard=0; fi',
  `if [ $((now - heard)) -ge ${DEAD_MAN_SECONDS} ]; then power_off "no heartbeat was answered for $((now - heard)) s"; fi`,
];

/** Hours may have up to three decimals; `1$fraction` keeps a leading zero from meaning octal. */
const AGE = [
  'hours=$(value SPOTHOP_MAXIMUM_AGE_HOURS)',
  `case $hours in '' | *[!0-9.]* | *.*.* | .* | *. | 0[0-9]* | ??????????*) hours=${MAXIMUM_AGE_HOURS_DEFAULT} ;; esac`,
  'fraction=000',
  'case $hours in *.*) fraction=$(printf \'%.3s\' "${hours#*.}000") ;; esac',
  'window=$(value SPOTHOP_DRAIN_WINDOW_SECONDS)',
  `case $window in '' | *[!0-9]* | 0[0-9]* | ??????*) window=${INTERRUPTION_NOTICE_SECONDS} ;; esac`,
  `oldest=$(((${'${hours%%.*}'} * 1000 + 1$fraction - 1000) * 18 / 5 + window + ${OVERDUE_SECONDS}))`,
  'if [ "$now" -ge "$oldest" ]; then power_off "up for $now s, longer than its maximum age allows"; fi',
];

/** A POSIX shell script, line by line. Every path can be set by an environment variable. */
export const DEAD_MAN_SCRIPT: readonly string[] = [
  '#!/bin/sh',
  "# Spothop's dead-man's switch: a machine whose agent is not heard, or that is too old, is powered off.",
  'set -u',
  ...READERS,
  ...POWER_OFF,
  ...PLACES,
  ...LOOK,
  ...SILENCE,
  ...AGE,
];

/** systemd unit `spothop-dead-man.service`. */
export const DEAD_MAN_SERVICE: readonly string[] = [
  '[Unit]',
  "Description=Spothop dead-man's switch",
  '[Service]',
  'Type=oneshot',
  `ExecStart=/bin/sh ${DEAD_MAN_PATH}`,
  'TimeoutStartSec=30',
];

/**
 * systemd unit `spothop-dead-man.timer`, to be enabled with `--now`. Counted from the boot and from its own last run,
 * never by the calendar: a clock that is set neither starts nor delays it. A boot time that is past when the timer is
 * enabled starts it at once (https://www.freedesktop.org/software/systemd/man/latest/systemd.timer.html).
 */
export const DEAD_MAN_TIMER: readonly string[] = [
  '[Unit]',
  "Description=Looks every minute whether Spothop's agent is alive",
  '[Timer]',
  `OnBootSec=${EVERY_SECONDS}`,
  `OnUnitActiveSec=${EVERY_SECONDS}`,
  'AccuracySec=5',
  '[Install]',
  'WantedBy=timers.target',
];
