#!/usr/bin/env bash
# Runs a program for Linux on arm64, and all that it starts, under qemu: in a namespace of its own, so that nothing changes for
# the rest of the machine.
#
#   .ci/matrix/arm64.sh COMMAND…
#
# Needs Linux 6.7 or newer, qemu-user-static, and an arm64 glibc and libstdc++ under /usr/aarch64-linux-gnu.
set -euo pipefail
exec unshare --user --map-root-user --mount bash -ec '
  mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
  cat /usr/lib/binfmt.d/qemu-aarch64.conf > /proc/sys/fs/binfmt_misc/register
  export QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
  exec "$@"
' arm64 "$@"
