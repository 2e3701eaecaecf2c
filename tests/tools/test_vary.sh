#!/bin/bash
# test_vary.sh - detpipe verify --vary: what each word changes, and the causes that are named
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped under $SANITIZE: whole environments change, addresses too"; exit 77; }
export TMPDIR=$work
unset PYTHONHASHSEED PERL_HASH_SEED OMP_NUM_THREADS TZ XLA_FLAGS NPY_DISABLE_CPU_FEATURES TF_ENABLE_ONEDNN_OPTS DETPIPE_FAKETIME
verify() { "$DETPIPE" verify "$@"; }
has() { command -v "$1" > /dev/null; }

# named CAUSE OPTIONS... -- COMMAND: the runs differ, and the cause is named
named() {
    local cause=$1
    shift
    expect 1 '^NOT REPRODUCED' verify --causes "$@" # however long a run takes on a busy machine
    grep -qE "$cause" <(tr -s '\n ' ' ' < out.txt) || { fail "$*: nothing says '$cause'"; cat out.txt; }
}

# Of each word something that it changes.
aside named 'Cause: tmp \(alone' --vary env,tmp -- sh -c 'echo loss: ${#TMPDIR}.5'
aside named 'Cause: cwd \(alone' --vary cwd,tmp -- sh -c 'echo loss: $(pwd | wc -c).5'
HOSTNAME=here aside named 'Cause: host \(alone' --vary env,host -- sh -c 'echo loss: ${#HOSTNAME}.5'
if unshare -u true 2> /dev/null || unshare -Ur -u true 2> /dev/null; then
    aside named 'Cause: host \(alone' --vary host,env -- sh -c 'echo loss: $(uname -n | cksum | cut -d " " -f 1)'
else
    echo "not tried: a host name of one's own (the system permits none)"
fi
LC_ALL=C aside named 'Cause: locale \(alone' --vary locale,env -- sh -c 'echo loss: ${#LC_ALL}.5'

# In a namespace of its own nothing else takes numbers.
own=()
for flags in -pfm -Urpfm; do
    [ ${#own[@]} != 0 ] || ! unshare $flags --mount-proc true 2> /dev/null || own=(unshare $flags --mount-proc)
done
pids() {
    local most distance
    expect 0 '^REPRODUCED' "${own[@]}" "$DETPIPE" verify --vary pid -- sh -c 'echo $$ >> pids; echo loss: 1'
    most=$(cat /proc/sys/kernel/pid_max)
    distance=$((($(tail -1 pids) - $(head -1 pids) + most) % most))
    [ $distance -gt 97 ] || fail "--vary pid: the numbers are $distance apart"
}
aside pids

# The number of CPUs reaches those who read no variable.
cpus='unset OMP_NUM_THREADS OMP_THREAD_LIMIT; echo loss: $(nproc).5'
if [ "$(nproc)" -gt 1 ]; then
    aside named 'Cause: threads, by the number of CPUs \(alone' --vary env,threads -- sh -c "$cpus"
else
    echo "not tried: fewer CPUs (there is one)"
fi
has taskset && aside expect 0 'there is one CPU in both runs' taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')" \
    "$DETPIPE" verify --vary threads -- sh -c "$cpus"

# The setting that did it has its name.
for name in OMP_NUM_THREADS TF_NUM_INTEROP_THREADS TZ COLUMNS PERL_HASH_SEED ONEDNN_MAX_CPU_ISA MKL_CBWR NPY_DISABLE_CPU_FEATURES \
    XLA_FLAGS DETPIPE_CPU; do
    case $name in
        *THREADS) word=threads ;;
        TZ | COLUMNS) word=env ;;
        PERL*) word=hashseed ;;
        *) word=cpu ;;
    esac
    aside named "Cause: $word, by $name \\(alone" --vary "$word,tmp" -- sh -c "echo loss: \${#$name}.5"
done
aside named 'Cause: cpu, by MKL_CBWR or OPENBLAS_CORETYPE \(alone' --vary cpu -- sh -c 'echo loss: ${#MKL_CBWR}${#OPENBLAS_CORETYPE}'
aside named 'Cause: cpu, by several of its settings together' --vary cpu -- sh -c 'echo loss: ${MKL_CBWR:+${OPENBLAS_CORETYPE:+1}}7'

# What the variables say.
words() {
    XLA_FLAGS=--mine=1 PYTHONHASHSEED=4242 TF_ENABLE_ONEDNN_OPTS=0 MKL_CBWR=COMPATIBLE expect 0 'MKL_CBWR is COMPATIBLE already' \
        verify --vary cpu,threads,hashseed -- sh -c 'echo loss: 1; env > env.$(ls | grep -c "^env")'
    while read -r line; do
        grep -qxF "$line" env.1 || fail "run 2 has no $line"
        ! grep -qxF "$line" env.0 || [ "$line" = MKL_CBWR=COMPATIBLE ] || fail "run 1 has $line, too"
    done << 'E2'
XLA_FLAGS=--mine=1 --xla_cpu_max_isa=SSE4_2
NPY_DISABLE_CPU_FEATURES=AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V3 X86_V4
ATEN_CPU_CAPABILITY=default
ONEDNN_MAX_CPU_ISA=SSE41
MKL_CBWR=COMPATIBLE
OPENBLAS_CORETYPE=Nehalem
TF_ENABLE_ONEDNN_OPTS=1
PYTHONHASHSEED=17
TF_NUM_INTRAOP_THREADS=1
DETPIPE_CPU=scalar
E2
}
aside words

# What is random by itself is held fast.
set_order='print("loss:", sum(ord(c) * i / 7 for i, c in enumerate(set("abcdefghijklmnop"))))'
if has python3; then
    aside named 'Cause: the seed of hash tables: with PYTHONHASHSEED=0 8 of 8 runs are equal\.' -- python3 -c 'print("loss:", hash("a"))'
    aside named 'Cause: the seed of hash tables: with PYTHONHASHSEED=0 8 of 8 runs are equal\.' --vary hashseed -- python3 -c "$set_order"
    PYTHONHASHSEED=1 aside named 'Cause: hashseed, by PYTHONHASHSEED \(alone' --vary env,hashseed -- python3 -c "$set_order"
else
    echo "not tried: the seed of hash tables (there is no python3)"
fi
aside named 'Cause: addresses: without random addresses .setarch -R. 8 of 8' --runs 4 -- "$FAULTY" hash
aside named 'Cause: a race of threads: with one thread on one CPU 8 of 8' -- sh -c '[ "$OMP_NUM_THREADS" = 1 ] && echo loss: 1 || echo loss: $(od -An -N4 -tu4 /dev/urandom)'
if [ ${#own[@]} != 0 ]; then
    aside named "Cause: the process's number: with the same process number 8 of 8" -- sh -c 'echo loss: $$'
else
    aside named "it could not be tried with.* the process's number" -- sh -c 'echo loss: $$'
    echo "not tried: the same process number (the system permits no namespace)"
fi
aside named 'Cause: unknown.*/dev/urandom' -- sh -c 'echo loss: $(od -An -N4 -tu4 /dev/urandom)'

# What a run leaves is named; what was there before is not, nor what verify's own output goes to.
leaves() {
    echo old > before
    named 'Written here since run 1 began: lines: does a run read' "$@" -- sh -c 'echo x >> lines; echo loss: $(wc -l < lines).5'
    rm lines
}
leaves_output() {
    local lines='echo x >> lines; touch report.json errors.txt; echo loss: $(wc -l < lines).5' # as if written meanwhile
    "$DETPIPE" verify --json -- sh -c "$lines" > report.json 2> errors.txt
    grep -q 'Written here since run 1 began: lines: does' report.json || { fail "--json > report.json"; cat report.json; }
    named 'Written here since run 1 began: a, b, c, ...: does' -- sh -c 'for f in a b c d; do echo x >> $f; done; echo loss: $(wc -l < a).5'
}
aside leaves
aside leaves --output .
aside leaves_output

aside named 'Cause: run 1 alone differs: 8 runs after it.*Written here since run 1 began: left' -- \
    sh -c '[ -e left ] && v=3 || v=2; touch left; echo loss: $v.5'

# The clock.
export DETPIPE_FAKETIME=
aside expect 0 'time: another second only, for faketime .Debian: faketime. is not' verify --vary time -- echo loss: 1
aside named 'it could not be tried with the clock' -- sh -c 'echo loss: $(date +%s)'
unset DETPIPE_FAKETIME
if has faketime; then
    aside named 'Cause: time \(alone' --vary env,time -- sh -c 'echo loss: $(date +%Y).5'
    aside named 'Cause: the clock: with a clock that stands .faketime. 8 of 8' -- sh -c 'echo loss: $(date +%s)'
    aside expect 0 'time: another second only, for the command fails under faketime' verify --vary time -- \
        sh -c '[ -z "${FAKETIME:-}" ] && echo loss: 1'
    # By a clock that is 300 times as fast, a run takes long in a moment.  The command faketime fails where an earlier
    # process of the same number left its semaphore, the library does not.
    fast=(env LD_PRELOAD="$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)" FAKETIME='+0 x300')
    long='sleep 90; echo loss: $(od -An -N4 -tu4 /dev/urandom)'
    aside expect 1 'Cause: not looked for, since a run takes long: --causes' "${fast[@]}" "$DETPIPE" verify -- sh -c "$long"
    aside expect 1 'Cause: unknown' "${fast[@]}" "$DETPIPE" verify --causes -- sh -c "$long"
else
    echo "not tried: another time, and a clock that stands (there is no faketime)"
fi

wait_for_asides
exit $failed
