/* output.c - files of commands: whole or not at all, whatever ends the tool
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/writer.h"
#include "tools/cli/cli.h"
#include "tools/cli/memory.h"

/* ---- signals wait until a file is in its place, or gone ---- */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
#define N_ENDS (sizeof ends / sizeof ends[0])

typedef struct held {
    struct sigaction was[N_ENDS];
} held;

static volatile sig_atomic_t came; /* the only way to hear of a signal */

/* The second one does not wait: the disk may be what hangs. */
static void note_signal(int number)
{
    if (came != 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
    came = number;
}

static void hold_signals(held *h)
{
    const struct sigaction waits = {.sa_handler = note_signal, .sa_flags = SA_RESTART};

    came = 0;
    for (size_t i = 0; i < N_ENDS; i++) {
        sigaction(ends[i], NULL, &h->was[i]);
        if (h->was[i].sa_handler != SIG_IGN) /* as nohup sets it */
            sigaction(ends[i], &waits, NULL);
    }
}

static void release_signals(const held *h)
{
    for (size_t i = 0; i < N_ENDS; i++)
        sigaction(ends[i], &h->was[i], NULL);
    if (came != 0)
        raise(came);
}

/* Says what failed when something did. */
static int end(const held *h, dp_status status, const dp_error *err)
{
    release_signals(h);
    return status == DP_OK ? 0 : cli_fail_error(err, NULL);
}

/* Opened so that reading, or writing, still fails. */
void output_hold_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            exit(EXIT_NOT_TRIED);
    }
}

static void pass(int number) { (void)number; }

/* A handler, as a signal that is ignored would be so in every command that the tool starts. */
void output_survive_limits(void)
{
    const struct sigaction passes = {.sa_handler = pass, .sa_flags = SA_RESTART};
    sigaction(SIGXFSZ, &passes, NULL);
}

/* ---- what a command prints into a file ---- */

int output_open(output *o, const char *path)
{
    int status;

    *o = (output){.file = stdout, .path = path};
    if (strcmp(path, "-") == 0)
        return 0;
    status = output_check(path);
    if (status == 0)
        o->file = xopen_memstream(&o->bytes, &o->size);
    return status;
}

static int flush_stdout(bool written)
{
    if (fflush(stdout) == 0 && !ferror(stdout) && written)
        return 0;
    cli_fail(EXIT_NOT_TRIED, "cannot write to standard output: %s", strerror(errno));
    clearerr(stdout); /* already reported */
    return EXIT_NOT_TRIED;
}

static int commit(output *o)
{
    dp_writer writer;
    dp_status status;
    dp_error err;
    held signals;

    hold_signals(&signals);
    status = dp_writer_open(&writer, o->path, &err);
    if (status == DP_OK) {
        dp_writer_put(&writer, o->bytes, o->size);
        status = dp_writer_commit(&writer, &err);
    }
    return end(&signals, status, &err);
}

int output_close(output *o, bool written)
{
    int status;

    if (o->file == stdout)
        return flush_stdout(written);
    written = fflush(o->file) == 0 && !ferror(o->file) && written;
    written = fclose(o->file) == 0 && o->bytes != NULL && written;
    status = written ? commit(o)
                     : cli_fail(EXIT_NOT_TRIED, "cannot write %s: %s", o->path, strerror(errno));
    free(o->bytes);
    return status;
}

/* ---- what the library writes ---- */

int output_tensors(const dp_named_tensor *tensors, size_t n, const char *path)
{
    dp_error err;
    held signals;

    hold_signals(&signals);
    return end(&signals, dp_archive_save(tensors, n, path, &err), &err);
}

int output_net(dp_net *net, const char *path)
{
    dp_error err;
    held signals;

    hold_signals(&signals);
    return end(&signals, dp_net_save(net, path, &err), &err);
}

int output_check(const char *path)
{
    dp_writer writer;
    dp_status status;
    dp_error err;
    held signals;

    hold_signals(&signals);
    status = dp_writer_open(&writer, path, &err);
    if (status == DP_OK)
        dp_writer_cancel(&writer);
    return end(&signals, status, &err);
}
