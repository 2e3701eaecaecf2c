#!/bin/bash
# test_file_kinds.sh - what is not a data file: pipes, devices, folders, loops, files without permission; one line, status 3
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
# refused PATTERN SPEC [COMMAND...]: with exit status 3, in one message that has the pattern; timeout: should it hang
refused() {
    local pattern=$1 spec=$2
    shift 2
    timeout 60 "$@" "$DETPIPE" digest "$spec" > out.txt 2>&1
    [ $? = 3 ] && head -1 out.txt | grep -q "$pattern" || { fail "$spec: expected '$pattern'"; sed 's/^/  | /' out.txt | head -3; }
}

mkfifo pipe
ln -s loop loop
mkdir folder cifar py pictures pictures/class
for f in cifar/data_batch_1.bin py/data_batch_1 pictures/class/x.png; do mkfifo $f; done
for spec in "records file=% fields=a:uint8" "idx images=%" "npy file=%" "npz file=%" "png_folder dataset_dir=pictures list=%"; do
    refused ': pipe is not a regular file$' "${spec/\%/pipe}"
    refused ': /dev/zero is not a regular file$' "${spec/\%//dev/zero}"
    refused ': folder is not a regular file$' "${spec/\%/folder}"
    refused ': cannot open loop: ' "${spec/\%/loop}"
    refused ': cannot open none: No such file' "${spec/\%/none}"
done
refused ': cifar/data_batch_1.bin is not a regular file$' "cifar10 dataset_dir=cifar strict=false"
refused ': py/data_batch_1 is not a regular file$' "cifar10 dataset_dir=py strict=false usage=train"
refused ': pictures/class/x.png is not a regular file$' "png_folder dataset_dir=pictures"
for reader in cifar10 cifar100 png_folder; do
    refused ': cannot read the folder pipe: Not a directory$' "$reader dataset_dir=pipe"
    refused ': cannot read the folder loop: ' "$reader dataset_dir=loop"
    refused ': cannot read the folder none: No such file' "$reader dataset_dir=none"
done

# Root reads everything: it becomes nobody for this.
: > secret
mkdir closed
chmod 000 secret closed
as=()
if [ "$(id -u)" = 0 ]; then
    chmod 755 .
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
if "${as[@]}" "$DETPIPE" stages > out.txt 2>&1; then
    refused ': cannot open secret: Permission denied$' "records file=secret fields=a:uint8" "${as[@]}"
    refused ': cannot open secret: Permission denied$' "idx images=secret" "${as[@]}"
    refused ': cannot read the folder closed: Permission denied$' "cifar10 dataset_dir=closed" "${as[@]}"
    refused ': cannot read the folder closed: Permission denied$' "png_folder dataset_dir=closed" "${as[@]}"
else
    echo "skipped: permissions: this is root, and nobody cannot run $DETPIPE"
fi
exit $failed
