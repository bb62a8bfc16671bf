#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each option of the caches decides whether what the server has changed is seen at once.
# servers: openssh
. "$(dirname "$0")/../lib.sh"

start_server
mkdir "$REMOTE/folder"

# Changes attributes, a listing and a link on the server behind the mount's back, and demands which of the
# changes are seen. The kernel asks each time for attributes, and names are believed for longer than this takes, so that
# only our own caches count.
seen() { # options what...
    local options=$1 found=
    shift
    rm -f "$REMOTE/folder"/*
    chmod 755 "$REMOTE/folder"
    touch "$REMOTE/folder/one"
    ln -s old "$REMOTE/folder/link"
    mount_remote "$REMOTE" "$MOUNT" -o "attr_timeout=0,entry_timeout=60,$options" 2>/dev/null
    ls "$MOUNT/folder" >/dev/null
    readlink "$MOUNT/folder/link" >/dev/null
    stat "$MOUNT/folder" >/dev/null
    ln -sfn new "$REMOTE/folder/link"
    touch "$REMOTE/folder/two"
    chmod 700 "$REMOTE/folder"
    case $(ls "$MOUNT/folder") in *two*) found="$found listing" ;; esac
    [ "$(readlink "$MOUNT/folder/link")" = old ] || found="$found link"
    [ "$(stat -c %a "$MOUNT/folder")" = 755 ] || found="$found attributes"
    unmount "$MOUNT"
    say "$options: ${found:- nothing}"
    expect_equal "what is seen with $options" "$*" "${found# }"
}
seen dcache_timeout=60
seen dcache_timeout=60,dcache_clean_interval=0,dcache_min_clean_interval=0
seen cache_timeout=0 listing link attributes
seen dcache_stat_timeout=0 attributes
seen dcache_dir_timeout=0 listing
seen dcache_link_timeout=0 link
seen dcache_max_size=1 listing
seen cache=strict listing link attributes
seen dir_cache=no listing link attributes
seen cache=exclusive,dcache_timeout=0
seen cache=yes
