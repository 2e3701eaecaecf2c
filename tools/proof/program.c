/* program.c - a run of somebody's training command
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/program.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/proof/child.h"
#include "tools/cli/cli.h"
#include "tools/proof/links.h"
#include "tools/proof/why.h"
#include "tools/proof/written.h"

/* ---- why there is nothing to compare ---- */

__attribute__((format(printf, 3, 4))) static int fail(program_run *r, int status,
                                                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(r->why, sizeof r->why, format, args);
    va_end(args);
    return status;
}

/* "ValueError: ..", "mindspore.common.MyException: ..": as uncaught errors are printed. */
static bool names_an_error(const char *line)
{
    static const char *const ends[] = {"Error", "Exception", "Interrupt"};
    size_t n = 0;

    while (isalnum((unsigned char)line[n]) || line[n] == '_' || line[n] == '.')
        n++;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t length = strlen(ends[i]);
        if (n >= length && memcmp(line + n - length, ends[i], length) == 0)
            return line[n] == ':' || line[n] == '\0';
    }
    return false;
}

/* The last line that names an error, else the last one. */
static void telling_line(const char *path, char *line, size_t size)
{
    FILE *f = fopen(path, "re");
    bool named = false, begins = true;
    char next[512];

    snprintf(line, size, "it said nothing of it");
    while (f != NULL && fgets(next, sizeof next, f) != NULL) {
        const bool names = begins && names_an_error(next);
        begins = strchr(next, '\n') != NULL;
        next[strcspn(next, "\r\n")] = '\0';
        if (next[0] != '\0' && (names || !named))
            snprintf(line, size, "%.300s", next);
        named = named || names;
    }
    if (f != NULL)
        fclose(f);
}

static int judge_status(program_run *r, int status)
{
    char line[320];

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    telling_line(r->err, line, sizeof line);
    if (WIFSIGNALED(status))
        return fail(r, EXIT_NOT_TRIED, "run %d was ended by signal %d (%s): %s (%s)", r->number,
                    WTERMSIG(status), strsignal(WTERMSIG(status)), line, r->err);
    return fail(r, EXIT_NOT_TRIED, "run %d failed with exit status %d: %s (%s)", r->number,
                WEXITSTATUS(status), line, r->err);
}

static int judge_end(const program *p, program_run *r, const child_result *end)
{
    switch (end->end) {
    case CHILD_UNSTARTED: return fail(r, EXIT_NOT_TRIED, "cannot start %s", end->why);
    case CHILD_INTERRUPTED:
        return fail(r, EXIT_NOT_TRIED, "interrupted in run %d (%s); it was ended", r->number,
                    strsignal(end->signal));
    case CHILD_TIMED_OUT:
        return fail(r, EXIT_NOT_TRIED,
                    "run %d took more than %llu seconds and was ended (--timeout); what it "
                    "printed: %s",
                    r->number, (unsigned long long)p->timeout, r->out);
    case CHILD_STOPPED:
        return fail(
            r, EXIT_NOT_TRIED,
            "run %d was stopped: it wants the terminal (%s), and verify gives it none; it was "
            "ended",
            r->number, strsignal(end->signal));
    case CHILD_FLOODED:
        return fail(r, EXIT_NOT_TRIED,
                    "run %d printed more than %llu bytes and was ended (--max-output): %s",
                    r->number, (unsigned long long)p->most, r->out);
    case CHILD_UNWRITTEN:
        return fail(r, EXIT_NOT_TRIED, "what run %d prints cannot be kept in %s: %s; it was ended",
                    r->number, p->folder, end->why);
    case CHILD_LOST:
        return fail(r, EXIT_NOT_TRIED, "run %d was lost: its keeper was killed", r->number);
    default: return judge_status(r, end->status);
    }
}

/* ---- the process ---- */

typedef struct job {
    const program *program;
    const program_run *run;
    char places[2][WHY_PATH]; /* what the environment of a run that records has */
    hidden hidden;
} job;

static void become(const void *ctx, child_result *result)
{
    const job *j = ctx;
    char here[PROGRAM_PATH];
    perturb_place place = {here, result->note, sizeof result->note, j->program->left};

    snprintf(here, sizeof here, "%.4000s/run%d", j->program->folder, j->run->number);
    snprintf(result->why, sizeof result->why, "a run with what --vary changes");
    if (!perturb_apply(&j->run->plan, &place) ||
        (j->program->why && !why_apply(j->program->folder, j->run->number, &j->program->how)))
        return;
    snprintf(result->why, sizeof result->why, "%.4000s", j->program->argv[0]);
    execvp(j->program->argv[0], j->program->argv);
}

/* A new file in the place of an old one; -1: the old one cannot be replaced, or is not plain.
 */
static int replace(const char *path)
{
    struct stat old;

    if (lstat(path, &old) == 0) {
        if (!S_ISREG(old.st_mode)) {
            errno = EEXIST;
            return -1;
        }
        if (unlink(path) != 0)
            return -1;
    }
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *place)
{
    (void)s, (void)kind, (void)place;
    return remove(path);
}

bool program_remove(const char *path)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

/* Folders that a run of this number had in another trial (--output). */
static void remove_old(const program *p, const program_run *r)
{
    static const char *const names[] = {"cwd", "left", "tmp", "files", "why"};
    char path[PROGRAM_PATH];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%.4000s/run%d.%s", p->folder, r->number, names[i]);
        program_remove(path);
    }
}

/* In the keeper's memory; how many there are is in what it shares. */
static void look(void *ctx, child_result *result)
{
    job *j = ctx;

    hidden_look(&j->hidden, getpid());
    result->seen = (unsigned)j->hidden.n;
    snprintf(result->seen_text, sizeof result->seen_text, "%s", j->hidden.first);
}

static int run(program *p, program_run *r)
{
    job j = {.program = p, .run = r, .hidden = {.folder = j.places[0], .path = j.places[1]}};
    child c = {.become = become,
               .look = p->why ? look : NULL,
               .ctx = &j,
               .timeout = p->timeout,
               .most = p->most,
               .after = p->last};
    child_result end;

    why_places(p->folder, r->number, j.places[0], j.places[1]);
    remove_old(p, r);
    c.out = replace(r->out);
    c.err = c.out >= 0 ? replace(r->err) : -1;
    if (c.err < 0) {
        fail(r, EXIT_NOT_TRIED, "cannot write %s: %s", c.out < 0 ? r->out : r->err,
             errno == EEXIST ? "it is not a plain file" : strerror(errno));
        if (c.out >= 0)
            close(c.out);
        return EXIT_NOT_TRIED;
    }
    child_run(&c, &end);
    close(c.out);
    close(c.err);
    p->last = end.ended;
    r->seconds = end.seconds;
    r->interrupted = end.end == CHILD_INTERRUPTED;
    r->hidden = end.seen;
    snprintf(r->hidden_first, sizeof r->hidden_first, "%.*s", HIDDEN_TEXT - 1, end.seen_text);
    snprintf(r->note, sizeof r->note, "%s", end.note);
    if (end.left > 0)
        snprintf(r->note + strlen(r->note), sizeof r->note - strlen(r->note),
                 "%sit left %u process%s behind (%s), which %s ended",
                 r->note[0] != '\0' ? "; " : "", end.left, end.left == 1 ? "" : "es", end.left_name,
                 end.left == 1 ? "was" : "were");
    return judge_end(p, r, &end);
}

/* ---- files that it wrote ---- */

bool program_cwd(const program *p, const program_run *r, char path[PROGRAM_PATH])
{
    static const char *const names[] = {"left", "cwd"}; /* the last one first */

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, PROGRAM_PATH, "%.4000s/run%d.%s/" LINKS_HERE, p->folder, r->number,
                 names[i]);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static int fail_of_files(program_run *r, int status, const char *why)
{
    return status == 0 ? 0 : fail(r, status, "run %d: %s", r->number, why);
}

static int find_files(const program *p, program_run *r, results *before)
{
    const results_place here = {.without = p->folder};
    char why[RESULTS_TEXT];

    return fail_of_files(r, results_find(&p->files, &here, before, why), why);
}

/* The first run must write a match of each pattern; the others may differ from it. */
static int check_patterns(const program *p, program_run *r)
{
    char pattern[200];
    size_t others;

    if (r->number > 1 || !results_lacking(&p->files, &r->results, pattern, &others))
        return 0;
    if (others == 0)
        return fail(r, EXIT_MALFORMED, "--file: no file matches '%s' after run 1", pattern);
    return fail(r, EXIT_MALFORMED,
                "--file: run 1 wrote none of the %zu files that match '%s': they were there before",
                others, pattern);
}

static int take_files(const program *p, program_run *r, const results *before)
{
    char cwd[PROGRAM_PATH], copies[PROGRAM_PATH], why[RESULTS_TEXT];
    results_place place = {.without = p->folder, .most = p->most};
    int status;

    snprintf(copies, sizeof copies, "%.4000s/run%d.files", p->folder, r->number);
    place.cwd = program_cwd(p, r, cwd) ? cwd : NULL;
    place.copies = r->number <= p->kept ? copies : NULL;
    status = fail_of_files(r, results_take(&p->files, &place, before, &r->results, why), why);
    return status == 0 ? check_patterns(p, r) : status;
}

static int take_ledgers(const program *p, program_run *r)
{
    char why[RESULTS_TEXT];
    const why_hidden unseen = {r->hidden, r->hidden_first};
    const int status =
        why_take(p->folder, r->number, &unseen, &r->recorded, r->note, sizeof r->note, why);

    return fail_of_files(r, status, why);
}

/* No loss was printed: its result may be a file. */
static int fail_of_nothing(const program *p, program_run *r)
{
    char names[WRITTEN_TEXT];
    written files;
    bool any;

    written_find(".", r->begun, p->folder, &files);
    any = written_text(&files, names) > 0;
    written_free(&files);
    return fail(
        r, EXIT_MALFORMED,
        "no loss in what run %d printed (%s, %s): name it with --loss 'REGEX', whose groups "
        "are numbers, or compare the files that it writes%s%s%s with --file PATTERN",
        r->number, r->out, r->err, any ? " (" : "", names, any ? ")" : "");
}

int program_start(program *p, program_run *r)
{
    results before = {0};
    int status;

    snprintf(r->out, sizeof r->out, "%.4000s/run%d.out", p->folder, r->number);
    snprintf(r->err, sizeof r->err, "%.4000s/run%d.err", p->folder, r->number);
    r->begun = written_moment();
    status = p->files.n > 0 ? find_files(p, r, &before) : 0;
    if (status == 0)
        status = run(p, r);
    if (status == 0)
        status = losses_read((const char *const[]){r->out, r->err}, p->regex, &r->losses);
    if (status == 0 && p->files.n > 0)
        status = take_files(p, r, &before);
    results_free(&before);
    if (status == 0 && p->why)
        status = take_ledgers(p, r);
    if (status == 0 && r->losses.n == 0 && p->files.n == 0 && !p->why)
        status = fail_of_nothing(p, r);
    return status;
}

void program_free(program_run *r)
{
    losses_free(&r->losses);
    results_free(&r->results);
    why_free(&r->recorded);
}
