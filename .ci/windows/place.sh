# Sourced: $place is where the Windows tests keep what they need (about 3 GB), ZYGOTE_WINDOWS_DIR or in the user's cache.
place=${ZYGOTE_WINDOWS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/zygote-windows}
mkdir -p "$place"
place=$(realpath "$place")
