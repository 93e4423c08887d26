#!/bin/sh
# Checksums of many files, by ordinary tools. What is done so far is the checkpoint: one line for each file.
# Exit codes: 0 done, the result on standard output; 75 hand me back; anything else failed.
set -eu

HAND_BACK=75
FILES_PER_CHECKPOINT=${FILES_PER_CHECKPOINT:-20}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stop_asked=
trap 'stop_asked=yes' TERM

# {"files":["a","b"],"root":"/data"}, one name a line. Names with commas or quotes need jq -r '.files[]'.
input() { cat "$SPOTHOP_INPUT_FILE"; echo; }
input | sed -n 's/.*"files":\[\([^]]*\)\].*/\1/p' | tr ',' '\n' | tr -d '"' > "$work/names"
root=$(input | sed -n 's/.*"root":"\([^"]*\)".*/\1/p')
cd "${root:-.}"

# The next few names. SIGTERM goes to every process of the task: those of the pipeline are not to hear it.
sum_next() (
  trap '' TERM
  from=$1
  sed -n "$from,$((from + FILES_PER_CHECKPOINT - 1))p" "$work/names" | while IFS= read -r name; do
    [ -r "$name" ] || { echo "cannot read $name" >&2; exit 1; }
    cksum "$name"
  done
)

# Renamed into place, so that it is never seen half written. The agent stores it, and then removes it.
checkpoint() {
  cp "$work/sums" "$SPOTHOP_CHECKPOINT_FILE.new"
  mv "$SPOTHOP_CHECKPOINT_FILE.new" "$SPOTHOP_CHECKPOINT_FILE"
}

if [ -e "$SPOTHOP_RESUME_FILE" ]; then cp "$SPOTHOP_RESUME_FILE" "$work/sums"; else : > "$work/sums"; fi
total=$(wc -l < "$work/names")
finished=$(wc -l < "$work/sums")
while [ "$finished" -lt "$total" ]; do
  sum_next "$((finished + 1))" >> "$work/sums"
  finished=$(wc -l < "$work/sums")
  checkpoint
  if [ -n "$stop_asked" ]; then exit "$HAND_BACK"; fi
done
LC_ALL=C sort "$work/sums"
