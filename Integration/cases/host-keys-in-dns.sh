#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Host keys in the DNS count exactly where they count for ssh: name servers that validate and that don't,
# that are trusted to and that aren't, with the host's key and with another.
# servers: openssh
if [ "${IN_NAMESPACES:-}" != 1 ]; then
    # A name server's port and resolv.conf are the system's, so this needs a system of its own.
    unshare --net --mount true 2>/dev/null || { echo "SKIPPED: no namespaces for us" && exit 77; }
    IN_NAMESPACES=1 exec unshare --net --mount "$0"
fi
. "$(dirname "$0")/../lib.sh"

python3 - <<'END'
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as lo:
    fcntl.ioctl(lo, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up
END
start_server
touch "$CASE/resolv.conf" "$CASE/hosts"
echo '127.0.0.1 server.test' >"$CASE/hosts"
mount --bind "$CASE/resolv.conf" /etc/resolv.conf
mount --bind "$CASE/hosts" /etc/hosts

# What it answers is in two files: "1" where it says that it has validated, and the public key.
python3 - "$CASE" <<'END' &
import base64, hashlib, socket, sys
case = sys.argv[1]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
open(case + "/serving", "w").close()
while True:
    query, sender = server.recvfrom(4096)
    end = query.index(0, 12) + 5
    validated = open(case + "/validated").read().strip() == "1"
    key = base64.b64decode(open(case + "/key").read().split()[1])
    record = b"\4\2" + hashlib.sha256(key).digest()
    answer = b"\xc0\x0c\0\x2c\0\1\0\0\0\x3c\0" + bytes([len(record)]) + record
    head = query[:2] + bytes([0x81, 0xA0 if validated else 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
    server.sendto(head + query[12:end] + answer, sender)
END
started_pids+=($!)
wait_until 20 test -e "$CASE/serving"

options=(-o HostName=server.test -o VerifyHostKeyDNS=yes -o HostKeyAlgorithms=ssh-ed25519
    -o UserKnownHostsFile=/dev/null)
accepted=0
for validated in 1 0; do
    for trusted in trust-ad ndots:1; do
        for key in host user; do
            echo $validated >"$CASE/validated"
            cp "$CASE/${key}_ed25519.pub" "$CASE/key"
            printf 'nameserver 127.0.0.1\noptions %s\n' $trusted >"$CASE/resolv.conf"
            expected=0
            ssh -n -F "$SSH_CONFIG" "${options[@]}" server true 2>"$CASE/ssh.output" || expected=$?
            what="validated: $validated, $trusted, key of the $key"
            if [ $expected = 0 ]; then
                mount_remote "$REMOTE" "$MOUNT" "${options[@]}"
                unmount "$MOUNT"
                accepted=$((accepted + 1))
                say "$what: accepted"
            else
                expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "${options[@]}" "server:$REMOTE" "$MOUNT"
                is_unmounted "$MOUNT" || fail "$what: mounted"
                say "$what: refused"
            fi
            for output in ssh.output output; do
                if [ $expected = 0 ]; then break; fi
                expect_equal "$what: warned of a changed key in $output" $key \
                    "$(if grep -q 'IDENTIFICATION HAS CHANGED' "$CASE/$output"; then echo user; else echo host; fi)"
            done
        done
    done
done
expect_equal "accepted" 1 $accepted
