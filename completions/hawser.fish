# SPDX-License-Identifier: Apache-2.0
# Completes hawser's command line in fish; to be put into ~/.config/fish/completions.

function __hawser_commands
    hawser --help 2>/dev/null | sed -n '/^SUBCOMMANDS/,/^$/s/^  \([a-z-]\{2,\}\).*/\1/p'
end

function __hawser_options
    set -l words (commandline -opc)
    hawser $words[2] --help 2>/dev/null | command grep -oE -- '(^|[ ,/[])--?[A-Za-z0-9][a-z-]*' | tr -d ' ,/['
end

function __hawser_paths
    set -l words (commandline -opc)
    set -l connection
    for index in (seq 3 (count $words))
        switch $words[$index]
            case -F -P -J -i -o -S -D -c
                set -a connection $words[$index] $words[(math $index + 1)]
            case '-F?*' '-P?*' '-J?*' '-i?*' '-o?*' '-S?*' '-D?*' '-c?*' -4 -6 -C
                set -a connection $words[$index]
        end
    end
    hawser complete-path $connection (commandline -ct) 2>/dev/null
end

complete -c hawser -n __fish_use_subcommand -f -a '(__hawser_commands)'
complete -c hawser -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f -a '(__hawser_options)'
complete -c hawser -n '__fish_seen_subcommand_from unmount status reconnect flush' -a '(findmnt -rno TARGET -t fuse.hawser,fuse.sshfs 2>/dev/null | string unescape)'
complete -c hawser -n '__fish_seen_subcommand_from cp mount doctor' -a '(__hawser_paths)'
