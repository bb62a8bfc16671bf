# SPDX-License-Identifier: Apache-2.0
"""What a client of paramiko's makes of a server: with-paramiko.py PORT USER KEY HOST-KEY REMOTE LOCAL."""
import base64
import os
import sys

import paramiko

port, user, key, host_key, remote, local = sys.argv[1:]
client = paramiko.SSHClient()
kind, blob = open(host_key, encoding="ascii").read().split()[:2]
client.get_host_keys().add(f"[127.0.0.1]:{port}", kind, paramiko.PKey.from_type_string(
    kind, base64.b64decode(blob)))
client.connect("127.0.0.1", int(port), user, key_filename=key, look_for_keys=False, allow_agent=False)
sftp = client.open_sftp()


def attempt(name, function):
    try:
        print(name, function())
    except OSError as error:
        print(name, "fails:", type(error).__name__, error.errno)


sftp.chdir(remote)
sftp.put(f"{local}/big", "big")
sftp.get("big", f"{local}/from-paramiko")
with sftp.open("big", "r") as file:
    print("pieces", [len(piece) for piece in file.readv([(0, 100), (700000, 40000), (5, 1)])])
with sftp.open("big", "a") as file:
    file.write("behind")
with sftp.open("new", "w") as file:
    file.write("0123456789")
    file.truncate(7)
with sftp.open("new", "r+") as file:
    file.seek(3)
    file.write("XYZ")
attempt("exclusive", lambda: sftp.open("new", "x"))
sftp.mkdir("folder")
sftp.rename("new", "folder/moved")
sftp.posix_rename("folder/moved", "moved")
sftp.symlink("moved", "link")
print("link", sftp.readlink("link"), sftp.stat("link").st_size, oct(sftp.lstat("link").st_mode))
sftp.chmod("moved", 0o640)
sftp.utime("moved", (1, 2))
print("moved", sftp.stat("moved").st_mtime, oct(sftp.stat("moved").st_mode))
print("list", sorted(entry.filename for entry in sftp.listdir_attr(".")))
print("normal", os.path.basename(sftp.normalize("folder/../link")))
attempt("missing", lambda: sftp.stat("missing"))
attempt("not empty", lambda: sftp.rmdir("."))
attempt("onto", lambda: sftp.rename("moved", "big"))
attempt("no folder", lambda: sftp.listdir("big"))
sftp.remove("link")
sftp.rmdir("folder")
client.close()
