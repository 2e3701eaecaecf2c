#!/bin/bash
# api.sh - api.md from the public headers: every call under its header, with the comment above it
# SPDX-License-Identifier: Apache-2.0
#
#     api.sh INCLUDE > api.md, as `cmake --install` does it
set -euo pipefail
cd "$1"

# A comment at the left margin is the text of what comes under it, up to a blank line or the next such comment.
paragraphs() {
    awk '
        function flush() {
            if (text ~ /^---- /) { gsub(/^---- | ----$/, "", text); print "\n### " text }
            else if (text != "") print "\n" text
            if (code != "") print "\n```c\n" code "```"
            code = text = ""
        }
        /^#|^DP_BEGIN_DECLS|^DP_END_DECLS/ { next }
        /^\/\*/ { flush(); comment = 1 }
        comment { end = sub(/ *\*\/$/, ""); sub(/^(\/| )\* ?/, ""); text = text (text == "" ? "" : "\n") $0; comment = !end; next }
        /^$/ { flush(); next }
        { sub(/^DP_(API|CALL) +/, ""); code = code $0 "\n" }
        END { flush() }
    '
}

# The comment that the header begins with, without its first three lines.
head_of() { sed -n '1,/\*\/$/{1,4d;/^ \*\/$/d;s, *\*/$,,;s/^ \* \{0,1\}//;p}' "$1"; }

cat <<'TEXT'
# The C API

Made from the headers by tools/scripts/api.sh; `man 3 detpipe.h` is the same. A call that gives a dp_status fills the dp_error
(which may be NULL) unless it is DP_OK or DP_END, and writes its results on success only.
TEXT
for header in detpipe_base.h detpipe.h detpipe_net.h $(ls detpipe_*.h | grep -v -e _base -e _net); do
    printf '\n## %s\n%s.\n\n' "$header" "$(sed -n '1s,^/\* [^ ]* - ,,p' "$header" | sed 's/^./\U&/')"
    head_of "$header"
    sed '1,/\*\/$/d' "$header" | paragraphs
done
