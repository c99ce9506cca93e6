#!/bin/sh
# Installs what lies beside it below a prefix; nothing is written elsewhere.
#
#     ./install.sh [--prefix FOLDER]       default ~/.local
#     ./install.sh --uninstall [--prefix FOLDER]
#
# Run again it replaces what an earlier one put there, of this version or another. The archive also runs where it was
# unpacked: bin/coordinator.
set -eu

name=activation-communication
prefix=
uninstall=

refuse() {
    echo "error: $*" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --prefix)
        [ $# -ge 2 ] || refuse "--prefix: expected a folder"
        prefix=$2
        shift
        ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    --uninstall) uninstall=yes ;;
    --help | -h)
        sed -n 's/^# \{0,1\}//p' "$0" | head -n 8
        exit 0
        ;;
    *) refuse "$1: expected --prefix FOLDER or --uninstall" ;;
    esac
    shift
done
if [ -z "$prefix" ]; then
    [ -n "${HOME:-}" ] || refuse "there is no HOME: name a folder (--prefix FOLDER)"
    prefix=$HOME/.local
fi
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac

# What an earlier installation put here, one path a line, folders after what is in them.
list=$prefix/lib/$name/installed
remove() {
    [ -f "$list" ] || return 0
    while IFS= read -r path; do
        # A list that somebody changed names nothing outside of the prefix.
        case /$path/ in */../*) continue ;; esac
        if [ -d "$prefix/$path" ] && [ ! -L "$prefix/$path" ]; then
            rmdir "$prefix/$path" 2>/dev/null || true
        else
            rm -f "$prefix/$path"
        fi
    done <"$list"
    rm -f "$list"
    rmdir "$prefix/lib/$name" "$prefix/lib" 2>/dev/null || true
}

if [ -n "$uninstall" ]; then
    [ -f "$list" ] || refuse "$prefix: $name is not installed there (expected $list)"
    remove
    echo "removed from $prefix"
    exit 0
fi

here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
[ -f SHA256SUMS ] || refuse "$here/SHA256SUMS is missing: run the install.sh of an unpacked archive"
if command -v sha256sum >/dev/null; then
    sha256sum --quiet --check SHA256SUMS >&2 || refuse "$here is not as it was packed: unpack the archive again"
fi

mkdir -p "$prefix" || refuse "$prefix: cannot be made or written (--prefix FOLDER)"
remove
mkdir -p "$prefix/lib/$name"
find bin lib share ! -type d >"$list.new"
find bin lib share -depth -type d >>"$list.new"
mv "$list.new" "$list"
cp -R bin lib share "$prefix/"

echo "installed in $prefix; remove with: $here/install.sh --uninstall --prefix '$prefix'"
case :${PATH:-}: in
*:"$prefix/bin":*) echo "next: coordinator demo" ;;
*) echo "next: '$prefix/bin/coordinator' demo   ($prefix/bin is not on the PATH)" ;;
esac
