# peer.sh - sourced behind expect.sh: the Python package beside a framework, by its users' own Python: peer MODULE,.. ENVIRONMENT VARIABLE
# SPDX-License-Identifier: Apache-2.0
# sets peer to a Python that has the modules and cffi, and makes the folder $site; else it skips the test, and says what would run
peer() {
    peer=${!3:-$SOURCE/$2}/bin/python
    if ! [ -x "$peer" ] || ! "$peer" -c "import cffi, importlib.util as u, sys; sys.exit(None in map(u.find_spec, '$1'.split(',')))" > /dev/null 2>&1; then
        echo "skipped: no $1 and cffi in $2 (tools/dev peers; $3 names another environment)"
        exit 77
    fi
    source "$SOURCE/tests/bindings/package.sh"
    mkdir site && cp -r "$(env/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')/detpipe" site/
    export PYTHONPATH=$work/site
}
