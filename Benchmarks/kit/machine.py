# SPDX-License-Identifier: Apache-2.0
"""Which machine and which programs a run was made with."""

import datetime
import os
import platform
import re
import subprocess

from kit.site import HAWSER, ROOT


def install_peers():
    """Installs, with Debian's packages, what is compared and measures. Does nothing where all is there."""
    subprocess.run([os.path.join(ROOT, "Integration/install-packages")], check=True)


def describe(directory):
    processor = _first(r"model name\s*: (.*)", _read("/proc/cpuinfo"))
    kibibytes = int(_first(r"MemTotal:\s*(\d+)", _read("/proc/meminfo")))
    return {"date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
            "processor": f"{processor}, {os.cpu_count()} CPUs",
            "memory": f"{kibibytes / (1 << 20):.0f} GiB",
            "kernel": platform.release(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", "?"),
            "load before": f"{os.getloadavg()[0]:.2f}",
            "files on": _written(["stat", "-f", "-c", "%T", directory]),
            "TCP": _read("/proc/sys/net/ipv4/tcp_congestion_control").strip(),
            "Hawser": f"{_version([HAWSER, '--version'])} ({_written(['git', '-C', ROOT, 'describe', '--always'])})",
            "OpenSSH": _first(r"OpenSSH_([^ ,]+)", _written(["ssh", "-V"])),
            "sshfs": _first(r"SSHFS version (\S+)", _written(["sshfs", "--version"])),
            "rclone": _version(["rclone", "version"]),
            "lftp": _version(["lftp", "--version"]), "fio": _version(["fio", "--version"])}


def _version(command):
    return _first(r"(\d+(?:\.\d+)+)", _written(command))


def _first(pattern, text):
    found = re.search(pattern, text)
    return found.group(1) if found else "?"


def _read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def _written(command):
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "?"
    return (result.stdout + result.stderr).strip()
