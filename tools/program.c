/* program.c - a run of somebody's training command
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/evidence.h"

/* ---- the process ---- */

/* What the run tells when it cannot become the program. */
static void give_up(int report, const char *what)
{
    char text[PROGRAM_PATH];
    const int n = snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    const ssize_t written = write(report, text, n > 0 ? (size_t)n : 0);
    _exit(written >= 0 ? EXIT_NOT_TRIED : EXIT_NO);
}

static bool redirect(const char *path, int flags, int to)
{
    const int fd = open(path, flags | O_CLOEXEC, 0600);
    return fd >= 0 && dup2(fd, to) >= 0;
}

static void become(const program *p, const program_run *r, const sigset_t *mask, int report)
{
    char folder[PROGRAM_PATH];

    snprintf(folder, sizeof folder, "%.4000s/run%d.cwd.XXXXXX", p->folder, r->number);
    setpgid(0, 0);
    if (!redirect("/dev/null", O_RDONLY, STDIN_FILENO))
        give_up(report, "/dev/null");
    if (!redirect(r->out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO))
        give_up(report, r->out);
    if (!redirect(r->err, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO))
        give_up(report, r->err);
    if (!perturb_apply(r->vary, folder))
        give_up(report, "--vary");
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(p->argv[0], p->argv);
    give_up(report, p->argv[0]);
}

/* ---- waiting for it ---- */

typedef enum ending { ENDED, TIMED_OUT, INTERRUPTED } ending;

/* SIGCHLD, SIGINT and SIGTERM are blocked, so each is taken here. */
static ending await(pid_t child, const sigset_t *signals, uint64_t timeout, double start,
                    int *status)
{
    while (waitpid(child, status, WNOHANG) == 0) {
        const double left = (double)timeout - (cli_seconds() - start);
        const struct timespec t = {timeout == 0 ? 3600 : (time_t)(left > 0 ? left : 0),
                                   (long)(left > 0 ? (left - (double)(time_t)left) * 1e9 : 0)};
        const int signal = sigtimedwait(signals, NULL, &t);
        const bool late = timeout != 0 && cli_seconds() - start >= (double)timeout;
        if (signal != SIGINT && signal != SIGTERM && !late)
            continue;
        kill(-child, SIGKILL);
        while (waitpid(child, status, 0) < 0 && errno == EINTR)
            ;
        return late && signal != SIGINT && signal != SIGTERM ? TIMED_OUT : INTERRUPTED;
    }
    return ENDED;
}

/* The last line that is in a file, if one is. */
static void last_line(const char *path, char *line, size_t size)
{
    FILE *f = fopen(path, "r");
    char next[512];

    snprintf(line, size, "it said nothing of it");
    while (f != NULL && fgets(next, sizeof next, f) != NULL) {
        next[strcspn(next, "\r\n")] = '\0';
        if (next[0] != '\0')
            snprintf(line, size, "%.300s", next);
    }
    if (f != NULL)
        fclose(f);
}

static int judge_end(const program *p, const program_run *r, ending how, int status)
{
    char line[320];

    if (how == INTERRUPTED)
        return cli_fail(EXIT_NOT_TRIED, "verify: interrupted in run %d; it was ended", r->number);
    if (how == TIMED_OUT)
        return cli_fail(EXIT_NOT_TRIED,
                        "verify: run %d took more than %llu seconds and was ended (--timeout); "
                        "what it printed: %s",
                        r->number, (unsigned long long)p->timeout, r->out);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return -1;
    last_line(r->err, line, sizeof line);
    if (WIFSIGNALED(status))
        return cli_fail(EXIT_NOT_TRIED, "verify: run %d was ended by signal %d (%s): %s (%s)",
                        r->number, WTERMSIG(status), strsignal(WTERMSIG(status)), line, r->err);
    return cli_fail(EXIT_NOT_TRIED, "verify: run %d failed with exit status %d: %s (%s)", r->number,
                    WEXITSTATUS(status), line, r->err);
}

/* The report is closed by exec, and has words if there was none. */
static int read_report(int report)
{
    char text[PROGRAM_PATH];
    ssize_t n;

    while ((n = read(report, text, sizeof text - 1)) < 0 && errno == EINTR)
        ;
    if (n <= 0)
        return -1;
    text[n] = '\0';
    return cli_fail(EXIT_NOT_TRIED, "verify: cannot start %s", text);
}

static int run(const program *p, program_run *r)
{
    const double start = cli_seconds();
    sigset_t signals, before;
    int ends[2], status = 0, failed;
    ending how;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return cli_fail(EXIT_NOT_TRIED, "cannot make a pipe: %s", strerror(errno));
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &before);
    child = fork();
    if (child == 0)
        become(p, r, &before, ends[1]);
    close(ends[1]);
    if (child > 0) {
        failed = read_report(ends[0]);
        how = await(child, &signals, p->timeout, start, &status);
    } else {
        failed = cli_fail(EXIT_NOT_TRIED, "cannot start run %d: %s", r->number, strerror(errno));
        how = ENDED;
    }
    close(ends[0]);
    sigprocmask(SIG_SETMASK, &before, NULL);
    r->seconds = cli_seconds() - start;
    return failed >= 0 ? failed : judge_end(p, r, how, status);
}

int program_start(const program *p, program_run *r)
{
    int status;

    snprintf(r->out, sizeof r->out, "%.4000s/run%d.out", p->folder, r->number);
    snprintf(r->err, sizeof r->err, "%.4000s/run%d.err", p->folder, r->number);
    status = run(p, r);
    if (status < 0)
        status = losses_read((const char *const[]){r->out, r->err}, p->regex, &r->losses);
    if (status < 0 && r->losses.n == 0) {
        status = cli_fail(EXIT_MALFORMED,
                          "verify: no loss in what run %d printed (%s, %s): name it with --loss "
                          "'REGEX', whose groups are numbers",
                          r->number, r->out, r->err);
        evidence_print_none(stderr, &r->losses);
    }
    return status;
}
