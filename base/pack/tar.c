/* tar.c - the files of a tar archive in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/pack/tar.h"
#include "base/sniff.h"
#include "base/status.h"

#define BLOCK 512

/* Octal digits, blanks around them; false when it is anything else. */
static bool octal(const uint8_t *text, size_t n, uint64_t *out)
{
    size_t i = 0;

    *out = 0;
    while (i < n && text[i] == ' ')
        i++;
    for (; i < n && text[i] >= '0' && text[i] <= '7'; i++)
        *out = *out << 3 | (uint64_t)(text[i] - '0');
    while (i < n && (text[i] == ' ' || text[i] == '\0'))
        i++;
    return i == n && *out < ((uint64_t)1 << 40);
}

static bool checksum_is_right(const uint8_t *header)
{
    uint64_t sum = 0, stated;

    for (int i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : header[i];
    return octal(header + 148, 8, &stated) && stated == sum;
}

static bool is_zero(const uint8_t *block)
{
    for (int i = 0; i < BLOCK; i++) {
        if (block[i] != 0)
            return false;
    }
    return true;
}

static void last_part(const uint8_t *field, char name[DP_TAR_NAME])
{
    const char *slash;

    memcpy(name, field, DP_TAR_NAME - 1);
    name[DP_TAR_NAME - 1] = '\0';
    slash = strrchr(name, '/');
    if (slash != NULL)
        memmove(name, slash + 1, strlen(slash + 1) + 1);
}

/* what: the file is, or "". */
static dp_status wrong_header(const dp_tar *tar, const char *what, dp_error *err)
{
    return dp_fail(err, DP_ECORRUPT,
                   "%.100s is not a tar archive%s: the header at byte %zu is wrong", tar->path,
                   what, tar->at);
}

dp_status dp_tar_next(dp_tar *tar, char name[DP_TAR_NAME], dp_blob *out, dp_error *err)
{
    const dp_blob *archive = &tar->archive;

    if (tar->at == 0 && archive->size < BLOCK)
        return wrong_header(tar, dp_sniff_bytes(archive->bytes, archive->size).text, err);
    while (tar->archive.size - tar->at >= BLOCK) {
        const uint8_t *header = tar->archive.bytes + tar->at;
        uint64_t size;
        if (is_zero(header))
            return DP_END;
        if (!checksum_is_right(header) || !octal(header + 124, 12, &size))
            return wrong_header(tar,
                                tar->at == 0 && memcmp(header + 257, "ustar", 5) != 0
                                    ? dp_sniff_bytes(header, BLOCK).text
                                    : "",
                                err);
        tar->at += BLOCK;
        if (size > tar->archive.size - tar->at)
            return dp_fail(err, DP_ECORRUPT, "%.120s ends in the middle of %.80s", tar->path,
                           (const char *)header);
        *out = (dp_blob){tar->archive.bytes + tar->at, (size_t)size, tar->archive.stamp};
        size = (size + BLOCK - 1) / BLOCK * BLOCK;
        tar->at += size < tar->archive.size - tar->at ? (size_t)size : tar->archive.size - tar->at;
        last_part(header, name);
        if (header[156] == '0' || header[156] == '\0')
            return DP_OK;
    }
    return DP_END;
}
