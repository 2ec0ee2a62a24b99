#!/usr/bin/env bash
# Runs a command in the system that setup.sh has made, such as a Windows program under wine.
#
#   .ci/windows/run.sh [NAME=value…] COMMAND…
#
# The working tree, cargo's target directory and the current directory are the same in there; of the environment only what is
# given is. It runs alone, in process and mount namespaces of its own, so that nothing is left of it: no server of wine's, no mount.
#
# node.exe under wine wants its standard streams to be files: from a Unix pipe libuv says `open EBADF`. So the command reads
# nothing, writes to files, and those are printed as they grow. Programs that it starts itself may have pipes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/place.sh"
tree=$(cd "$here/../.." && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$tree/target}")
mkdir -p "$target"

streams=$(mktemp -d "$place/streams.XXXXXX")
child=
# unshare ignores gentler signals while it waits.
trap '[ -z "$child" ] || { kill -KILL "$child"; wait "$child" || :; } 2>/dev/null; rm -rf "$streams"' EXIT
trap 'exit 130' INT TERM
touch "$streams/out" "$streams/err"
exec 9> "$place/lock"
flock 9

unshare --mount --propagation private --pid --fork --kill-child bash -euc '
  root=$1 place=$2 tree=$3 target=$4 directory=$5; shift 5
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  for shared in "$place" "$tree" "$target"; do
    mkdir -p "$root$shared"
    mount --bind "$shared" "$root$shared"
  done
  exec chroot "$root" env -i --chdir="$directory" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/tmp XDG_RUNTIME_DIR=/tmp \
    WINEPREFIX="$place/wineprefix" WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" "$@"
' run "$place/debian" "$place" "$tree" "$target" "$PWD" "$@" </dev/null >"$streams/out" 2>"$streams/err" 9>&- &
child=$!

tail -n +1 -s 0.1 -f --pid="$child" "$streams/out" 9>&- &
tail -n +1 -s 0.1 -f --pid="$child" "$streams/err" >&2 9>&- &
status=0
wait "$child" || status=$?
child=
wait
exit "$status"
