#!/bin/bash
# test_commands.sh - every command that README.md and docs/ show is run, and what they show under it is what it prints
# SPDX-License-Identifier: Apache-2.0
#
# A command is an indented line that begins with "$ "; a backslash at its end goes on.  What follows, up to the next command or a line that
# is not indented, is its output: "..." stands for anything, times in seconds are not compared.  "# status N" behind a command is its exit
# status (0 otherwise).  A page is one session, in a folder of its own.  DIR is the real CIFAR-10 (DETPIPE_CIFAR10).
set -u
source "$SOURCE/tests/support/expect.sh"
PATH=$(dirname "$DETPIPE"):$PATH
export PATH NO_COLOR=1
[ -z "${SANITIZE:-}" ] || export ASAN_OPTIONS=detect_leaks=0 # Open MPI's; other tests look for ours
python3() { /usr/bin/python3 "$@"; }
unset OMP_NUM_THREADS
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
skipped=0 ran=0

# What another test runs: the words, and the file that has them.
elsewhere=(
    'tools/dev test|.ci/run'
    'tools/dev deb|tests/install/test_deb.sh'
    'tools/dev wheel|tests/bindings/test_wheel.sh'
    'cmake --install|tests/install/test_install.sh'
    'pip install|tests/bindings/test_python.sh'
    'pkg-config --cflags --libs detpipe|tests/install/test_install.sh'
)
is_elsewhere() {
    local row
    for row in "${elsewhere[@]}"; do
        case $1 in *"${row%|*}"*)
            grep -q -- "${row%|*}" "$SOURCE/${row#*|}" || fail "$page: ${row#*|} does not run: $1"
            return 0 ;;
        esac
    done
    return 1
}

times() { sed -E 's/[0-9]+\.[0-9]+ s\b/N s/g'; }

# A pattern of bash: everything but "..." stands for itself.
pattern_of() { times | sed -e 's/[][\\*?]/\\&/g' -e 's/^ *\.\.\. *$/.../' -e 's/\.\.\./*/g'; }

can_run() {
    case $1 in
        *DIR*) [ -n "${DETPIPE_CIFAR10:-}" ] ;;
        python3*numpy*) python3 -c 'import numpy' 2> /dev/null ;;
        mpirun*) command -v mpirun > /dev/null && ldd "$DETPIPE" | grep -q libmpi ;;
    esac
}

check() { # COMMAND EXPECTED
    local command=$1 expected=$2 status=0 want=0 got
    [ -n "$command" ] || return 0
    if is_elsewhere "$command"; then return; fi
    [ -z "$lacking" ] && can_run "$command" || { lacking=yes skipped=$((skipped + 1)); return; }
    [[ $command =~ '# status '([0-9]+) ]] && want=${BASH_REMATCH[1]}
    command=${command/#tools\/dev run /detpipe }
    command=${command//DIR/"'${DETPIPE_CIFAR10:-}'"}
    (eval "$command") > "$work/out.txt" 2>&1 < /dev/null || status=$?
    ran=$((ran + 1))
    got=$(times < "$work/out.txt" | sed 's/[[:space:]]*$//')
    [ $status = "$want" ] || { fail "$page: $1: status $status, expected $want"; head -5 "$work/out.txt"; }
    # shellcheck disable=SC2053
    [ -z "$expected" ] || [[ $got == $(pattern_of <<< "$expected") ]] || { fail "$page: $1: other output:"; diff <(times <<< "$expected") <(echo "$got"); }
}

run_page() { # FILE
    local line command='' expected='' session
    lacking='' # what cannot be run: the rest of the block goes with it
    page=$(basename "$1")
    session=$work/$page.d
    mkdir "$session" && cd "$session" && ln -s "$SOURCE/tests" "$SOURCE/examples" "$SOURCE/tools" "$FAULTY" . || exit 1
    printf '#!/bin/sh\nexec %s none\n' "$FAULTY" > train && chmod +x train # for "your trainer"
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            '    $ '*)
                check "$command" "$expected"
                command=${line#    \$ } expected='' ;;
            '    detpipe '[a-z]*|'    tools/dev '*|'    mpirun '*|'    cmake --'*)
                fail "$page: a command without \"\$ \": $line" ;;
            '    '*)
                if [ "${command% \\}" != "$command" ]; then command="${command% \\} ${line#    }"
                elif [ -n "$command" ]; then expected+=${expected:+$'\n'}${line#    }
                fi ;;
            *)
                check "$command" "$expected"
                command='' expected='' lacking='' ;;
        esac
    done < "$1"
    check "$command" "$expected"
    cd "$work" || exit 1
}

for file in ${PAGES:-"$SOURCE/README.md" "$SOURCE"/docs/*.md}; do run_page "$file"; done
printf '%d commands were run' $ran
[ $skipped = 0 ] || printf ', %d not: they need the real CIFAR-10 (DETPIPE_CIFAR10), NumPy or Open MPI' $skipped
echo
exit $failed
