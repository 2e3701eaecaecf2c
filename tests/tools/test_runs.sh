#!/bin/bash
# test_runs.sh - the processes of detpipe verify: nothing outlives it, nothing makes it wait for ever
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped under $SANITIZE: processes are killed in the middle"; exit 77; }
export TMPDIR=$work/tmp
mkdir tmp
verify() { "$DETPIPE" verify "$@"; }
no_folder_left() { [ -z "$(ls tmp)" ] || { fail "$1: left in TMPDIR: $(ls tmp)"; rm -rf tmp/*; }; }

# A trainer of three processes, one of them in a session of its own.  Each holds `alive` open for writing, so a reader of
# it comes to the end when the last of them has ended; `begun` says that all are there.
mkfifo alive begun
cat > trainer << 'E2'
exec 9> alive
echo loss: 1
setsid sleep 1000 &
sleep 1000 &
echo begun > begun
wait
E2

# ended SIGNAL STATUS COMMAND...: the signal to verify alone ends all
ended() {
    local signal=$1 status=$2 pid got
    shift 2
    "$@" > out.txt 2>&1 < /dev/null &
    pid=$!
    exec 8< alive
    read -r < begun
    kill -"$signal" $pid
    timeout 60 cat <&8 || fail "$signal: something of $* lives on"
    exec 8<&-
    wait $pid
    got=$?
    [ $got = "$status" ] || { fail "$signal: status $got, not $status"; cat out.txt; }
}
for signal in HUP INT TERM QUIT ALRM USR1 USR2 PIPE; do
    ended $signal 3 "$DETPIPE" verify -- sh trainer
    grep -q "interrupted in run 1 (" out.txt || { fail "$signal: nothing says so"; cat out.txt; }
    no_folder_left $signal
done
ended KILL 137 "$DETPIPE" verify -- sh trainer
rm -rf tmp/*

# the same in run 2; and in the search for the cause, where the verdict stands: run K waits to be ended
cat > trainer_of_runs << 'E2'
echo x >> "$RUNS"
exec 9> alive
echo loss: 1
[ -z "${LEAVES:-}" ] || { [ -e cache ] || echo x > cache; cat cache; }
[ $(wc -l < "$RUNS") = $WAITS_IN ] || { echo "loss: $LOSS" | sed "s/own/$$/"; exit; }
setsid sleep 1000 &
sleep 1000 &
echo begun > begun
wait
E2
in_run() { # K LOSS SIGNAL STATUS WORDS OPTIONS...
    local k=$1 loss=$2 signal=$3 status=$4 words=$5
    shift 5
    rm -f runs cache
    export RUNS=$work/runs WAITS_IN=$k LOSS=$loss
    exec 9<> alive # open for writing until run K: else `alive` ends with run 1
    "$DETPIPE" verify "$@" -- sh trainer_of_runs > out.txt 2>&1 < /dev/null 9>&- &
    pid=$!
    exec 8< alive
    read -r < begun
    exec 9>&-
    kill -"$signal" $pid
    timeout 60 cat <&8 || fail "$signal in run $k: something lives on"
    ends_as "$status" "$words"
}
ends_as() { # STATUS WORDS: of $pid
    local got
    wait $pid
    got=$?
    exec 8<&-
    [ $got = "$1" ] && grep -Eq "$2" out.txt || { fail "status $got, not $1 and '$2'"; cat out.txt; }
}
for signal in HUP INT TERM QUIT; do
    in_run 2 1 $signal 3 'verify: interrupted in run 2 \(.*\); it was ended$'
    [ "$(wc -l < out.txt)" = 1 ] || { fail "$signal in run 2: more than a line"; cat out.txt; }
    no_folder_left "$signal in run 2"
    LEAVES=1 in_run 3 1 $signal 3 'verify: interrupted in run 3 \(.*\); it was ended$' # which begins without the cache
    no_folder_left "$signal in the run without what run 1 left"
    in_run 3 own $signal 1 '^The search for the cause ends here: interrupted in run 3 \('
    grep -q '^NOT REPRODUCED' out.txt && [ -e tmp/*/run1.out ] && grep -qF "$(echo tmp/*)/run1.out" out.txt || { fail "$signal in run 3"; cat out.txt; }
    rm -rf tmp/*
done
in_run 3 own TERM 1 '"cause":.*The search for the cause ends here: interrupted in run 3 \(Term' --json
in_run 4 own TERM 1 'The search for the cause ends here: interrupted in run 4 \(Term' --vary locale
rm -rf tmp/*

# between runs, at any moment: at each allocation of verify itself
if "$CC" -O2 -shared -fPIC "$SOURCE/tests/tools/no_memory.c" -o no_memory.so 2> /dev/null &&
    printf '#include <time.h>\ntime_t time(time_t *t) { static time_t n; n++; if (t) *t = n; return n; }\n' | "$CC" -shared -fPIC -xc - -o ticks.so; then
    # moments STATUS EACH COMMAND...: ends with one line and 3; before it begins and behind the report by the signal, too
    moments() {
        local status=$1 each=$2 n k got signals=(1 2 15) found=0
        shift 2
        LD_PRELOAD=$work/no_memory.so:$work/ticks.so NO_MEMORY_COUNT=count "$@" > out.txt 2>&1 < /dev/null
        [ $? = "$status" ] || { fail "$*: not status $status"; cat out.txt; }
        n=$(cat count)
        for ((k = 1; k <= n; k += each)); do
            rm -rf tmp/*
            LD_PRELOAD=$work/no_memory.so:$work/ticks.so NO_MEMORY_AT=$k NO_MEMORY_SIGNAL=${signals[k % 3]} "$@" > out.txt 2> err.txt < /dev/null
            got=$?
            case $got in
                3) [ "$(wc -l < err.txt)" = 1 ] && grep -q '^detpipe: verify: interrupted' err.txt ;;
                "$status") grep -q 'search for the cause ends here' out.txt || [ $k -gt $((n - 9)) ] ;;
                *) [ $got = $((128 + ${signals[k % 3]})) ] && [ ! -s err.txt ] && [[ $k -lt 9 || -s out.txt ]] ;;
            esac || { fail "signal ${signals[k % 3]} at allocation $k of $n of $*: status $got"; cat out.txt err.txt; }
            grep -q 'between runs' err.txt && found=$((found + 1))
            [ -z "$(ls tmp)" ] || grep -q "$(ls tmp)" out.txt err.txt || fail "allocation $k of $*: $(ls tmp) is left and not named"
        done
        [ $found -gt 9 ] || fail "$*: only $found of $n allocations are between runs"
        rm -rf tmp/*
    }
    moments 0 1 "$DETPIPE" verify -- echo loss: 1
    moments 1 11 "$DETPIPE" verify --json -- sh -c 'echo loss: $$'
    moments 2 1 "$DETPIPE" verify -- echo hello
else
    echo "not tried: a signal between runs (no library can be preloaded here)"
fi

# is_stopped PID: as soon as it is
is_stopped() {
    until [[ $(ps -o state= -p "$1") = T* ]]; do kill -0 "$1" || { fail "$1 has ended, and was to be stopped"; return; }; done
}

# verify is stopped, and misses the end of run 1; continued it goes on, and can be ended
mkfifo go
cat > waits << 'E2'
exec 9> alive
echo loss: 1
echo $$ > begun
read -r x < go
E2
begin() { # COMMAND...: in the background, until its trainer waits; `pid` and `trainer` are their numbers
    "$@" > out.txt 2>&1 < /dev/null &
    pid=$!
    exec 8< alive
    read -r trainer < begun
}
go_on() { # run 1 to its end, then the signals
    echo > go
    timeout 60 cat <&8 || fail "run 1 does not end"
    kill "$@"
}
begin "$DETPIPE" verify -- sh waits
kill -STOP $pid
is_stopped $pid
go_on -CONT $pid
exec 8<&- 8< alive
read -r trainer < begun
echo > go
ends_as 0 '^REPRODUCED'
for signal in TERM KILL; do
    begin "$DETPIPE" verify -- sh waits
    kill -STOP $pid
    is_stopped $pid
    kill -$signal $pid
    kill -CONT $pid 2> /dev/null
    timeout 60 cat <&8 || fail "SIGSTOP, $signal: the trainer lives on"
    [ $signal = KILL ] || ends_as 3 'interrupted in run 1 \(Terminated'
done

# its trainer is stopped: it goes on when continued, and is ended by a signal to verify and by --timeout
begin "$DETPIPE" verify -- sh waits
kill -STOP "$trainer"
is_stopped "$trainer"
kill -CONT "$trainer"
echo > go # it waits there, and has closed `begun`, from which the next trainer's number is read
exec 8<&- 8< alive
read -r trainer < begun
echo > go
ends_as 0 '^REPRODUCED'
begin "$DETPIPE" verify -- sh waits
kill -STOP "$trainer"
is_stopped "$trainer"
kill -TERM $pid
timeout 60 cat <&8 || fail "a stopped trainer lives on"
ends_as 3 'interrupted in run 1 \(Terminated'
begin "$DETPIPE" verify --timeout 1 -- sh waits
kill -STOP "$trainer"
timeout 60 cat <&8 || fail "--timeout: a stopped trainer lives on"
ends_as 3 'took more than 1 seconds and was ended'
rm -rf tmp/*

# the same of a recipe's run and of ranks: the end of `alive` is with the last process that has it from here
ended_recipe() { # SIGNAL STATUS OPTIONS...; with `stop` something of it is stopped before
    local signal=$1 status=$2 pid got
    shift 2
    "$DETPIPE" verify --steps 100000000 "$@" > out.txt 2>&1 < /dev/null 9> alive &
    pid=$!
    exec 8< alive
    until ps -eo ppid=,args= | grep -q -- "^ *$(pgrep -P $pid) .*--one-run"; do kill -0 $pid || break; done
    ${stop:-:} $pid
    kill -"$signal" $pid
    timeout 60 cat <&8 || fail "$signal: something of a recipe's run $* lives on"
    exec 8<&-
    wait $pid
    got=$?
    [ $got = "$status" ] || { fail "recipe $*, $signal: status $got, not $status"; cat out.txt; }
}
for signal in HUP INT TERM QUIT ALRM USR1 USR2 PIPE; do
    ended_recipe $signal 3
done
ended_recipe KILL 137

# in its run 2, and in the run that moves a weight: the process whose words have WAITS_FOR waits to be ended
cat > waits.c << 'E2'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
__attribute__((constructor)) static void begin(void)
{
    char words[4096];
    const int fd = open("/proc/self/cmdline", O_RDONLY);
    const ssize_t n = read(fd, words, sizeof words - 1);
    for (ssize_t i = 0; i < n; i++) words[i] = words[i] == 0 ? ' ' : words[i];
    words[n > 0 ? n : 0] = 0;
    close(fd);
    if (strstr(words, getenv("WAITS_FOR")) == NULL) return;
    if (write(open("begun", O_WRONLY), "x\n", 2) == 2) for (;;) pause();
}
E2
ended_in() { # RUN WORDS SIGNAL OPTIONS...
    local run=$1 words=$2 signal=$3
    shift 3
    WAITS_FOR=$words LD_PRELOAD=$work/waits.so "$DETPIPE" verify --steps 1 "$@" > out.txt 2>&1 < /dev/null 9> alive &
    pid=$!
    exec 8< alive
    read -r < begun
    kill -"$signal" $pid
    timeout 60 cat <&8 || fail "$signal in run $run of a recipe: something lives on"
    ends_as 3 "^detpipe: verify: interrupted in run $run \\(.*\\); it was ended\$"
    [ "$(wc -l < out.txt)" = 1 ] || { fail "$signal in run $run of a recipe: more than a line"; cat out.txt; }
}
if "$CC" -shared -fPIC waits.c -o waits.so; then
    for signal in HUP INT TERM; do
        ended_in 2 '--one-run none --threads 7' $signal --vary threads
        ended_in 3 '--one-run weight' $signal --sensitivity
    done
else
    echo "not tried: a signal in run 2 of a recipe (no library can be built here)"
fi
if command -v mpirun > /dev/null && ldd "$DETPIPE" | grep -q libmpi; then
    for signal in HUP TERM; do ended_recipe $signal 3 --ranks 2,2; done
    ended_recipe KILL 137 --ranks 2,2
    stop_mpirun() { local p; p=$(pgrep -P "$(pgrep -P "$1")"); kill -STOP "$p"; is_stopped "$p"; }
    stop_rank() {
        local p
        until p=$(pgrep -P "$(pgrep -P "$(pgrep -P "$1")")" -f one-run | tail -1) && [ -n "$p" ]; do kill -0 "$1" || return; done
        kill -STOP "$p"
        is_stopped "$p"
    }
    stop=stop_rank ended_recipe TERM 3 --ranks 2,2
    stop=stop_rank ended_recipe KILL 137 --ranks 2,2
    stop=stop_mpirun ended_recipe TERM 3 --ranks 2,2
    stop=stop_mpirun ended_recipe KILL 137 --ranks 2,2

    # a rank that is stopped before the others can join goes on when it is continued
    mkdir bin
    printf '#!/bin/bash\nexec "%s" "${@/%%*\/detpipe/%s/rank}"\n' "$(command -v mpirun)" "$work" > bin/mpirun
    cat > rank << 'E2'
#!/bin/bash
[ "$OMPI_COMM_WORLD_RANK" != 1 ] || { echo $$ > begun; kill -STOP $$; }
exec "$DETPIPE" "$@"
E2
    chmod +x bin/mpirun rank
    PATH=$work/bin:$PATH "$DETPIPE" verify --ranks 2,2 --steps 2 > out.txt 2>&1 < /dev/null &
    pid=$!
    for run in 1 2; do
        read -r rank < begun
        is_stopped "$rank"
        kill -CONT "$rank"
    done
    ends_as 0 '^REPRODUCED'
    # one that never joins is not waited for longer than asked
    printf '#!/bin/bash\n[ "$OMPI_COMM_WORLD_RANK" != 1 ] || exec sleep 1000\nexec "$DETPIPE" "$@"\n' > rank
    expect 3 'the other ranks have not joined in the time of --rank-timeout' \
        env PATH="$work/bin:$PATH" timeout 200 "$DETPIPE" verify --ranks 2,2 --steps 2 --rank-timeout 2
    expect 2 'rank-timeout does nothing here: it needs --ranks' verify --rank-timeout 2
    root=
    [ "$(id -u)" != 0 ] || root=--allow-run-as-root
    expect 2 'on 2 ranks.*--ranks 2' mpirun -n 2 --oversubscribe $root "$DETPIPE" verify
    expect 0 'bits .every rung.: equal' mpirun -n 1 $root "$DETPIPE" verify --steps 1
else
    echo "not tried: verify's ranks (there is no Open MPI)"
fi

# What can still print is part of the run; what cannot is ended, and named.
expect 1 'NOT REPRODUCED' verify -- sh -c 'echo loss: 1; (sleep 0.3; echo "loss: 0.$$") &'
expect 3 '/dev/null cannot be one: Not a directory' verify --output /dev/null -- true
expect 3 'took more than 1 seconds and was ended' verify --timeout 1 -- sh -c 'echo loss: 1; setsid sleep 1000 &'
expect 0 'it left 1 process behind \(sleep\), which was ended' verify -- sh -c 'echo loss: 1
    setsid sh -c "echo \$\$ > left; exec sleep 1000 > /dev/null 2>&1" &'
! kill -0 "$(cat left)" 2> /dev/null || fail "what was left behind lives on"
expect 3 'took more than 1 seconds' verify --timeout 1 -- sh -c 'trap "" TERM; echo loss: 1; while :; do sleep 1000; done'

# It cannot wait for ever.
# a clock that stands still: no run waits for its next second for ever
printf '#include <time.h>\nint clock_gettime(clockid_t c, struct timespec *t) { (void)c; t->tv_sec = 9; t->tv_nsec = 0; return 0; }\ntime_t time(time_t *t) { if (t) *t = 9; return 9; }\n' > frozen.c
if "${CC:-cc}" -shared -fPIC frozen.c -o frozen.so 2> /dev/null; then
    expect 0 '^REPRODUCED' env LD_PRELOAD="$PWD/frozen.so" timeout 60 "$DETPIPE" verify -- sh -c 'echo loss: 1.25; echo loss: 2.5'
else
    echo "not tried: a clock that stands still (a library cannot be built or loaded here)"
fi

if command -v script > /dev/null; then
    expect 0 'was stopped: it wants the terminal' script -qec "'$DETPIPE' verify -- sh -c 'echo loss: 1; read x < /dev/tty'; [ \$? = 3 ]" /dev/null
    expect 0 'was stopped: it wants the terminal' script -qec "'$DETPIPE' verify -- sh -c 'echo loss: 1; stty sane < /dev/tty'; [ \$? = 3 ]" /dev/null
else
    echo "not tried: a terminal (there is no script)"
fi
expect 3 'printed more than 1048576 bytes and was ended' verify --max-output 1M -- yes 'loss: 1'
expect 3 'printed more than 1048576 bytes and was ended' verify --max-output 1M -- sh -c 'yes >&2'
mkdir out
mkfifo out/run1.out
expect 3 'out/run1.out: it is not a plain file' verify --output out -- echo loss: 1
rm out/run1.out
echo mine > victim
ln -s ../victim out/run1.out
expect 3 'out/run1.out: it is not a plain file' verify --output out -- echo loss: 1
[ "$(cat victim)" = mine ] || fail "the target of a link was written"
rm out/run1.out
ln victim out/run1.out
expect 0 "$work/out/run1.out" verify --output out -- echo loss: 1
[ "$(cat victim)" = mine ] || fail "the other name of a file was written"
expect 0 '^REPRODUCED' verify --output out --vary cwd,tmp -- echo loss: 1
expect 0 '^REPRODUCED' verify --output out --vary cwd,tmp -- echo loss: 1
exec 7< out
flock 7
expect 3 'another verify writes there' verify --output out -- echo loss: 1
exec 7<&-
expect 3 'run 1 prints cannot be kept in .*: File too large' bash -c 'ulimit -f 100; "$DETPIPE" verify -- head -c 1000000 /dev/zero'

# The folder stays where it is named, and only there.
rm -rf tmp/*
for status in 0 1 2 3; do
    case $status in
        0) expect 0 '^REPRODUCED' verify -- echo loss: 1 ;;
        1) expect 1 "$TMPDIR/.*run2.out" verify -- sh -c 'echo loss: $$' ;;
        2) expect 2 "$TMPDIR/.*run1.err" verify -- echo hello ;;
        3) expect 3 'cannot start no-such-program' verify -- no-such-program ;;
    esac
    [ "$(grep -c "$TMPDIR" out.txt)" != 0 ] || no_folder_left "status $status"
    [ "$(grep -c "$TMPDIR" out.txt)" = 0 ] || [ -n "$(ls tmp)" ] || fail "status $status names a folder that is not there"
    rm -rf tmp/*
done

# Of what a command says when it fails, the error is quoted, not what comes behind it.
cat > fails << 'E3'
cat >&2 << 'E4'
Traceback (most recent call last):
  File "train.py", line 3, in <module>
TypeError: For 'Add', the type of 'x' is wrong.
----------------------------------------------------
(See file '/tmp/rank_0/om/analyze_fail.ir' for more details.)
E4
exit 1
E3
expect 3 "failed with exit status 1: TypeError: For 'Add', the type" verify -- sh fails
expect 3 'exit status 1: the last line' verify -- sh -c 'echo a Error: line >&2; echo the last line >&2; exit 1'

# No two runs are in one second.
expect 1 'NOT REPRODUCED' verify -- sh -c 'echo loss: $(date +%s)'
expect 1 'NOT REPRODUCED' verify --runs 3 -- sh -c 'echo loss: $(date +%s)'
exit $failed
