# SPDX-License-Identifier: Apache-2.0
# Completes hawser's command line in bash: its commands and options, hosts, files on servers, and mounts.
# To be read by .bashrc, or installed as /usr/share/bash-completion/completions/hawser.

_hawser_options() { # command...
    "$@" --help 2>/dev/null | command grep -oE -- '(^|[ ,/[])--?[A-Za-z0-9][a-z-]*' | tr -d ' ,/['
}

# The options of a connection among the words, in cp's letters, for whoever completes over it.
_hawser_connection() { # command
    local index letter value
    connection=()
    for ((index = 1; index < ${#words[@]} - 1; index++)); do
        case $1:${words[index]} in
        *:-4 | *:-6 | *:-C) connection+=("${words[index]}") ;;
        mount:-[FJilop]* | doctor:-[FJilop]*)
            letter=${words[index]:1:1} value=${words[index]:2}
            [ -n "$value" ] || value=${words[index + 1]}
            _hawser_mount_option "$letter" "$value"
            ;;
        mount:* | doctor:*) ;;
        *:-[FPJioSDc]) connection+=("${words[index]}" "${words[index + 1]}") ;;
        *:-[FPJioSDc]?*) connection+=("${words[index]}") ;;
        esac
    done
}

# An option of mount's as cp takes it; of its lists, what is ssh's.
_hawser_mount_option() { # letter value
    local list option
    case $1 in
    p) connection+=(-P "$2") ;;
    l) connection+=(-o "User=$2") ;;
    o)
        # A comma behind a backslash belongs to a value.
        list=${2//'\,'/$'\n'}
        while IFS= read -r -d , option; do
            case $option in [[:upper:]]*=* | port=*) connection+=(-o "${option//$'\n'/,}") ;; esac
        done <<<"$list,"
        ;;
    *) connection+=("-$1" "$2") ;;
    esac
}

# The names of mount options, with "=" where they have values.
_hawser_mount_options() { # program
    "$1" mount --help 2>/dev/null | sed -n 's/^  \([a-z_]\{1,\}=\{0,1\}\).*/\1/p'
}

# Where something is mounted; blanks and the like are escaped as printf's %b takes them.
_hawser_mounts() {
    findmnt -rno TARGET -t fuse.hawser,fuse.sshfs 2>/dev/null
}

_hawser() {
    local program=$1 line=${COMP_LINE:0:COMP_POINT} words word connection command candidate
    # Bash takes words apart at colons; these are whole, as the program will see them.
    read -ra words <<<"$line"
    case $line in *[[:space:]]) words+=('') ;; esac
    word=${words[${#words[@]} - 1]}
    COMPREPLY=()
    case ${program##*/} in scp) command=(scp) ;; *) command=("${words[1]}") ;; esac
    if [ "${command[0]}" != scp ] && [ ${#words[@]} -le 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null |
            sed -n '/^SUBCOMMANDS/,/^$/s/^  \([a-z-]\{2,\}\).*/\1/p') --help --version" -- "$word")
        return
    fi
    case $word in
    -*)
        if [ "${command[0]}" = scp ]; then command=("$program"); else command=("$program" "${command[0]}"); fi
        mapfile -t COMPREPLY < <(compgen -W "$(_hawser_options "${command[@]}")" -- "$word")
        return
        ;;
    esac
    if [ "${command[0]}:${words[${#words[@]} - 2]}" = mount:-o ]; then
        while IFS= read -r candidate; do
            candidate=${word%"${word##*,}"}$candidate
            # Only what is behind the last "=" is replaced.
            case $candidate in "$word"*) COMPREPLY+=("${candidate#"${word%"${word##*[=:]}"}"}") ;; esac
        done < <(_hawser_mount_options "$program")
        compopt -o nospace 2>/dev/null || true
        return
    fi
    _hawser_connection "${command[0]}"
    case ${command[0]} in
    unmount | status | reconnect | flush)
        while IFS= read -r candidate; do
            candidate=$(printf %b "$candidate")
            case $candidate in "$word"*) COMPREPLY+=("$(printf %q "$candidate")") ;; esac
        done < <(_hawser_mounts)
        [ ${#COMPREPLY[@]} = 0 ] || return 0
        ;;
    cp | scp | mount | doctor)
        while IFS= read -r candidate; do
            candidate=$(printf %q "$candidate")
            # Only what is behind the last colon is replaced.
            case $COMP_WORDBREAKS$word in *:*:*) candidate=${candidate#"${word%"${word##*:}"}"} ;; esac
            COMPREPLY+=("$candidate")
        done < <("${HAWSER:-hawser}" complete-path "${connection[@]}" "$word" 2>/dev/null)
        ;;
    esac
    case $word in
    *:*) ;;
    *)
        local file
        while IFS= read -r file; do
            if [ -d "$file" ]; then file=$file/; fi
            COMPREPLY+=("$(printf %q "$file")")
        done < <(compgen -f -- "$word")
        ;;
    esac
    case ${COMPREPLY[*]} in *[/:]) compopt -o nospace 2>/dev/null || true ;; esac
}

complete -F _hawser hawser
