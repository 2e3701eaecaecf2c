#!/bin/bash
# test_deb.sh - the Debian packages: built, looked through by lintian, installed and used in a new Debian of their own
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: packages are built without sanitizers"; exit 77; }
for tool in dh lintian dpkg-buildpackage debootstrap; do
    command -v $tool > /dev/null || { echo "skipped: $tool is not here"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: only root can make a Debian of its own"; exit 77; }

mkdir source
tar -C "$SOURCE" -c --exclude='./build*' --exclude=./.git . | tar -C source -x
source/tools/dev deb > deb.log 2>&1 || { echo "FAILED: tools/dev deb"; tail -30 deb.log; exit 1; }
grep -q '^[EW]:' deb.log && { fail "lintian has something to say"; grep '^[EW]:' deb.log; }
debs=$(ls source/build-deb/*.deb | grep -v dbgsym)
[ "$(wc -w <<< "$debs")" = 5 ] || fail "not five packages: $debs"

# Debian's smallest system, from where this one has its packages
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -1)
if ! debootstrap --variant=minbase "$(. /etc/os-release && echo "$VERSION_CODENAME")" root "$mirror" > debootstrap.log 2>&1; then
    tail -2 debootstrap.log
    echo "not tried: installing, as debootstrap makes no root here"
    exit $failed
fi
inside() { chroot root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }
# shellcheck disable=SC2086
cp $debs root/tmp/
expect 0 'Setting up detpipe ' inside apt-get install -y --no-install-recommends $(for deb in $debs; do echo "/tmp/$(basename "$deb")"; done)
expect 0 '^REPRODUCED$' inside detpipe verify
expect 0 . inside detpipe selftest
for file in /usr/share/man/man1/detpipe-verify.1.gz /usr/include/detpipe.h /usr/share/doc/libdetpipe-dev/api.md.gz; do [ -f "root$file" ] || fail "no $file"; done
inside dpkg -L libdetpipe-mpi0 | grep -q 'libdetpipe_mpi\.so\.0$' || fail "libdetpipe-mpi0 has no library"
inside dpkg -L libdetpipe0 | grep -q 'libdetpipe\.so\.0$' || fail "libdetpipe0 has no library"
expect 0 'Removing detpipe ' inside dpkg -r detpipe libdetpipe-mpi-dev libdetpipe-mpi0 libdetpipe-dev libdetpipe0
[ ! -e root/usr/bin/detpipe ] || fail "the tool is left behind"
exit $failed
