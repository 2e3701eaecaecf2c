#!/bin/bash
# test_limits.sh - few descriptors, little memory, small stacks, no folder, alarms: the right bytes, or a line and status 3
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped under $SANITIZE: it needs memory and stacks of its own"; exit 77; }
cp -r "$fixture" data
text="cifar10 dataset_dir=$work/data strict=false usage=train | shuffle | random_crop size=32 padding=4 | hwc2chw | batch batch_size=7"
of=(digest "$text" --seed 5 --threads 4)
digest=$("$DETPIPE" "${of[@]}") || fail "no digest"

# whole COMMAND: prints the digest, or nothing and why; how often which is counted
done=0 refused=0
whole() {
    local got status
    got=$("$@" 2> "$work/err.txt")
    status=$?
    case $status in
        0) [ "$got" = "$digest" ] && done=$((done + 1)) ;;
        3) [ -z "$got" ] && head -1 "$work/err.txt" | grep -q '^detpipe: ' && refused=$((refused + 1)) ;;
        127) grep -q 'loading shared libraries' "$work/err.txt" ;; # it has not begun
        *) false ;;
    esac || { fail "$*: status $status, '$got'"; cat "$work/err.txt"; }
}
limited() { whole bash -c 'ulimit "$1" "$2" && shift 2 && exec "$@"' limit "$@"; }
both() { [ $done -gt 0 ] && [ $refused -gt 0 ] || fail "$1: $done times done, $refused times refused"; done=0 refused=0; }

for n in 4 5 6 8 16 64; do limited -n $n "$DETPIPE" "${of[@]}"; done
both descriptors
for n in 12000 16000 24000 40000 80000 4000000; do limited -v $n "$DETPIPE" "${of[@]}" --threads 1; done
both memory
for n in 64 128 8192; do limited -s $n "$DETPIPE" "${of[@]}"; done
[ $refused = 0 ] || fail "stacks of 64 KB: $(cat err.txt)"

# a working directory that is gone
mkdir gone
(cd gone && rmdir ../gone && whole "$DETPIPE" "${of[@]}" && exit $failed) || failed=1

# a snapshot written over the one that it reads
"$DETPIPE" snapshot write "$text" s.dps --seed 5 > /dev/null || fail "snapshot write"
read_back=(digest 'snapshot file=s.dps batched=true')
before=$("$DETPIPE" "${read_back[@]}")
"$DETPIPE" snapshot write 'snapshot file=s.dps batched=true' s.dps > out.txt 2>&1
[ -n "$before" ] && [ "$("$DETPIPE" "${read_back[@]}")" = "$before" ] || { fail "a snapshot over the one that it reads"; cat out.txt; }

# a signal each 0.3 ms, which interrupts calls
cat > alarms.c <<'C'
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>
static void nothing(int n) { (void)n; }
__attribute__((constructor)) static void begin(void)
{
    struct sigaction a = {.sa_handler = nothing}; /* no SA_RESTART */
    sigaction(SIGALRM, &a, 0);
    ualarm(300, 300);
}
C
if "$CC" -shared -fPIC alarms.c -o alarms.so; then
    expect 0 "^$digest\$" env LD_PRELOAD="$work/alarms.so" "$DETPIPE" "${of[@]}"
    LD_PRELOAD=$work/alarms.so "$DETPIPE" snapshot write "$text" alarmed.dps --seed 5 > out.txt 2>&1 || { fail "snapshot write with alarms"; cat out.txt; }
    expect 0 . "$DETPIPE" snapshot check alarmed.dps
    [ "$("$DETPIPE" digest 'snapshot file=alarmed.dps batched=true')" = "$before" ] || fail "a snapshot with alarms has other rows"
else
    echo "not tried: alarms (no library can be built here)"
fi
exit $failed
