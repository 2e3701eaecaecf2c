#!/bin/bash
# test_foreign.sh - detpipe verify -- COMMAND: eleven faults of foreign trainers and their fixed twins, forms, endings
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: the faults are meant, and sanitizers end them"; exit 77; }
export TMPDIR=$work
verify() { "$DETPIPE" verify "$@"; }

# Each fault is found, and named where it is one of what is varied; its twin passes.  CALLS=10 asks ten times in a row.
found() { # FAULT WORDS OPTIONS...
    local fault=$1 words=$2 call
    shift 2
    for ((call = 1; call <= ${CALLS:-1}; call++)); do
        expect 1 '^NOT REPRODUCED$' verify "$@" -- "$FAULTY" "$fault"
        grep -qE "$words" <(tr '\n' ' ' < out.txt) || { fail "$fault, call $call: nothing says '$words'"; cat out.txt; }
        rm -f faulty.data
        expect 0 '^REPRODUCED$' verify "$@" --vary threads,locale,cwd,env,aslr,hashseed,cpu -- "$FAULTY" "$fault" fixed
    done
    [ -z "${CALLS:-}" ] || echo "$fault: $CALLS calls$([ $failed = 0 ] || echo ", not all as they should be")"
}
aside found shuffle 'step 1 on.*Iteration 1 differs already'
aside found time 'Iteration 1 differs already'
aside found threads 'Cause: threads' --vary env,threads,locale
aside found uninitialised 'Iteration 1 differs already'
aside found hash 'not equal, from step' --runs 4
aside found race 'Cause: a race of threads: with one thread on one CPU 8 of 8 runs are equal' --runs 4 --causes
# on one CPU its threads may interrupt each other; where no one may hold that off, the cause stays unknown and says so
turns='threads that interrupt each other: on one CPU, one behind the other .SCHED_RR. 8 of 8 runs are equal'
chrt -r 1 true 2> /dev/null && [ "$(nproc)" -gt 1 ] || turns='could not be tried with threads that interrupt each other'
aside found own-threads "Cause: a race of threads: with one|$turns" --runs 3 --causes
aside found augmentation 'Cause: threads' --vary threads,env
aside found file 'Iteration 1 differs already'
aside found dropout 'Iteration 1 differs already'
if "$CC" --version | head -1 | grep -qv clang && [ "$(uname -m)" = x86_64 ] && grep -qw avx2 /proc/cpuinfo; then
    aside found fast-math 'Cause: cpu' --vary cpu,threads
else
    echo "not tried: fast-math builds of two widths (gcc on x86-64 with AVX2)"
fi
expect 0 '^REPRODUCED$' verify --vary threads,cpu -- "$FAULTY" none

# what the printed digits hide is equal, and the verdict says how few they are
cut='"$0" threads | sed -E "s/([0-9][.][0-9]{4})[0-9]*/\1/"'
expect 0 '^REPRODUCED \(weak evidence: 5 digits\)$' verify --vary threads -- sh -c "$cut" "$FAULTY"
expect 3 '^REPRODUCED \(weak evidence: 5 digits\)$' verify --strict --vary threads -- sh -c "$cut" "$FAULTY"

# a sum by address differs in its last digits only: the reference rule does not see it
address() {
    expect 1 'allclose .*: yes' verify --runs 4 -- "$FAULTY" hash
    expect 0 '^REPRODUCED$' verify --allclose --runs 4 -- "$FAULTY" hash
    expect 1 'sensitivity: the losses part at iteration' verify --runs 4 --sensitivity -- "$FAULTY" hash
    expect 0 'nothing that grows' verify --sensitivity -- "$FAULTY" none

    expect 0 'one weight moved by one ulp: the losses part at iteration 1' "$DETPIPE" verify --sensitivity
    expect 2 'cannot be combined with --json' "$DETPIPE" verify --sensitivity --json
}
aside address

says() { # WORDS TEXT [OPTIONS]: verify finds the losses in the text
    local words=$1
    printf '%b' "$2" > said.txt
    shift 2
    expect 0 "$words" verify "$@" -- cat said.txt
}

# the forms of losses
forms() {
    says '^ +1 +1\.5 ' 'epoch 1\nloss: 2.5\nloss: 1.5\n'
    says '^ +1 +2\.5 ' 'epoch=1 train_loss=2.5 acc=0.1\n'
    says '^ +1:1 +2\.25 ' 'epoch: 1 step: 1, loss is 2.25\n'
    says '^ +1 +0x1\.8p\+1 ' 'Loss 0x1.8p+1\n'
    says '^ +1 +-1e-3 ' '{"step": 1, "loss": -1e-3, "lr": 0.1}\n'
    says '^ +2 +nan ' 'loss: 1\nloss: nan\n'
    says '^ +2 +0\.5 ' 'epoch,lr,loss\n1,0.1,0.75\n2,0.1,0.5\n'
    says '^ +1 +7 ' 'cost 7 of it\n' --loss 'cost ([0-9]+)'
    expect 0 '1 losses' verify -- sh -c 'echo loss: 4 >&2'
    expect 1 'Run 1 printed 1 losses of "loss", run 2 2' verify -- sh -c 'echo x >> lines; sed s/x/loss:1/ lines'
}
aside forms

# what cannot be compared
malformed() {
    expect 2 'no loss in what run 1 printed .*--loss' verify -- echo hello
    expect 2 'Unmatched' verify --loss '(' -- no-such-program
    expect 2 'needs a group around the number' verify --loss 'loss' -- echo loss
    expect 2 "finds 'x' in line 1, which is not a number" verify --loss 'loss (.)' -- echo loss x
    expect 2 'there is no command after --' verify --
    expect 2 'takes 2 to 8' verify --runs 1 -- true
    expect 2 "list of threads,.*not 'thread'" verify --vary thread -- true
    expect 2 "'' varies nothing: leave it out" verify --vary '' -- echo loss: 1
    expect 3 'cannot start no-such-program: No such file' verify -- no-such-program
    expect 3 'run 1 failed with exit status 4: oops' verify -- sh -c 'echo oops >&2; exit 4'
    expect 3 'run 1 failed with exit status 5: it said nothing of it \(/' verify -- sh -c 'exit 5'
    expect 3 'run 2 failed with exit status' verify -- sh -c 'echo loss: 1; mkdir once'
    expect 3 'ended by signal 11' verify -- sh -c 'kill -SEGV $$'
    expect 3 'took more than 1 seconds' verify --timeout 1 -- sleep 60
    expect 3 'process [0-9]+ of this run was stopped \(.*\) and is waited for: `kill -CONT' verify --timeout 1 -- sh -c 'kill -STOP $$'
    expect 3 'cannot make the folder' verify --output /nonexistent/x -- echo loss: 1
}
aside malformed

# what it prints lies where it was said, and in JSON
kept() {
    expect 0 "$PWD/kept/run2.out" verify --output kept -- echo loss: 3
    [ "$(cat kept/run1.out)" = 'loss: 3' ] || { echo "FAILED: kept/run1.out has other text"; failed=1; }
    expect 1 '"first_different_iteration":	1' verify --json -- "$FAULTY" time
    expect 0 '"reproduced":	true' verify --json -- "$FAULTY" none
    expect 0 'COMMAND ARGS' verify --help -- x
}
aside kept

expect 3 'interrupted in run 1' bash -c '"$DETPIPE" verify -- sh -c "kill -INT \$PPID; sleep 60"' # bash's background ignores it

wait_for_asides
exit $failed
