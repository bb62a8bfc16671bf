#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Questions of a PAM stack: two prompts, one of them shown while it is typed, by themselves and as the
# second step after a key; and a password that PAM checks. The stack is this case's own.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || skip "only root may write a PAM stack"
compiler=$(command -v cc || command -v clang || true)
[ -n "$compiler" ] || skip "no C compiler for a PAM module"
[ -e /lib/x86_64-linux-gnu/libpam.so.0 ] || ldconfig -p | grep -q libpam.so.0 || skip "no PAM"

# PAM's service is sshd's own name, so that a link by another name has another stack.
service=hawser-test-$$
ln -s "$(command -v sshd)" "$CASE/$service"
cat >"$CASE/module.c" <<'END'
#include <stdlib.h>
#include <string.h>
struct pam_handle;
int pam_prompt(struct pam_handle *, int, char **, const char *, ...);
enum { SUCCESS = 0, AUTH_ERR = 7, ECHO_OFF = 1, ECHO_ON = 2 };
static int ask(struct pam_handle *pam, int style, const char *prompt, const char *expected) {
    char *answer = NULL;
    if (pam_prompt(pam, style, &answer, "%s", prompt) != SUCCESS || !answer) return 0;
    int right = strcmp(answer, expected) == 0;
    free(answer);
    return right;
}
int pam_sm_authenticate(struct pam_handle *pam, int flags, int count, const char **words) {
    int first = ask(pam, ECHO_OFF, "Password: ", "open sesame");
    if (count > 0) return first ? SUCCESS : AUTH_ERR;
    return ask(pam, ECHO_ON, "Which \033[1mcode? ", "1234") && first ? SUCCESS : AUTH_ERR;
}
int pam_sm_setcred(struct pam_handle *pam, int flags, int count, const char **words) { return SUCCESS; }
END
"$compiler" -shared -fPIC -w -o "$CASE/module.so" "$CASE/module.c" -l:libpam.so.0
cat >"/etc/pam.d/$service" <<END
auth required $CASE/module.so
account required pam_permit.so
session required pam_permit.so
END
trap 'rm -f "/etc/pam.d/$service"; clean_up' EXIT

sshd_program=$CASE/$service start_server 'UsePAM yes' 'KbdInteractiveAuthentication yes' 'PubkeyAuthentication no'
cat >"$CASE/askpass" <<END
#!/bin/sh
echo "\$1" >>"$CASE/asked"
case \$1 in
*Password*) echo 'open sesame' ;;
*code*) cat "$CASE/code" ;;
esac
END
chmod +x "$CASE/askpass"
export SSH_ASKPASS="$CASE/askpass" SSH_ASKPASS_REQUIRE=force
echo 1234 >"$CASE/code"
mount_remote "$REMOTE" "$MOUNT" </dev/null
unmount "$MOUNT"
login="($(id -un)@server)"
expect_equal "questions" "$login Password: "$'\n'"$login Which \\u{1B}[1mcode? " "$(cat "$CASE/asked")"

echo 4321 >"$CASE/code"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o NumberOfPasswordPrompts=1 "server:$REMOTE" "$MOUNT" </dev/null
grep -q "keyboard-interactive: refused" "$CASE/output" || fail "the message is: $(cat "$CASE/output")"

# A key, and then the questions.
stop_server
sshd_program=$CASE/$service start_server 'UsePAM yes' 'KbdInteractiveAuthentication yes' \
    'AuthenticationMethods publickey,keyboard-interactive'
echo 1234 >"$CASE/code"
mount_remote "$REMOTE" "$MOUNT" </dev/null
unmount "$MOUNT"
grep -q '^Partial publickey' "$CASE/sshd.log" || fail "the key was not the first step"
grep -q '^Accepted keyboard-interactive/pam' "$CASE/sshd.log" || fail "the questions were not the second step"

# A password, given on the standard input; nothing else is asked.
stop_server
sed -i 's/module.so/module.so only/' "/etc/pam.d/$service"
sshd_program=$CASE/$service start_server 'UsePAM yes' 'PasswordAuthentication yes' 'PubkeyAuthentication no'
rm "$CASE/asked"
mount_remote "$REMOTE" "$MOUNT" -o password_stdin <<<'open sesame'
unmount "$MOUNT"
grep -q '^Accepted password' "$CASE/sshd.log" || fail "not logged in by the password"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o password_stdin "server:$REMOTE" "$MOUNT" <<<'open barley'
grep -q "password: refused" "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
[ ! -e "$CASE/asked" ] || fail "asked: $(cat "$CASE/asked")"
