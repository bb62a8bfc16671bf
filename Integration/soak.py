#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hundred clients at one server, some of which are killed at any time.

Usage: soak.py SECONDS CLIENTS CONFIG DIRECTORY SERVER_PID

Each client is an sftp(1) with a batch of its own: it puts a file, gets it back, renames, lists, copies and removes.
A third of them are killed in the middle. What a client that came to its end has got is compared with what it had
put. Between rounds the server is quiet, and its descriptors, threads and memory are counted: they may not grow.
"""

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

KILLED = 0.3
# What has to be reached of that, or the run has shown little.
LEAST_KILLED = 0.15
# How often those to be killed put and get behind what the others do: they don't end by themselves.
REPEATED = 2000
# In seconds.
LONGEST_PATIENCE = 0.5
SIZES = [0, 1, 4096, 100_000, 1_000_000, 8_000_000]
# What glibc keeps of memory that was freed, and what is counted late, in KiB.
MEMORY_SLACK = 24 << 10


class Failure(Exception):
    pass


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(re.findall(r"^(\w+):\s+(\d+)", file.read(), re.M))
    return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(fields["Threads"]),
            "memory": int(fields["VmRSS"])}


def quiet_status(pid, like=None):
    """The server's status once no session is left: as many threads and descriptors as before, if that comes."""
    deadline = time.monotonic() + 60
    while True:
        now = status(pid)
        if like is None or (now["descriptors"] <= like["descriptors"] and now["threads"] <= like["threads"]):
            return now
        if time.monotonic() > deadline:
            raise Failure(f"left over: {now}, at the beginning {like}")
        time.sleep(0.1)


class Client:
    def __init__(self, config, directory, work, number, chance):
        self.got = os.path.join(work, f"got-{number}")
        self.put = os.path.join(work, f"put-{number}")
        self.remote = os.path.join(directory, f"client-{number}")
        shutil.rmtree(self.remote, ignore_errors=True)
        content = chance.randbytes(chance.choice(SIZES))
        with open(self.put, "wb") as file:
            file.write(content)
        self.digest = hashlib.sha256(content).digest()
        far = self.remote
        batch = [f"mkdir {far}", f"put {self.put} {far}/a", f"ls -la {far}", f"rename {far}/a {far}/b",
                 f"copy {far}/b {far}/c", f"ln -s b {far}/link", f"ln {far}/c {far}/d", f"rm {far}/c",
                 f"put {self.put} {far}/b", f"chmod 600 {far}/b", f"get {far}/link {self.got}",
                 f"get {far}/d {self.got}.copy", f"rm {far}/d"]
        # How it is killed, and how long after it has begun its work: before that, it would be a failed login.
        self.signal = chance.choice([signal.SIGKILL, signal.SIGTERM]) if chance.random() < KILLED else None
        self.patience = chance.random() * LONGEST_PATIENCE
        self.death = None
        self.is_killed = False
        if self.signal:
            batch += [f"put {self.put} {far}/b", f"get {far}/b {self.got}", f"ls -la {far}"] * REPEATED
        # By a file: a pipe would have to be filled while others wait.
        commands = tempfile.TemporaryFile(dir=work)
        commands.write(("\n".join(batch) + "\n").encode())
        commands.seek(0)
        self.process = subprocess.Popen(
            ["sftp", "-q", "-b", "-", "-F", config, "server"], stdin=commands, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True)
        commands.close()

    def poll(self):
        """Whether it is over; kills it when its time has come."""
        if self.process.poll() is not None:
            return True
        if self.signal and self.death is None and os.path.isdir(self.remote):
            self.death = time.monotonic() + self.patience
        if self.death and not self.is_killed and time.monotonic() >= self.death:
            self.is_killed = True
            os.killpg(self.process.pid, self.signal)
        return False

    def check(self):
        words = self.process.stderr.read().decode(errors="replace")
        self.process.stderr.close()
        if self.is_killed:
            return
        if self.process.returncode != 0:
            raise Failure(f"a client that nobody killed ended with {self.process.returncode}: {words}")
        for path in [self.got, self.got + ".copy", os.path.join(self.remote, "b")]:
            with open(path, "rb") as file:
                if hashlib.sha256(file.read()).digest() != self.digest:
                    raise Failure(f"{path} is not what was put")
        if sorted(os.listdir(self.remote)) != ["b", "link"]:
            raise Failure(f"{self.remote} holds {os.listdir(self.remote)}")


def run_round(count, config, directory, work, chance):
    clients = [Client(config, directory, work, number, chance) for number in range(count)]
    deadline = time.monotonic() + 600
    left = clients
    while left:
        left = [client for client in left if not client.poll()]
        if time.monotonic() > deadline:
            raise Failure(f"{len(left)} clients have not ended")
        time.sleep(0.02)
    for client in clients:
        client.check()
    return sum(client.is_killed for client in clients)


def main(seconds, count, config, directory, pid):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    before = quiet_status(pid)
    end = time.monotonic() + seconds
    rounds = killed = 0
    early = None
    with tempfile.TemporaryDirectory() as work:
        # What the first rounds leave is what the allocator keeps; what comes on top would be a leak.
        while rounds < 3 or time.monotonic() < end:
            killed += run_round(count, config, directory, work, chance)
            rounds += 1
            now = quiet_status(pid, like=before)
            if rounds == 2:
                early = now
            print(f"round {rounds}: {killed} killed so far, {now}", flush=True)
    if killed < LEAST_KILLED * rounds * count:
        raise Failure(f"only {killed} of {rounds * count} clients were killed")
    if now["memory"] > early["memory"] + MEMORY_SLACK:
        raise Failure(f"{now['memory']} KiB, after two rounds {early['memory']} KiB")


if __name__ == "__main__":
    try:
        main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]))
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
