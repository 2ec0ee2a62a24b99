#!/usr/bin/env bash
# Gives the Rust toolchain the standard library of another target, unless it has it.
#
#   .ci/windows/std.sh TARGET
#
# Where rustup cannot download it, it is built from Debian's rust-src, whose dependencies are vendored: about a minute.
set -euo pipefail
target=$1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/place.sh"
sysroot=$(rustc --print sysroot)
installed=$sysroot/lib/rustlib/$target/lib
[ ! -d "$installed" ] || exit 0
if rustup target add "$target"; then exit 0; fi

version=$(rustc --version | cut -d' ' -f2)
library=$place/rust-src/usr/src/rustc-$version/library
if [ ! -d "$library" ]; then
  package=$("$here/run.sh" apt-cache madison rust-src | awk -v version="$version" 'index($3, version) == 1 {print $3; exit}')
  [ -n "$package" ] || { echo "Debian has no rust-src $version: rustup target add $target" >&2; exit 1; }
  "$here/run.sh" sh -c "cd '$place' && rm -f rust-src_*.deb && apt-get download -qq 'rust-src=$package'"
  dpkg-deb --extract "$place"/rust-src_*.deb "$place/rust-src"
fi
# Where -Zbuild-std looks; rustup's component of that name is the same.
sources=$sysroot/lib/rustlib/src/rust
if [ ! -d "$sources/library" ]; then
  mkdir -p "$sources"
  cp -a "$library" "$sources/"
fi

work=$(mktemp -d "$place/std.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
echo '#![no_std]' > "$work/src/lib.rs"
printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' > "$work/Cargo.toml"
cd "$work"
# With bitcode, or else LTO has nothing to work on.
RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$work/target" cargo \
  --config 'source.crates-io.replace-with="vendored"' --config "source.vendored.directory=\"$library/vendor\"" \
  build --offline --release --target "$target" -Zbuild-std=std,panic_unwind,proc_macro,test
mkdir -p "$(dirname "$installed")" lib
cp target/"$target"/release/deps/*.rlib lib/
rm -f lib/libempty-*.rlib
mv lib "$installed"
