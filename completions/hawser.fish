# SPDX-License-Identifier: Apache-2.0
# Completes hawser's command line in fish; to be put into ~/.config/fish/completions.

function __hawser_commands
    hawser --help 2>/dev/null | sed -n '/^SUBCOMMANDS/,/^$/s/^  \([a-z-]\{2,\}\).*/\1/p'
end

function __hawser_options
    set -l words (commandline -opc)
    hawser $words[2] --help 2>/dev/null | command grep -oE -- '(^|[ ,/[])--?[A-Za-z0-9][a-z-]*' | tr -d ' ,/['
end

# An option of mount's as cp takes it, one word a line; of its lists, what is ssh's.
function __hawser_mount_option --argument-names letter value
    switch $letter
        case p
            printf '%s\n' -P $value
        case l
            printf '%s\n' -o User=$value
        case o
            # A comma behind a backslash belongs to a value.
            for option in (string replace -ar '(?<!\\\\),' \n -- $value | string replace -a '\\,' ,)
                if string match -qr '^([A-Z].*|port)=' -- $option
                    printf '%s\n' -o $option
                end
            end
        case '*'
            printf '%s\n' -$letter $value
    end
end

function __hawser_mount_options
    set -l given (string match -r '.*,' -- (commandline -ct))
    hawser mount --help 2>/dev/null | sed -n 's/^  \([a-z_]\{1,\}=\{0,1\}\).*/\1/p' | string replace -r '^' -- "$given"
end

# Other directories only where no mount is meant.
function __hawser_mounts
    set -l found (findmnt -rno TARGET -t fuse.hawser,fuse.sshfs 2>/dev/null | string unescape)
    set -l word (commandline -ct)
    for mount in $found
        if test (string sub -l (string length -- "$word") -- "$mount") = "$word"
            printf '%s\n' $found
            return
        end
    end
    __fish_complete_directories "$word"
end

function __hawser_paths
    set -l words (commandline -opc)
    set -l connection
    for index in (seq 3 (count $words))
        set -l letter (string sub -s 2 -l 1 -- $words[$index])
        switch $words[2]:$words[$index]
            case '*:-4' '*:-6' '*:-C'
                set -a connection $words[$index]
            case 'mount:-*' 'doctor:-*'
                if string match -qr '^[FJilop]$' -- $letter
                    set -l value (string sub -s 3 -- $words[$index])
                    test -n "$value"; or set value $words[(math $index + 1)]
                    set -a connection (__hawser_mount_option $letter $value)
                end
            case 'cp:-F' 'cp:-P' 'cp:-J' 'cp:-i' 'cp:-o' 'cp:-S' 'cp:-D' 'cp:-c'
                set -a connection $words[$index] $words[(math $index + 1)]
            case 'cp:-F?*' 'cp:-P?*' 'cp:-J?*' 'cp:-i?*' 'cp:-o?*' 'cp:-S?*' 'cp:-D?*' 'cp:-c?*'
                set -a connection $words[$index]
        end
    end
    hawser complete-path $connection (commandline -ct) 2>/dev/null
end

complete -c hawser -n __fish_use_subcommand -f -a '(__hawser_commands)'
complete -c hawser -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f -a '(__hawser_options)'
complete -c hawser -n '__fish_seen_subcommand_from mount; and test (commandline -opc)[-1] = -o' -f -a '(__hawser_mount_options)'
complete -c hawser -n '__fish_seen_subcommand_from unmount status reconnect flush' -f -a '(__hawser_mounts)'
complete -c hawser -n '__fish_seen_subcommand_from cp mount doctor' -a '(__hawser_paths)'
