/* runs.c - runs of a recipe, each in processes of its own
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cli/file.h"
#include "tools/proof/child.h"
#include "tools/run/ranks.h"

#define MOST_RESULT ((uint64_t)1 << 32) /* bytes */

int runs_here(const run_question *s, const recipe_run *r, const char *fault)
{
    session opened = {.data = s->data,
                      .threads = r->threads,
                      .prefetch = r->prefetch,
                      .digests = strcmp(fault, "none") == 0};
    ladder l = {0};
    inject what;
    int status = inject_parse(strcmp(fault, "none") == 0 ? NULL : fault, &what);

    if (status != 0)
        return status;
    status = ranks_join(&opened.group, s->timeout);
    if (status == 0)
        status = session_open(&opened, s->recipe, s->seed, s->steps);
    if (status == 0)
        status = ladder_run(&opened, what, &l);
    if (status == 0)
        status = ranks_leads(opened.group) ? cli_print_json(ladder_to_json(&l)) : EXIT_YES;
    ladder_free(&l);
    session_close(&opened);
    return ranks_leave(opened.group, status);
}

/* This program by its own name: mpirun starts it from elsewhere. */
static const char *own_path(char *path, size_t size)
{
    const ssize_t n = readlink("/proc/self/exe", path, size - 1);

    if (n > 0)
        path[n] = '\0';
    else /* a root of its own without /proc: as it was started */
        snprintf(path, size, "%s", (const char *)(uintptr_t)getauxval(AT_EXECFN));
    return path;
}

typedef struct job {
    const run_question *question;
    const recipe_run *run;
} job;

static void become(const void *ctx, child_result *result)
{
    const run_question *s = ((const job *)ctx)->question;
    const recipe_run *r = ((const job *)ctx)->run;
    char threads[24], prefetch[24], steps[24], seed[24], ranks[24], timeout[24], path[4096];
    const char *argv[24 + RANKS_MAX_WORDS] = {own_path(path, sizeof path)};
    int n = 1;

    snprintf(ranks, sizeof ranks, "%u", r->ranks);
    if (r->ranks > 1)
        n = ranks_command(argv, ranks, path);
    argv[n++] = "verify";
    argv[n++] = "--one-run", argv[n++] = inject_name(r->inject);
    argv[n++] = "--threads", argv[n++] = threads;
    argv[n++] = "--prefetch", argv[n++] = prefetch;
    snprintf(threads, sizeof threads, "%llu", (unsigned long long)r->threads);
    snprintf(prefetch, sizeof prefetch, "%llu", (unsigned long long)r->prefetch);
    snprintf(steps, sizeof steps, "%llu", (unsigned long long)s->steps.value);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->seed.value);
    snprintf(timeout, sizeof timeout, "%llu", (unsigned long long)s->timeout);
    if (r->ranks > 1)
        argv[n++] = "--rank-timeout", argv[n++] = timeout;
    if (s->steps.given)
        argv[n++] = "--steps", argv[n++] = steps;
    if (s->seed.given)
        argv[n++] = "--seed", argv[n++] = seed;
    if (s->data != NULL)
        argv[n++] = "--data", argv[n++] = s->data;
    argv[n++] = "--";
    argv[n++] = s->recipe;
    argv[n] = NULL;
    if (r->cpu != NULL)
        setenv("DETPIPE_CPU", r->cpu, 1);
    ranks_forget();
    snprintf(result->why, sizeof result->why, "%.4000s%s", argv[0],
             r->ranks > 1 ? " (Debian: openmpi-bin)" : "");
    execvp(argv[0], (char *const *)(uintptr_t)argv);
}

/* What a run printed, NUL added; NULL when it cannot be had.  Closes the file. */
static char *take_output(int fd)
{
    FILE *f = lseek(fd, 0, SEEK_SET) == 0 ? fdopen(fd, "rb") : NULL;
    size_t size;
    char *text = f != NULL ? file_read_rest(f, MOST_RESULT, &size) : NULL;

    if (f != NULL)
        fclose(f);
    else
        close(fd);
    return text;
}

/* A run says itself why it fails. */
static int judge_end(const child_result *end, int number)
{
    if (end->end == CHILD_INTERRUPTED)
        return cli_fail(EXIT_NOT_TRIED, "verify: interrupted in run %d (%s); it was ended", number,
                        strsignal(end->signal));
    if (end->end == CHILD_UNSTARTED)
        return cli_fail(EXIT_NOT_TRIED, "verify: cannot start run %d: %s", number, end->why);
    if (end->end != CHILD_ENDED)
        return cli_fail(EXIT_NOT_TRIED, "verify: run %d was lost", number);
    if (WIFSIGNALED(end->status))
        return cli_fail(EXIT_NOT_TRIED, "run %d was ended by signal %d (%s)", number,
                        WTERMSIG(end->status), strsignal(WTERMSIG(end->status)));
    return WEXITSTATUS(end->status);
}

int runs_start(const run_question *s, recipe_run *r, int number)
{
    job j = {s, r};
    child c = {.become = become,
               .ctx = &j,
               .out = memfd_create("detpipe-run", MFD_CLOEXEC),
               .err = -1,
               .most = MOST_RESULT};
    child_result end;
    char *text;
    cJSON *json;
    int status;

    if (c.out < 0)
        return cli_fail(EXIT_NOT_TRIED, "cannot start run %d: %s", number, strerror(errno));
    child_run(&c, &end);
    status = judge_end(&end, number);
    text = take_output(c.out);
    json = status == 0 && text != NULL ? cJSON_Parse(text) : NULL;
    if (status == 0 && !ladder_from_json(json, &r->ladder))
        status = cli_fail(EXIT_NOT_TRIED, "run %d printed no readable result", number);
    cJSON_Delete(json);
    free(text);
    return status;
}
