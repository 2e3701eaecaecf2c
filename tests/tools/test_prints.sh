#!/bin/bash
# test_prints.sh - detpipe verify -- COMMAND and diff: what of the printed losses is compared, and what the verdict is worth
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
export TMPDIR=$work
verify() { "$DETPIPE" verify "$@"; }

# two A B: prints A in the first run and B in the others
cat > two <<'TEXT'
#!/bin/bash
if [ -e ran ]; then printf '%b' "$2"; else printf '%b' "$1"; : > ran; fi
TEXT
chmod +x two
two() { # STATUS WORDS A B [OPTIONS]
    local status=$1 words=$2 a=$3 b=$4
    shift 4
    rm -f ran
    expect "$status" "$words" verify "$@" -- ./two "$a" "$b"
}

# a difference anywhere is one, in verify and in diff, which is quicker: it need not wait for another second
two 1 'not equal, from step 20' '10%| loss=2.30\r20%| loss=2.20\n' '10%| loss=2.30\r20%| loss=9.99\n' --loss 'loss=([0-9.]+)'
two 1 'Not every iteration was printed' 'step 10 loss 2.1\nstep 20 loss 2.0\n' 'step 10 loss 2.1\nstep 20 loss 2.5\n'
two 1 'begins at step 1 and run 2 at step 4' 'step 1 loss 2.1\nstep 2 loss 2.0\n' 'step 4 loss 1.8\nstep 5 loss 1.7\n'
rm -f ran
expect 1 'from step 4' verify -- bash -c 'n=4; [ -e ran ] && n=9; : > ran; for i in 1 2 3 4; do echo "step $i loss: $((i == 4 ? n : 2)).1"; done >&2; echo final train_loss: 2.0'
rm -f ran
expect 1 '^NOT REPRODUCED$' verify -- bash -c 'n=0; [ -e ran ] && n=1; : > ran; printf "\r 50%%|# | 1/2 [00:01<00:01, 1.00it/s, loss=2.40]\r100%%|##| 2/2 [00:02<00:00, 1.00it/s, loss=2.2$n]\n" >&2; echo last loss 2.000'
files() { # STATUS WORDS A B [OPTIONS]
    local status=$1 words=$2
    printf '%b' "$3" > a.txt
    printf '%b' "$4" > b.txt
    shift 4
    expect "$status" "$words" "$DETPIPE" diff a.txt b.txt "$@"
}
files 1 'line 1: 2.20 .step 20. and 9.99' '10%| loss=2.30\r20%| loss=2.20\n' '10%| loss=2.30\r20%| loss=9.99\n'
files 1 '2.20 .step 2. and 9.20' '1/2 - loss: 2.30\b\b\b2/2 - loss: 2.20\n' '1/2 - loss: 2.30\b\b\b2/2 - loss: 9.20\n'
files 1 '"val loss"' 'train loss 2.3 val loss 2.4\n' 'train loss 2.3 val loss 9.4\n'
files 1 '"loss"' '{"train_loss": 2.3, "loss": 2.0}\n' '{"train_loss": 2.3, "loss": 9.0}\n'
for pair in '1,234.5 1,999.5' '2,3034 2,9999' '2.2D+01 2.2D-01' '1/3 1/4' '2.5x10^-3 2.5x10^-4' '1.5_x_10^-3 1.5_x_10^-4' '1.5_e-3 1.5_e-4' '2.\033[1m1 2.\033[1m2'; do
    a=${pair% *} b=${pair#* } # _ stands for a blank
    files 1 'DIFFERENT' "loss: ${a//_/ }\n" "loss: ${b//_/ }\n"
done
files 1 '"error"' 'stop loss 0.1\nepoch 1 error 2.3\n' 'stop loss 0.1\nepoch 1 error 9.3\n'
files 1 'line 3: 0.5 and 0.6' 'loss: 1\n\0\nloss: 0.5\n' 'loss: 1\n\0\nloss: 0.6\n'
files 1 'step 1' 'val loss 6.19\nstep 0: train loss 6.2\nstep 1: train loss 6.1\n' 'val loss 6.19\nstep 0: train loss 6.2\nstep 1: train loss 6.0\n'

# a line of another form does not hide a plain one
for before in '{"aux_loss": 1}' '{"config": {"lr": 0.1}}' '{"config": {"loss": 1}}'; do
    files 1 '"loss", line 2: 2.3 and 2.4' "$before\nloss: 2.3\n" "$before\nloss: 2.4\n"
done
files 1 '"loss", line 1: 2.2 and 2.3' '\033[32mloss: 2.2\033[0m\n' '\033[32mloss: 2.3\033[0m\n'

files 1 '"loss.box"' '{"loss": {"cls": 2.3, "box": 1.1}}\n' '{"loss": {"cls": 2.3, "box": 9.1}}\n'
files 1 '"Validation loss .to."' 'Validation loss decreased (9.4 --> 2.3)\n' 'Validation loss decreased (9.4 --> 2.4)\n'
files 1 '"best"' '0:\tlearn: 2.1\tbest: 2.18 (0)\n' '0:\tlearn: 2.1\tbest: 2.19 (0)\n'
files 1 'DIFFERENT' '\xff\xfel\0o\0s\0s\0=\00001\0\n\0' '\xff\xfel\0o\0s\0s\0=\00002\0\n\0'

# what depends on time alone is none
files 0 'not compared: 2 that a bar' '1/9 loss: 2.0\n5/9 loss: 1.5\n9/9 loss: 1.0\n' '1/9 loss: 2.0\n4/9 loss: 1.7\n9/9 loss: 1.0\n'

# a bar that begins later may only have been printed late; nothing shows that the run began at the same step
files 0 '^EQUAL .weak evidence: a bar begins at another step.$' '\r1/3 loss=2.345678\r2/3 loss=2.345679\r3/3 loss=2.345670\n' '\r2/3 loss=2.345679\r3/3 loss=2.345670\n'
files 0 '^EQUAL$' '\r1/3 loss=2.345678\r3/3 loss=2.345670\n' '\r1/3 loss=2.345678\r2/3 loss=2.345679\r3/3 loss=2.345670\n'

# the evidence stands in the verdict, and counts with --strict
same() { local status=$1 words=$2 text=$3; shift 3; files "$status" "$words" "$text" "$text" "$@"; }
same 0 '^EQUAL$' 'loss: 2.345678\nloss: 2.345679\n' --strict
same 0 '^EQUAL \(weak evidence: 3 digits\)$' 'loss: 2.30\nloss: 2.31\n'
same 3 '^EQUAL \(weak evidence: 3 digits\)$' 'loss: 2.30\nloss: 2.31\n' --strict
same 0 '^EQUAL \(weak evidence: 1 loss\)$' 'loss: 2.345678\n'
same 0 'not tested: iteration 2 was not printed' 'loss: 2.345678\n'
same 0 'not tested: iteration 2 was not printed' '10%| loss=2.345678\r20%| loss=2.345679\n'
same 0 'not tested: iteration 2 was not printed' 'step 10 loss=2.345678\nstep 20 loss=2.345679\n'
same 0 '1e-5.: yes' 'step 0 loss=2.345678\nstep 1 loss=2.345679\n'
same 0 'weak evidence: running means' 'avg loss: 2.345678\navg loss: 2.345679\n'
same 0 'weak evidence: running means' '[1,  2000] loss: 2.345678\n[1,  4000] loss: 2.345679\n'
same 0 'weak evidence: values without a name' 'Array(2.345678, dtype=float32)\nArray(2.345679, dtype=float32)\n'
same 0 'weak evidence: .*1 not understood' 'loss: 2.345678\nloss: 1/3\n'
same 3 '^NOTHING PROVED' 'loss: nan\nloss: nan\n'
same 3 '"equal":	false' 'loss: nan\nloss: inf\n' --json
same 0 '"weakness":	"3 digits"' 'loss: 2.30\nloss: 2.31\n' --json
same 0 'line 1: no loss 7 found' 'no loss 7 found\nloss: 2.345678\nloss: 2.345679\n'
expect 3 '^REPRODUCED \(weak evidence: 1 loss, 3 digits\)$' verify --strict -- echo loss: 2.30
expect 3 '^NOTHING PROVED' verify -- echo loss: nan
expect 3 '"verdict":	"NOTHING PROVED"' verify --json -- echo loss: nan

# where nothing is found, the --loss that is proposed finds something
printf 'hello\nquality: 2.5\n' > quality.txt
expect 2 'line 2: quality: 2.5' verify -- cat quality.txt
pattern=$(sed -n "s/.*--loss '\(.*\)'\$/\1/p" out.txt | tail -1)
expect 0 '^ +1 +2\.5 ' verify --loss "$pattern" -- cat quality.txt
for text in 'step 0\n0 2.302585\n10 2.25\n' '2.25\n2.302585\n'; do # also on stderr
    printf '%b' "$text" > bare.txt
    expect 2 'all that are like stderr, line' verify -- sh -c 'echo 1 file; cat bare.txt >&2'
    pattern=$(sed -n "s/.*--loss '\(.*\)'\$/\1/p" out.txt | tail -1)
    expect 0 '2 compared, 7 digits' verify --loss "$pattern" -- sh -c 'echo 1 file; cat bare.txt >&2'
done
expect 2 'repeats too much' verify --loss '(a{200}){101}' -- echo loss: 1
exit $failed
