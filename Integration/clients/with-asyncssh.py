# SPDX-License-Identifier: Apache-2.0
"""What a client of asyncssh's makes of a server: with-asyncssh.py PORT USER KEY HOST-KEY REMOTE LOCAL."""
import asyncio
import sys

import asyncssh

port, user, key, host_key, remote, local = sys.argv[1:]


async def attempt(name, call):
    try:
        print(name, await call)
    except asyncssh.SFTPError as error:
        print(name, "fails:", type(error).__name__, error.code)


async def main():
    known = ([asyncssh.read_public_key(host_key)], [], [])
    async with asyncssh.connect("127.0.0.1", int(port), username=user, client_keys=[key], known_hosts=known,
                                agent_path=None, config=None) as connection:
        # Some at the same time, on one connection.
        async with connection.start_sftp_client() as sftp, connection.start_sftp_client() as other:
            await sftp.chdir(remote)
            await asyncio.gather(sftp.put(f"{local}/big", "big"), other.put(f"{local}/tree", f"{remote}/tree",
                                                                            recurse=True, preserve=True))
            await asyncio.gather(sftp.get("big", f"{local}/from-asyncssh"), sftp.get(
                "tree", f"{local}/tree-from-asyncssh", recurse=True, preserve=True))
            async with sftp.open("big", "ab") as file:
                await file.write(b"behind")
            print("glob", sorted(await sftp.glob("tree/*/file-4*")))
            await sftp.rename("big", "moved")
            await attempt("onto", sftp.rename("moved", "tree"))
            await sftp.posix_rename("moved", "moved-again")
            await sftp.link("moved-again", "hard")
            await sftp.symlink("hard", "soft")
            print("link", await sftp.readlink("soft"), (await sftp.stat("soft")).size)
            print("free", (await sftp.statvfs(".")).bsize > 0)
            print("exists", await sftp.exists("hard"), await sftp.isfile("tree"), await sftp.islink("soft"))
            await sftp.chmod("hard", 0o600)
            await sftp.truncate("hard", 1000)
            await attempt("missing", sftp.stat("missing"))
            await attempt("not empty", sftp.rmdir("tree"))
            await attempt("a file", sftp.listdir("hard"))
            await sftp.rmtree("tree")
            print("list", sorted(await sftp.listdir(".")))


asyncio.run(main())
