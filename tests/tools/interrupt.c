/* interrupt.c - preloaded into the tool: files have names as they are written, and a signal comes
 * at a call of those that write, whose number is in INTERRUPT_AT; with FSYNC_FAILS the disk does
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd);
static int calls;

static void count(void)
{
    const char *at = getenv("INTERRUPT_AT"), *number = getenv("INTERRUPT_BY");

    if (at != NULL && number != NULL && ++calls == atoi(at))
        raise(atoi(number));
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    va_start(args, flags);
    if ((flags & (O_CREAT | O_TMPFILE)) != 0)
        mode = va_arg(args, mode_t);
    va_end(args);
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (fd > 2)
        count();
    return syscall(SYS_write, fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    count();
    return syscall(SYS_pwrite64, fd, bytes, n, at);
}

int fsync(int fd)
{
    count();
    if (getenv("FSYNC_FAILS") != NULL) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    count();
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
