#!/usr/bin/env bash
# Installs the musl of Debian 13, which is new enough for what Alpine builds, also on an older Debian. It has no dependencies.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
# Newer systems have no sources.list, and others may have nothing in sources.list.d.
sources=$(find /etc/apt/sources.list /etc/apt/sources.list.d -name '*.list' -o -name '*.sources' 2>/dev/null || :)
mirror=$(cat /dev/null $sources | grep -E '^(deb|URIs:) ' | grep -v security | grep -oE 'https?://[^ ]+' | head -1)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] $mirror trixie main" > "$work/sources"
mkdir "$work/lists"
apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$work/lists")
"${apt[@]}" update
cd "$work"
"${apt[@]}" download musl
dpkg --install musl_*.deb
