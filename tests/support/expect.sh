# expect.sh - what the script tests share; sourced: a folder to work in, failures counted in `failed`
# SPDX-License-Identifier: Apache-2.0
room=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$room"; rm -rf "$room"' EXIT
work=$room/work
mkdir "$work"
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

# aside COMMAND...: beside all that follows, where commands wait more than they work; wait_for_asides shows what failed
# there.  Its folder is not in $work: verify would see its files change while a command runs.
asides=()
aside() {
    local folder=$room/aside.${#asides[@]}
    mkdir "$folder"
    (cd "$folder" && failed=0 && "$@"; exit $failed) > "$folder.log" 2>&1 &
    asides+=($!)
}
wait_for_asides() {
    local i
    for i in "${!asides[@]}"; do
        wait "${asides[i]}" || failed=1
        cat "$room/aside.$i.log"
    done
}
