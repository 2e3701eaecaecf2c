#!/bin/bash
# test_leftovers.sh - detpipe verify -- COMMAND where run 2 reads what run 1 left: a cache, a log, a split
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped under $SANITIZE: runs of the shell, which it sees nothing of"; exit 77; }
mkdir tmp
export TMPDIR=$work/tmp
verify() { "$DETPIPE" verify "$@"; }
says() { grep -qE "$1" <(tr '\n' ' ' < out.txt) || { fail "nothing says '$1'"; cat out.txt; }; }
export SEED='od -An -N4 -tu4 /dev/urandom | tr -d " "' # which nobody gave
two='echo loss: 1.25; echo loss: 2.25341541'

# left FILES OPTIONS... -- COMMAND: the runs are equal by what run 1 left alone
left() {
    local files=$1
    shift
    expect 1 '^Cause: left \(alone' verify --causes "$@"
    says "Run 2 may have read what run 1 left: $files\. Run [39] began without it\. "
}
aside left log -- sh -c '[ -e log ] || echo loss: 0.$(eval "$SEED") > log; cat log; '"$two"
aside left log --runs 8 -- sh -c '[ -e log ] || echo loss: 0.$(eval "$SEED") > log; cat log; '"$two"
aside left split -- sh -c '[ -e split ] || eval "$SEED" > split; echo loss: 0.$(cat split); '"$two; echo x > model.pt"
aside left cache/a/b -- sh -c '[ -d cache ] || { mkdir -p cache/a; eval "$SEED" > cache/a/b; }; echo loss: 0.$(cat cache/a/b); '"$two"
aside left log --vary locale,cwd -- sh -c '[ -e log ] || echo loss: 0.$(eval "$SEED") > log; cat log; '"$two"
old_folder() {
    mkdir -p old/empty old/other
    echo 7 > old/other/data
    left old/empty/w -- sh -c '[ -e old/empty/w ] || eval "$SEED" > old/empty/w; echo loss: 0.$(cat old/empty/w)$(cat old/other/data)'
}
aside old_folder
aside expect 1 'Cause: left \(alone' verify --vary left -- sh -c '[ -e log ] || echo loss: 0.$(eval "$SEED") > log; cat log'

# What no run can be without is weak evidence.
weak() { # WORDS OPTIONS... -- COMMAND
    local words=$1
    shift
    expect 0 '^REPRODUCED \(weak evidence: run 2 may have read what run 1 left' verify "$@"
    says "$words"
}
absolute() {
    export HERE=$PWD
    local command='[ -e "$HERE/c" ] || eval "$SEED" > "$HERE/c"; echo loss: 0.$(cat "$HERE/c"); '"$two"
    weak 'left: c\. Run 3 began without it, and did not make c again\. To be sure, let the command remove it first\.' -- sh -c "$command"
    rm c
    expect 3 '^REPRODUCED \(weak evidence' verify --strict -- sh -c "$command"
    rm c
    expect 3 '"first":	\["c"\],' verify --strict --json -- sh -c "$command"
    grep -q '"run_without":	3,' out.txt && grep -q '"why":	"Run 3 began' out.txt || { fail "--json"; cat out.txt; }
    rm c
    expect 3 '^REPRODUCED \(weak evidence' verify --strict --file w -- sh -c "$command; cp \"\$HERE/c\" w" # equal files
    rm c
    expect 3 '^REPRODUCED \(weak evidence' verify --strict --vary left -- sh -c "$command"
    expect 0 '^REPRODUCED$' verify --strict -- sh -c 'rm -f "$HERE/c"; echo 5 > "$HERE/c"; echo loss: 0.$(cat "$HERE/c"); '"$two"
}
aside absolute
changed() {
    echo a > db
    weak 'It was there before, and run 1 changed it' -- sh -c 'grep -q b db || echo b >> db; cat db; '"$two"
}
aside changed
aside weak 'Without it, run 3 failed with exit status 2: gone' -- \
    sh -c '[ -e c ] || { [ ! -e ../once ] || { echo gone >&2; exit 2; }; echo 5 > c; echo x > ../once; }; cat c; '"$two"
above() {
    mkdir project data
    seq 9 > data/x
    cd project || exit 1
    makes y '[ -e y ] || cp ../data/x y; cat y; '"$two"
}
aside weak 'more than 1000 bytes once more .--max-output.: --vary left does' --max-output 1000 -- \
    sh -c '[ -e c ] || head -c 2000 /dev/zero > c; cat c > /dev/null; '"$two"

# Sound: each of them writes, reads what it wrote, or finds what the last run of its kind left and reads none of it.
sound() {
    expect 0 '^REPRODUCED$' verify --strict -- "$@"
    ! grep -q 'what run 1 left' out.txt && [ "$(grep -c '^run ' out.txt)" = 2 ] || { fail "$*: more than two runs"; cat out.txt; }
}
later='until touch t && [ -n "$(find t -newer model.pt)" ]; do :; done' # the clock of files has moved on
aside sound sh -c "$two; echo x > model.pt; $later; cat model.pt"
aside sound sh -c "$two"'; date +%N > log.$$; date +%N >> log; d=runs/$(date +%s); mkdir -p $d; date > $d/events.$$'
aside sound sh -c "$two"'; mkdir -p .git __pycache__; [ -e .git/x ] || echo x > .git/x; [ -e __pycache__/m.pyc ] || echo 1 > __pycache__/m.pyc; cat .git/x __pycache__/m.pyc'
aside sound sh -c "$two"'; echo x > new.tmp; mv new.tmp model.pt'
aside sound sh -c "$two"'; rm -f model.pt; echo x > model.pt'
aside sound sh -c "$two"'; ln -sfn model.$$ latest; echo x > model.$$'
# and those whose files only run 1 makes: a download, a build
makes() { # FILES COMMAND
    expect 0 '^REPRODUCED$' verify --strict -- sh -c "$2"
    says "left: $1\. Run 3 began without it\. REPRODUCED"
}
aside makes data/x '[ -d data ] || { mkdir data; seq 5 > data/x; }; cat data/x; '"$two"
aside makes 'a, b, c, ...' 'for f in a b c d e; do [ -e $f ] || echo $f > $f; cat $f; done; '"$two"
aside makes mark '[ -e mark ] || : > mark; '"$two" # it says that it is there
aside above
aside makes program '[ -e program ] || { printf "#!/bin/sh\n" > program; chmod +x program; }; sh program; '"$two"

# The time of access says more: what a run reads before it writes it again; that nobody reads a file.
echo x > probe
touch -a -d @1 probe
cat probe > /dev/null
if [ "$(stat -c %X probe)" != 1 ]; then
    aside left result -- sh -c '[ -e result ] && v=$(cat result) || v=$(eval "$SEED"); echo $v > result; echo loss: 0.$v'
    aside left result -- sh -c '[ -e result ] && v=$(cat result) || v=$(eval "$SEED"); echo $v > result; chmod 600 result; echo loss: 0.$v'
    aside left best -- sh -c '[ -e best ] || eval "$SEED" > best; cat best > /dev/null; echo loss: 0.$(cat best)' # read in run 1, too
    aside sound sh -c "$two"'; [ -e best ] || echo x > best'
else
    echo "not tried: what is read and written again (this disk keeps no time of access)"
fi
# and without it
unread() {
    mkdir disk
    if ! mount -t tmpfs -o noatime none disk 2> /dev/null; then
        echo "not tried: a disk that keeps no time of access (the system mounts none)"
        exit 0
    fi
    cd disk || exit 1
    left split -- sh -c '[ -e split ] || eval "$SEED" > split; echo loss: 0.$(cat split); '"$two"
    makes best "$two"'; [ -e best ] || echo x > best'
    rm -rf ./*
    sound sh -c "$two"'; echo x > log.$$; d=runs/$(date +%s); mkdir -p $d; date > $d/events.$$'
    exit $failed
}
if unshare -m true 2> /dev/null || unshare -Urm true 2> /dev/null; then
    export -f unread left makes sound says expect fail verify
    export two
    own=(unshare -m)
    "${own[@]}" true 2> /dev/null || own=(unshare -Urm)
    mkdir unread
    (cd unread && failed=0 "${own[@]}" bash -c unread) || failed=1
else
    echo "not tried: a disk that keeps no time of access (the system permits no namespace)"
fi

wait_for_asides
exit $failed
