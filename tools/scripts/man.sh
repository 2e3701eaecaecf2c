#!/bin/bash
# man.sh - the man pages: of the tool and each command from their --help, of the stages, of the headers
# SPDX-License-Identifier: Apache-2.0
#
#     man.sh DETPIPE INCLUDE FOLDER: writes FOLDER/man1/detpipe*.1, man3/detpipe*.h.3, man7/detpipe-stages.7 and a page for
#     each stage
set -euo pipefail
detpipe=$1 include=$2 folder=$3
version=$("$detpipe" --version | cut -d' ' -f2)
mkdir -p "$folder/man1" "$folder/man3" "$folder/man7"

# roff takes backslashes, and dots and quotes at the beginning of a line, for its own.
plain() { sed -e 's/\\/\\e/g' -e "s/^\([.']\)/\\\\\&\1/" -e 's/-/\\-/g'; }

page() { # NAME SECTION SUMMARY: a page of the text on stdin as it stands
    printf '.TH %s %s "" "detpipe %s"\n.SH NAME\n' "${1^^}" "$2" "$version"
    printf '%s \\- %s\n' "$1" "$(printf '%s' "$3" | plain)"
    printf '.SH DESCRIPTION\n.nf\n'
    plain
    printf '.fi\n'
}

commands=$("$detpipe" --help | sed -n 's/^  \([a-z][a-z]*\)  *\(.*\)/\1 \2/p')
{
    "$detpipe" --help
    printf '\nSee also: '
    cut -d' ' -f1 <<< "$commands" | sed 's/.*/detpipe-&(1)/' | paste -sd' ' | fold -s -w 70
} | page detpipe 1 'training runs that are reproducible to the last bit' > "$folder/man1/detpipe.1"
while read -r name summary; do
    "$detpipe" "$name" --help | page "detpipe-$name" 1 "$summary" > "$folder/man1/detpipe-$name.1"
done <<< "$commands"
"$detpipe" stages | sed -n 's/^  \([a-z0-9_][a-z0-9_]*\) .*/\1/p' | while read -r stage; do
    "$detpipe" stages "$stage" | page "detpipe-$stage" 7 "a stage of detpipe's pipelines and nets" > "$folder/man7/detpipe-$stage.7"
done
"$detpipe" stages | page detpipe-stages 7 'the stages of pipelines and nets, with their parameters' > "$folder/man7/detpipe-stages.7"
for header in "$include"/*.h; do
    name=$(basename "$header")
    page "$name" 3 "$(sed -n '1s,^/\* [^ ]* - ,,p' "$header")" < "$header" > "$folder/man3/$name.3"
done
