# server.sh - servers for script tests; sourced behind expect.sh; they end with the test
# SPDX-License-Identifier: Apache-2.0
command -v python3 > /dev/null || { echo "skipped: there is no python3 for the server"; exit 77; }
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; wait 2> /dev/null; chmod -R u+w "$room"; rm -rf "$room"' EXIT
unset DETPIPE_REMOTE DETPIPE_CACHE http_proxy https_proxy all_proxy
export no_proxy='*'

# serve FOLDER [CERTIFICATE KEY]: hostile_server.py on a free port, which is in $port when it listens
serve() {
    mkfifo "$room/port"
    python3 "$SOURCE/tests/io/hostile_server.py" "$@" > "$room/port" 2> /dev/null &
    pids+=($!)
    read -r port < "$room/port"
    rm "$room/port"
}

# what cannot be tried where this build, or this machine, has no libcurl
needs_libcurl() {
    "$DETPIPE" digest "records file=http://127.0.0.1:1/none fields=a:uint8" > out.txt 2>&1
    if grep -q 'built without libcurl' out.txt; then
        expect 3 'built without libcurl, and reads no address: build it where curl/curl.h is' cat out.txt
        echo "skipped: this build has no libcurl"
        exit 77
    fi
    grep -q 'libcurl, which is not here' out.txt && { echo "skipped: there is no libcurl.so.4"; exit 77; }
}
