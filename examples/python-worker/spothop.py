"""What a Python worker needs of Spothop when it runs as a command: checkpoint, resume, notice and the fence.

Copy this file beside your worker. Every path is told by a variable of the environment; without them (on your laptop, say)
nothing is stored and there is nothing to resume.
"""
import json, os, signal, time

HAND_BACK = 75  # sys.exit(HAND_BACK): run me again elsewhere or later; nothing failed
TASK_ID, ATTEMPT = os.environ.get("SPOTHOP_TASK_ID", "laptop"), int(os.environ.get("SPOTHOP_ATTEMPT", "1"))
stopping = False  # true once SIGTERM has come: store how far you are, and exit with HAND_BACK


def _ask_to_stop(_signal, _frame):
    global stopping
    stopping = True


signal.signal(signal.SIGTERM, _ask_to_stop)


def _read(variable):
    """The text of a file that may not be there."""
    try:
        with open(os.environ.get(variable, ""), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def resume(first=None):
    """What the last checkpoint stored, of this attempt or an earlier one; `first` when there is none."""
    text = _read("SPOTHOP_RESUME_FILE")
    return first if text is None else json.loads(text)


def notice():
    """None, or {"deadline", "secondsLeft", "reason"} once this machine is to end. Go on, or come to an end early."""
    text = _read("SPOTHOP_NOTICE_FILE")
    return None if text is None else json.loads(text)


def checkpoint(state):
    """Stores how far the work is, as JSON, and returns once that is certain. Raises when it was refused."""
    path = os.environ.get("SPOTHOP_CHECKPOINT_FILE")
    if path is None:
        return
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(path + ".new", path)
    while os.path.exists(path):  # the agent removes it once it is stored
        if _read("SPOTHOP_STALE_FILE") is not None:
            raise SystemExit("this attempt is over: another machine has the task")
        time.sleep(0.02)
    refusal = _read("SPOTHOP_REFUSED_FILE")
    if refusal is not None:
        raise ValueError(refusal)


def fence():
    """For what you write to: the columns or metadata by which it can refuse an older attempt of this task."""
    return {"spothop_task": TASK_ID, "spothop_attempt": ATTEMPT}
