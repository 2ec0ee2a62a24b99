#!/usr/bin/env bash
# The tests on the system that this runs on, with the addon and the TypeScript that are there already: all on Linux; on macOS and
# Windows those that do not need what only Linux has.
set -euo pipefail
cd "$(dirname "$0")/../.."
case $(uname -s) in
  Linux) exec npx ava ;;
  Darwin) exec npx ava .build/test/{errors,metrics}.spec.js '.build/test/{cli,measure,native,package,transfer}/**/*.spec.js' \
    '.build/test/start/{forkserver,light,spawn-*}.spec.js' ;;
  *)
    # The list of the tests under wine.
    mapfile -t specs < <(sed -n '/^specs=(/,/^)/p' .ci/windows/test | sed '1d;$d;s/^ *//')
    specs=("${specs[@]/#/.build/test/}")
    exec npx ava "${specs[@]/%/.spec.js}" ;;
esac
