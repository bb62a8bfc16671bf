# SPDX-License-Identifier: Apache-2.0
"""What is compared: programs that mount, and programs that copy. Each with the flags that make it fastest."""

import os
import shutil
import subprocess

from kit import processes
from kit.site import HAWSER


class MountingClient:
    def __init__(self, name, program):
        self.name, self.program = name, program

    def missing(self):
        return None if shutil.which(self.program) else f"no {self.program}"

    def mount_command(self, site, folder, point):
        match self.name:
            case "hawser":
                return [HAWSER, "mount", "-F", site.config, f"server:{folder}", point]
            case "sshfs":
                return ["sshfs", "-F", site.config, f"server:{folder}", point]
            case "rclone":
                return ["rclone", "mount", "--daemon", "--config", site.rclone_config, f"server:{folder}", point]

    def unmount_command(self, point):
        return [HAWSER, "unmount", point] if self.name == "hawser" else ["fusermount3", "-u", point]


class Mount:
    """One mount, from its command until it is gone. `roots` are the client's processes."""

    def __init__(self, client, site, folder, point):
        self.client, self.site, self.point = client, site, point
        os.makedirs(point, exist_ok=True)
        before = set(processes.children())
        processes.run(site.near(client.mount_command(site, folder, point)), site.environment, seconds=120)
        processes.wait_until(lambda: is_mounted(point), f"the mount at {point}")
        self.roots = sorted(set(processes.children()) - before)

    def path(self, *names):
        return os.path.join(self.point, *names)

    def unmount(self):
        try:
            processes.run(self.client.unmount_command(self.point), self.site.environment, seconds=120)
            processes.wait_until(lambda: not is_mounted(self.point), f"the end of the mount at {self.point}")
            processes.wait_until(lambda: all(processes.reaped(pid) for pid in self.roots), "the client's end")
        except (processes.Failure, TimeoutError) as error:
            left = processes.described(self.roots)
            end_mount(self.point)
            processes.end(self.roots)
            raise processes.Failure(f"{error}; left: {left}") from None


def _mount_points():
    with open("/proc/self/mounts", encoding="utf-8") as file:
        return [line.split()[1] for line in file]


def is_mounted(point):
    return point in _mount_points()


def end_mounts_below(folder):
    for point in _mount_points():
        if point.startswith(folder + "/"):
            end_mount(point)


def end_mount(point):
    if is_mounted(point):
        subprocess.run(["fusermount3", "-uz", point], check=False)


class CopyingClient:
    """Copies one file or a directory: `get` to this machine, `put` to the server."""

    def __init__(self, name, program):
        self.name, self.program = name, program

    def missing(self):
        if not shutil.which(self.program):
            return f"no {self.program}"
        if self.name == "hawser":
            listed = subprocess.run([HAWSER, "cp", "--help"], capture_output=True, check=False).returncode == 0
            return None if listed else "hawser has no cp"
        return None

    def command(self, site, direction, source, target, whole_tree):
        """The program with its arguments, and what it reads."""
        ends = (f"server:{source}", target) if direction == "get" else (source, f"server:{target}")
        match self.name:
            case "hawser":
                return [HAWSER, "cp", "-q", "-F", site.config, *(["-r"] if whole_tree else []), *ends], None
            case "scp":
                return ["scp", "-q", "-F", site.config, *(["-r"] if whole_tree else []), *ends], None
            case "sftp":
                flag = "-r " if whole_tree else ""
                return ["sftp", "-q", "-F", site.config, "-b", "-", "server"], f"{direction} {flag}{source} {target}\n"
            case "rclone":
                words = ["copy", "--transfers", "16"] if whole_tree else ["copyto"]
                return ["rclone", *words, "--config", site.rclone_config, *ends], None
            case "lftp":
                return ["lftp", "-c", self._lftp_script(site, direction, source, target, whole_tree)], None

    @staticmethod
    def _lftp_script(site, direction, source, target, whole_tree):
        if whole_tree:
            work = f"mirror --parallel=8 {'' if direction == 'get' else '-R '}{source} {target}"
        else:
            work = f"{direction} {source} -o {target}"
        return (f"set cmd:fail-exit yes; set sftp:connect-program 'ssh -a -x -F {site.config}'; "
                f"set sftp:max-packets-in-flight 64; open sftp://server; {work}")


MOUNTING = [MountingClient("hawser", HAWSER), MountingClient("sshfs", "sshfs"), MountingClient("rclone", "rclone")]
COPYING = [CopyingClient("hawser", HAWSER), CopyingClient("scp", "scp"), CopyingClient("sftp", "sftp"),
           CopyingClient("rclone", "rclone"), CopyingClient("lftp", "lftp")]
TITLES = {"hawser": "Hawser", "sshfs": "sshfs", "rclone": "rclone", "scp": "scp", "sftp": "sftp", "lftp": "lftp",
          "tcp": "plain TCP"}
