#!/usr/bin/env python3
"""The demo's task in Python, for --exec: the input as JSON on standard input, the result as JSON on standard output.

Exit codes: 0 done, 75 hand back (asked to stop by SIGTERM), anything else a failure whose reason is the last line
on standard error. SPOTHOP_TASK_ID and SPOTHOP_ATTEMPT say which task this is, and at which attempt.
"""
import hashlib
import json
import os
import re
import signal
import sys

WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
HAND_BACK = 75
stop_asked = False


def ask_to_stop(_signal, _frame):
    global stop_asked
    stop_asked = True


def index_file(root, file, words):
    with open(os.path.join(root, file), "rb") as source:
        content = source.read()
    for word in WORD.findall(content.decode("utf-8", "replace")):
        key = word.lower()
        words[key] = words.get(key, 0) + 1
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main():
    signal.signal(signal.SIGTERM, ask_to_stop)
    task = json.load(sys.stdin)
    files, words = {}, {}
    for file in task["files"]:
        if stop_asked:
            return HAND_BACK
        files[file] = index_file(task.get("root", "."), file, words)
    result = {"files": dict(sorted(files.items())), "words": dict(sorted(words.items()))}
    json.dump(result, sys.stdout, ensure_ascii=False, separators=(",", ":"))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyError, OSError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
