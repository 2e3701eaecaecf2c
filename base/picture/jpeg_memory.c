/* jpeg_memory.c - libjpeg's memory manager over an arena
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * libjpeg asks for memory by a table of functions.  All of them but the last are replaced: what it
 * took at its creation (two blocks) it gives back itself, all else goes with the arena.  Virtual
 * arrays, which hold the coefficients of a progressive picture, lie in memory whole.
 */
#include <jerror.h>

#include "base/picture/jpeg_memory.h"

#define LINE 64 /* bytes: SIMD code writes whole ones */

struct jvirt_barray_control {
    JBLOCKARRAY rows;
    JDIMENSION n_rows, row_blocks;
    struct jvirt_barray_control *next;
};

static void *take(j_common_ptr c, size_t n, size_t size)
{
    dp_jpeg_memory *m = c->client_data;
    void *p = dp_arena_alloc(m->arena, n, size);

    if (p == NULL) {
        m->starved = true;
        ERREXIT1(c, JERR_OUT_OF_MEMORY, 0);
    }
    return p;
}

static void *take_bytes(j_common_ptr c, int pool, size_t size)
{
    (void)pool;
    return take(c, size, 1);
}

/* n pointers to rows of `size` bytes each. */
static void **take_rows(j_common_ptr c, size_t n, size_t size)
{
    void **rows = take(c, n, sizeof *rows);
    char *bytes = take(c, n, size);

    for (size_t i = 0; i < n; i++)
        rows[i] = bytes + i * size;
    return rows;
}

static JSAMPARRAY take_samples(j_common_ptr c, int pool, JDIMENSION width, JDIMENSION n)
{
    (void)pool;
    return (JSAMPARRAY)take_rows(c, n, ((size_t)width + LINE - 1) / LINE * LINE);
}

static JBLOCKARRAY take_blocks(j_common_ptr c, int pool, JDIMENSION width, JDIMENSION n)
{
    (void)pool;
    return (JBLOCKARRAY)take_rows(c, n, width * sizeof(JBLOCK));
}

/* Only what quantizes colours asks for one. */
static jvirt_sarray_ptr request_samples(j_common_ptr c, int pool, boolean zeroed, JDIMENSION width,
                                        JDIMENSION n, JDIMENSION most)
{
    (void)pool, (void)zeroed, (void)width, (void)n, (void)most;
    ERREXIT(c, JERR_NOT_COMPILED);
    return NULL;
}

static JSAMPARRAY access_samples(j_common_ptr c, jvirt_sarray_ptr a, JDIMENSION first, JDIMENSION n,
                                 boolean writable)
{
    (void)a, (void)first, (void)n, (void)writable;
    ERREXIT(c, JERR_BAD_VIRTUAL_ACCESS);
    return NULL;
}

static jvirt_barray_ptr request_blocks(j_common_ptr c, int pool, boolean zeroed, JDIMENSION width,
                                       JDIMENSION n, JDIMENSION most)
{
    dp_jpeg_memory *m = c->client_data;
    jvirt_barray_ptr a = take(c, 1, sizeof *a);

    (void)pool, (void)zeroed, (void)most;
    *a = (struct jvirt_barray_control){NULL, n, width, m->arrays};
    m->arrays = a;
    return a;
}

static void realize(j_common_ptr c)
{
    dp_jpeg_memory *m = c->client_data;

    for (jvirt_barray_ptr a = m->arrays; a != NULL; a = a->next)
        a->rows = take_blocks(c, JPOOL_IMAGE, a->row_blocks, a->n_rows);
    m->arrays = NULL;
}

static JBLOCKARRAY access_blocks(j_common_ptr c, jvirt_barray_ptr a, JDIMENSION first, JDIMENSION n,
                                 boolean writable)
{
    (void)writable;
    if (a->rows == NULL || first > a->n_rows || n > a->n_rows - first)
        ERREXIT(c, JERR_BAD_VIRTUAL_ACCESS);
    return a->rows + first;
}

static void give(j_common_ptr c, int pool) { (void)c, (void)pool; }

void dp_jpeg_use_arena(struct jpeg_decompress_struct *d)
{
    struct jpeg_memory_mgr *m = d->mem;

    m->alloc_small = take_bytes;
    m->alloc_large = take_bytes;
    m->alloc_sarray = take_samples;
    m->alloc_barray = take_blocks;
    m->request_virt_sarray = request_samples;
    m->request_virt_barray = request_blocks;
    m->realize_virt_arrays = realize;
    m->access_virt_sarray = access_samples;
    m->access_virt_barray = access_blocks;
    m->free_pool = give;
}
