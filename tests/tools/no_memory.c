/* no_memory.c - preloaded: one allocation of a program fails or brings a signal, or all are counted
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * NO_MEMORY_AT=K: number K, from 1, fails; with NO_MEMORY_SIGNAL=N it succeeds, and signal N comes.
 * NO_MEMORY_COUNT=FILE: how many there were goes there at the end.  Programs that this one starts
 * have their memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static long at, count;
static int number; /* of a signal, 0 = none */
static char path[4096];
static pid_t process;

__attribute__((constructor)) static void begin(void)
{
    const char *k = getenv("NO_MEMORY_AT"), *file = getenv("NO_MEMORY_COUNT");
    const char *signal_text = getenv("NO_MEMORY_SIGNAL");
    const long n = k != NULL ? atol(k) : 0;

    number = signal_text != NULL ? atoi(signal_text) : 0;
    if (file != NULL)
        snprintf(path, sizeof path, "%s", file);
    process = k != NULL || file != NULL ? getpid() : 0;
    unsetenv("NO_MEMORY_AT");
    unsetenv("NO_MEMORY_SIGNAL");
    unsetenv("NO_MEMORY_COUNT");
    __atomic_store_n(&count, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&at, n, __ATOMIC_SEQ_CST);
}

__attribute__((destructor)) static void end(void)
{
    FILE *f = path[0] != '\0' && process == getpid() ? fopen(path, "w") : NULL;

    if (f != NULL) {
        fprintf(f, "%ld\n", count);
        fclose(f);
    }
}

static int fails(void)
{
    if (process == 0 || __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST) != at ||
        process != getpid())
        return 0;
    if (number != 0) {
        raise(number);
        return 0;
    }
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t n) { return fails() ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return fails() ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return fails() ? NULL : __libc_realloc(p, n); }
void *aligned_alloc(size_t a, size_t n) { return fails() ? NULL : __libc_memalign(a, n); }

int posix_memalign(void **out, size_t a, size_t n)
{
    void *p = fails() ? NULL : __libc_memalign(a, n);

    if (p != NULL)
        *out = p;
    return p != NULL ? 0 : ENOMEM;
}
