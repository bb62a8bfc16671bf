# SPDX-License-Identifier: Apache-2.0
"""Processes and what they cost: processor time and memory of whole trees of them."""

import ctypes
import os
import signal
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
CPUCLOCK_SCHED = 2  # include/linux/posix-timers.h: with ~pid above it, the clock of all threads of that process
TICKS = os.sysconf("SC_CLK_TCK")


def adopt_orphans():
    """What goes into the background becomes our child, so that it can be found, accounted for and ended."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def keep_mounts_to_ourselves():
    """Takes a mount namespace of our own, where we may.

    A namespace that somebody makes out of the machine's holds copies of its mounts, and a client does not end while
    there is a copy of its mount.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(CLONE_NEWNS) == 0 and library.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        raise OSError(ctypes.get_errno(), "making the mounts private")


def children(pid=None):
    pid = os.getpid() if pid is None else pid
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return found


def tree(roots):
    """The processes and all their descendants."""
    return [pid for root in roots for pid in [root, *tree(children(root))]]


def _seconds(pid):
    """What a process and its reaped children took. Of those, and of one that has ended, only clock ticks are known."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(") ")[2].split()
    own, reaped_children = (int(fields[11]) + int(fields[12])) / TICKS, (int(fields[13]) + int(fields[14])) / TICKS
    try:
        own = time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)
    except OSError:
        pass
    return own + reaped_children


def cpu_seconds(roots):
    """Processor time of the trees of processes, user and system, with those of their children that have ended."""
    while True:
        before = tree(roots)
        try:
            total = sum(_seconds(pid) for pid in before)
        except OSError:
            continue
        # One that ended meanwhile may have been counted twice or not at all.
        if tree(roots) == before:
            return total


def peak_memory(roots):
    """The peaks of resident memory of all processes of the trees, added up, in bytes."""
    return sum(_peaks(roots).values())


def _peaks(roots):
    peaks = {}
    for pid in tree(roots):
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        peaks[pid] = int(line.split()[1]) * 1024
        except OSError:
            pass
    return peaks


def wait_until(condition, what, seconds=120.0, pause=0.002):
    """Polls a condition. The limit only bounds a failure: nothing depends on speed."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited too long for {what}")
        time.sleep(pause)


def end(roots):
    """Ends trees of processes whose roots are children of ours, and reaps the roots."""
    for number, limit in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        for pid in tree(roots):
            try:
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + limit
        while (roots := [pid for pid in roots if not reaped(pid)]) and time.monotonic() < deadline:
            time.sleep(0.01)
        if not roots:
            return


def described(pids):
    """Those of the processes that are there, with what each is doing."""
    found = []
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                name, _, rest = file.read().partition("(")[2].rpartition(") ")
            found.append(f"{name} ({rest[:1]})")
        except OSError:
            pass
    return ", ".join(found)


def reaped(pid):
    """Whether a child of ours has ended; it is reaped then."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


class Failure(Exception):
    """A program did not do what it was measured at."""


def run(command, environment=None, seconds=900, **options):
    """Runs a program to its end; a Failure with what it wrote if it fails."""
    try:
        result = subprocess.run(command, env=environment, capture_output=True, timeout=seconds, check=False,
                                stdin=options.pop("stdin", subprocess.DEVNULL), **options)
    except subprocess.TimeoutExpired:
        raise Failure(f"{command[0]}: no end after {seconds} s") from None
    if result.returncode != 0:
        words = (result.stderr + b"\n" + result.stdout).decode("utf-8", "replace").strip()
        raise Failure(f"{command[0]}: status {result.returncode}: {words[:500]}")
    return result.stdout


class AccountedRun:
    """A program run to its end: seconds, processor seconds and peak memory of it and all its descendants."""

    def __init__(self, command, environment, text=None, limit=900):
        before = set(children())
        self._peaks = {}
        begin = time.monotonic()
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            over = threading.Event()
            threads = [threading.Thread(target=self._watch, args=(process.pid, over)),
                       threading.Timer(limit, process.kill)]
            for thread in threads:
                thread.start()
            process.stdin.write((text or "").encode())
            process.stdin.close()
            errors = process.stderr.read()
            usage = self._wait(process)
            self.seconds = time.monotonic() - begin
            over.set()
            threads[1].cancel()
            for thread in threads:
                thread.join()
        self.cpu = usage.ru_utime + usage.ru_stime
        for pid in set(children()) - before:
            usage = os.wait4(pid, 0)[2]
            self.cpu += usage.ru_utime + usage.ru_stime
        self.memory = sum(self._peaks.values())
        if process.returncode != 0:
            raise Failure(f"{command[0]}: status {process.returncode}: {errors.decode('utf-8', 'replace')[:500]}")

    @staticmethod
    def _wait(process):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage

    def _watch(self, pid, over):
        """A process's peak can only be read while it lives."""
        while not over.wait(0.05):
            for process, peak in _peaks([pid]).items():
                self._peaks[process] = max(peak, self._peaks.get(process, 0))
