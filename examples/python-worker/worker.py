#!/usr/bin/env python3
"""Counts the words of source files, for `worker: { command: python3 worker.py }`.

The input is JSON on standard input, the result JSON on standard output. Exit code 0 is done, 75 hands the task back,
anything else is a failure whose reason is the last line on standard error.
"""
import hashlib
import json
import os
import re
import sys
import time

import spothop

WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
CHECKPOINTS_MAX = 2


def index_file(root, file, words):
    with open(os.path.join(root, file), "rb") as source:
        content = source.read()
    for word in WORD.findall(content.decode("utf-8", "replace")):
        key = word.lower()
        words[key] = words.get(key, 0) + 1
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main():
    task = json.load(sys.stdin)
    names = task["files"]
    state = spothop.resume({"nextIndex": 0, "files": {}, "words": {}})
    every = max(1, -(-len(names) // (CHECKPOINTS_MAX + 1)))
    for index in range(state["nextIndex"], len(names)):
        state["files"][names[index]] = index_file(task.get("root", "."), names[index], state["words"])
        state["nextIndex"] = index + 1
        if spothop.stopping or state["nextIndex"] % every == 0:
            spothop.checkpoint(state)
        if spothop.stopping:
            return spothop.HAND_BACK
        time.sleep(task.get("restMs", 0) / 1000)
    result = {"files": dict(sorted(state["files"].items())), "words": dict(sorted(state["words"].items()))}
    json.dump(result, sys.stdout, ensure_ascii=False, separators=(",", ":"))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyError, OSError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
