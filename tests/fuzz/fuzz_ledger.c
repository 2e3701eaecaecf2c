/* fuzz_ledger.c - any bytes as a ledger, each line with the checksum that it needs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/compare/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_line(FILE *f, const char *line, size_t n)
{
    uint8_t digest[16];

    dp_digest(line, n, digest);
    fwrite(line, 1, n, f);
    fprintf(f, ",\"xxh3_128\":\"%s\"}\n", cli_hex_of(digest).text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz-ledger-XXXXXX";
    const int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    ledger l;

    if (f == NULL)
        return 0;
    for (size_t at = 0, n; at < size; at += n + 1) {
        for (n = 0; at + n < size && data[at + n] != '\n';)
            n++;
        put_line(f, (const char *)data + at, n);
    }
    fclose(f);
    (void)ledger_read(path, &l);
    ledger_free(&l);
    unlink(path);
    return 0;
}
