# expect.sh - what the script tests share; sourced: a folder to work in, failures counted in `failed`
# SPDX-License-Identifier: Apache-2.0
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
fixture=$SOURCE/tests/golden/cifar10
failed=0

fail() { printf 'FAILED: %s\n' "$*"; failed=1; }

# expect STATUS PATTERN COMMAND...: the exit status, and the pattern (of grep -E) in stdout and stderr together
expect() {
    local status=$1 pattern=$2 got
    shift 2
    "$@" > out.txt 2>&1 < /dev/null
    got=$?
    if [ $got != "$status" ] || ! grep -Eq -- "$pattern" out.txt; then
        fail "$*"
        printf '  status %d, expected %d and "%s"\n' $got "$status" "$pattern"
        sed 's/^/  | /' out.txt | head -20
    fi
}
