#!/bin/bash
# make.sh - draws the pictures of docs/ again; needs Chromium, and NumPy and Pillow for photographs, which are drawn, too
# SPDX-License-Identifier: Apache-2.0
#
#     docs/pictures/make.sh build/detpipe
set -euo pipefail
detpipe=$(realpath "$1") here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

shoot() { # PAGE PICTURE WIDTH HEIGHT
    chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --hide-scrollbars --window-size="$3,$4" \
        --screenshot="$here/$2" "file://$work/$1" > chromium.log 2>&1 || { cat chromium.log >&2; exit 1; }
}

{
    printf '<!DOCTYPE html><meta charset="utf-8"><body style="margin:0;background:#0f1419"><pre style="margin:16px;font:14px/1.45 monospace;color:#e6edf3">'
    printf '$ detpipe verify --inject weight\n'
    { "$detpipe" verify --inject weight || true; } | sed -E '/^  /s/ equal( |$)/ <span style="color:#7ee787">equal<\/span>\1/; s/DIFFERS|NOT REPRODUCED/<span style="color:#ff7b72">&<\/span>/'
} > verify.html
shoot verify.html verify.png 720 370

"$detpipe" show "synthetic | shuffle | random_crop size=32 padding=4 | random_horizontal_flip | batch batch_size=24" "$here/sheet.png"

python3 "$here/../../tests/io/live_photos.py" make photos 60 1
"$detpipe" show "image_folder dataset_dir=photos | shuffle | decode orientation=apply | random_resized_crop size=72 scale=0.2,1 | \
random_horizontal_flip | batch batch_size=16" "$here/photos.png" --scale 1

recipe=$here/../../tools/recipes/synthetic_cnn.recipe
sed 's/learning_rate=0.01/learning_rate=0.01,0.01 milestones=20,60/' "$recipe" > a.recipe
sed 's/learning_rate=0.01/learning_rate=0.01,0.02 milestones=20,60/' "$recipe" > b.recipe
for run in a b; do "$detpipe" train $run.recipe --steps 60 --ledger $run.ledger > train.log; done
"$detpipe" diff a.ledger b.ledger --html page.html > diff.txt || true
shoot page.html page.png 800 860
