# SPDX-License-Identifier: Apache-2.0
"""A private SSH server on the loopback or behind an emulated link, and what clients need in order to reach it."""

import getpass
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass

from kit import processes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HAWSER = os.environ.get("HAWSER", os.path.join(ROOT, ".build/release/hawser"))
SERVERS = {"openssh": "/usr/lib/openssh/sftp-server",
           "hawser": os.environ.get("HAWSER_SFTP_SERVER", os.path.join(ROOT, ".build/release/hawser-sftp-server"))}
FAR_ADDRESS = "198.18.0.2"

SERVER_CONFIG = """\
Port {port}
ListenAddress {address}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
MaxSessions 100
PrintMotd no
# For bash not to read the user's ~/.bashrc before it starts the SFTP server.
SetEnv SHLVL=2
Subsystem sftp {program}
"""
CLIENT_CONFIG = """\
Host server
    HostName {address}
    Port {port}
    User {user}
    IdentityFile {folder}/user
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
"""
# No commands on the server: they are not what is compared.
RCLONE_CONFIG = """\
[server]
type = sftp
host = {address}
port = {port}
user = {user}
key_file = {folder}/user
known_hosts_file = {folder}/known_hosts
shell_type = none
md5sum_command = none
sha1sum_command = none
chunk_size = 255k
concurrency = 64
"""


@dataclass(frozen=True)
class Link:
    round_trip: float  # seconds
    rate: float  # Mbit/s

    def __str__(self):
        return f"{self.round_trip * 1000:.0f} ms, {self.rate:.0f} Mbit/s"


class Site:
    """An sshd of our own, with its keys, in a folder; `near` and `far` say how to run what at which end."""

    def __init__(self, folder, server="openssh", cipher=None, link=None):
        self.folder, self.link = folder, link
        self.remote = os.path.join(folder, "remote")
        self.config = os.path.join(folder, "ssh_config")
        self.rclone_config = os.path.join(folder, "rclone.conf")
        self.environment = {**os.environ, "HOME": os.path.join(folder, "home"), "LC_ALL": "C.UTF-8",
                            "GIT_CONFIG_NOSYSTEM": "1"}
        for name in ("SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY"):
            self.environment.pop(name, None)
        self.address, self.port = ("127.0.0.1", None) if link is None else (FAR_ADDRESS, 22)
        self.near_prefix, self.far_prefix, self.started = [], [], []
        os.makedirs(self.remote)
        os.makedirs(os.path.join(folder, "home/.ssh"), 0o700)
        for name in ("host", "user"):
            processes.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(folder, name)])
        if link is not None:
            self._start_link()
        self._start_server(SERVERS[server], cipher)

    def near(self, command):
        return [*self.near_prefix, *command]

    def far(self, command):
        return [*self.far_prefix, *command]

    def _start_link(self):
        program = os.path.join(ROOT, "Integration/link")
        process = subprocess.Popen([program, str(self.link.round_trip * 1000), str(self.link.rate)],
                                   stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        near, far = (process.stdout.readline().strip() for _ in range(2))
        if not far:
            raise processes.Failure("the emulated link does not start")
        self.near_prefix, self.far_prefix = (["nsenter", f"--net={path}"] for path in (near, far))

    def _start_server(self, program, cipher):
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        for _ in range(5):
            if self.link is None:
                with socket.create_server((self.address, 0)) as probe:
                    self.port = probe.getsockname()[1]
            self._write_configuration(program, cipher)
            log = os.path.join(self.folder, "sshd.log")
            # sshd leaves an SFTP server to itself when its connection is lost: sshd is to adopt and reap it then,
            # so that its time stays with the server's.
            with open(log, "wb") as output:
                process = subprocess.Popen(
                    self.far([shutil.which("sshd", path=search), "-D", "-e", "-f",
                              os.path.join(self.folder, "sshd_config")]),
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment,
                    preexec_fn=processes.adopt_orphans)
            self.started.append(process)

            def listening():
                with open(log, encoding="utf-8", errors="replace") as file:
                    return process.poll() is not None or "Server listening on" in file.read()

            processes.wait_until(listening, "sshd")
            if process.poll() is None:
                self.server = process.pid
                return
        raise processes.Failure(f"sshd does not start: {log}")

    def _write_configuration(self, program, cipher):
        values = {"address": self.address, "port": self.port, "folder": self.folder, "program": program,
                  "user": getpass.getuser()}
        with open(os.path.join(self.folder, "host.pub"), encoding="ascii") as file:
            key = " ".join(file.read().split()[:2])
        host = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        for name, text in (("sshd_config", SERVER_CONFIG + (f"Ciphers {cipher}\n" if cipher else "")),
                           ("ssh_config", CLIENT_CONFIG), ("rclone.conf", RCLONE_CONFIG),
                           ("known_hosts", f"{host} {key}\n")):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text.format(**values))

    def wait_for_sessions_to_end(self):
        processes.wait_until(lambda: not processes.children(self.server), "the server's sessions to end")

    def stop(self):
        """Ends the server with its sessions, and the link."""
        for process in reversed(self.started):
            processes.end([process.pid])
            process.returncode = process.returncode or 0
            if process.stdout is not None:
                process.stdout.close()
        self.started = []
