/* folder.c - where the runs of verify print: one folder, which stays only where it was named
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/proof/child.h"
#include "tools/proof/program.h"

static char own[FOLDER_PATH]; /* "" = none, or it stays */
static pid_t owner;
static char last_words[FOLDER_PATH + 128];

/* Between runs: a handler can print and end, and no more. */
static void interrupted(int signal)
{
    (void)signal;
    (void)!write(STDERR_FILENO, last_words, strlen(last_words));
    _exit(EXIT_NOT_TRIED);
}

/* At every exit, that of the tool without memory, too; not of its children. */
static void remove_own(void)
{
    const sigset_t signals = child_ends();
    sigset_t before;

    sigprocmask(SIG_BLOCK, &signals, &before); /* the line would name what is gone */
    if (own[0] != '\0' && owner == getpid() && !program_remove(own))
        cli_fail(0, "verify: its folder %s is left: %s", own, strerror(errno));
    own[0] = '\0';
    child_on_ends(SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static int make(const char *output, char path[FOLDER_PATH])
{
    const char *tmp = getenv("TMPDIR");

    if (output != NULL)
        snprintf(path, FOLDER_PATH, "%.4000s", output);
    else
        snprintf(path, FOLDER_PATH, "%.2000s/detpipe-verify-XXXXXX",
                 tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    if (output != NULL ? mkdir(path, 0777) != 0 && errno != EEXIST : mkdtemp(path) == NULL)
        return cli_fail(EXIT_NOT_TRIED, "verify: cannot make the folder %s: %s", path,
                        strerror(errno));
    return 0;
}

/* The descriptor keeps the lock until the process ends. */
static int lock(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return cli_fail(EXIT_NOT_TRIED, "verify: --output takes a folder, and %s cannot be one: %s",
                        path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return cli_fail(EXIT_NOT_TRIED, "verify: the folder %s: %s", path,
                        errno == EWOULDBLOCK ? "another verify writes there" : strerror(errno));
    return 0;
}

/* Its full path, and what a signal says; the signals wait as long as there is no such line. */
static int adopt(const char *output, char path[FOLDER_PATH])
{
    char made[FOLDER_PATH];
    int status = make(output, made);

    owner = getpid();
    if (status == 0 && output == NULL)
        snprintf(own, sizeof own, "%s", made);
    if (status == 0)
        status = lock(made);
    if (status == 0 && realpath(made, path) == NULL)
        status = cli_fail(EXIT_NOT_TRIED, "verify: %s: %s", made, strerror(errno));
    if (status != 0)
        return status;
    snprintf(last_words, sizeof last_words,
             "detpipe: verify: interrupted between runs; what they printed is in %s\n", path);
    child_on_ends(interrupted);
    return 0;
}

int folder_open(const char *output, char path[FOLDER_PATH])
{
    const sigset_t signals = child_ends();
    sigset_t before;
    int status = 0;

    sigprocmask(SIG_BLOCK, &signals, &before);
    if (atexit(remove_own) != 0)
        status = cli_fail(EXIT_NOT_TRIED, "out of memory");
    if (status == 0)
        status = adopt(output, path);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}

void folder_report(void) { signal(SIGPIPE, SIG_IGN); }

void folder_close(bool stays)
{
    const bool unread = fflush(stdout) != 0 && errno == EPIPE;

    if (stays)
        own[0] = '\0';
    remove_own();
    if (unread)
        raise(SIGPIPE);
}
