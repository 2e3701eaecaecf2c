/* losses.c - the losses that a program printed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/losses.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/cli/cli.h"
#include "tools/losses/reader.h"
#include "tools/losses/text.h"
#include "tools/cli/file.h"
#include "tools/cli/memory.h"

#define ATOL        1e-3
#define RTOL        1e-5
#define MOST_OUTPUT ((size_t)1 << 30)
#define MOST_SERIES 1000
#define BLOCK       256

/* ---- a series ---- */

static loss_series *add_series(loss_reader *r, const char *name, size_t n)
{
    losses *out = r->out;
    loss_series *s;

    if (out->n_series % BLOCK == 0)
        out->series = xrealloc(out->series, (out->n_series + BLOCK) * sizeof *out->series);
    s = &out->series[out->n_series++];
    *s = (loss_series){.stream = r->stream};
    snprintf(s->name, sizeof s->name, "%.*s", (int)n, name);
    return s;
}

static loss_series *find_series(loss_reader *r, const char *name, size_t n)
{
    n = n < LOSS_NAME ? n : LOSS_NAME - 1;
    for (size_t i = 0; i < r->out->n_series; i++) {
        loss_series *s = &r->out->series[i];
        if (s->stream == r->stream && strncmp(s->name, name, n) == 0 && s->name[n] == '\0')
            return s;
    }
    /* past the limit all go into the last one: nothing is left out */
    return r->out->n_series < MOST_SERIES ? add_series(r, name, n)
                                          : &r->out->series[MOST_SERIES - 1];
}

/* Lines of several ranks come in any order: each has series of its own. */
static loss_series *find_of_rank(loss_reader *r, const char *name, size_t n)
{
    char whole[LOSS_NAME];

    if (r->rank.text[0] == '\0')
        return find_series(r, name, n);
    snprintf(whole, sizeof whole, "[%s] %.*s", r->rank.text, (int)n, name);
    return find_series(r, whole, strlen(whole));
}

/* A name that is twice in a line stands for two series. */
static loss_series *series_of(loss_reader *r, const char *name, size_t n)
{
    loss_series *s = find_of_rank(r, name, n);
    char numbered[LOSS_NAME];

    if (r->in_list)
        return s;
    if (s->line != r->count) {
        s->line = r->count;
        s->on_line = 1;
        return s;
    }
    snprintf(numbered, sizeof numbered, "%.*s #%d", (int)(n < 50 ? n : 50), name, ++s->on_line);
    s = find_of_rank(r, numbered, strlen(numbered));
    s->line = r->count;
    return s;
}

/* ---- a loss ---- */

static char *copy_of(const char *text, size_t n)
{
    char *out = xmalloc(n + 1);

    memcpy(out, text, n);
    out[n] = '\0';
    return out;
}

static void keep_line(loss_lines *to, const loss_reader *r)
{
    if (to->n < LOSS_LINES) {
        to->number[to->n] = r->line.number;
        to->stream[to->n] = r->stream;
        to->text[to->n] = copy_of(r->line.text, strnlen(r->line.text, 200));
    }
    to->n++;
}

/* A bar that is drawn again prints the last value of its series once more. */
static bool is_repeat(const loss_reader *r, const loss_series *s, const loss *v)
{
    const loss *last = s->n > 0 ? &r->out->v[s->last] : NULL;

    return last != NULL && r->bar && v->over && strcmp(last->text, v->text) == 0 && !s->begins &&
           loss_step_order(&v->step, &last->step) >= 0;
}

void loss_add(loss_reader *r, const char *name, size_t n, loss_kind kind, bool mean,
              const char *text, const printed_number *number)
{
    losses *out = r->out;
    loss_series *s = series_of(r, name, n);
    loss v = {.text = copy_of(text, number->n),
              .value = number->value,
              .digits = number->digits,
              .over = r->line.over,
              .series = (uint32_t)(s - out->series),
              .step = r->step,
              .line = r->line.number};

    if (out->n % BLOCK == 0)
        out->v = xrealloc(out->v, (out->n + BLOCK) * sizeof *out->v);
    v.repeat = is_repeat(r, s, &v);
    v.begins = s->begins;
    s->begins = false;
    s->metric = kind != LOSS;
    s->unnamed = kind == UNNAMED;
    s->mean = s->mean || mean;
    s->digits = v.digits > s->digits ? v.digits : s->digits;
    s->n += !v.repeat;
    s->n_finite += !v.repeat && isfinite(v.value);
    s->last = out->n;
    out->v[out->n++] = v;
    r->found++;
    if (!number->whole)
        keep_line(&out->strange, r);
}

/* ---- lines ---- */

static bool has_loss(const char *text, size_t n)
{
    for (size_t i = 0; i + 4 <= n; i++) {
        if (strncasecmp(text + i, "loss", 4) == 0)
            return true;
    }
    return false;
}

/* Whether a word has "loss" in it and is not known to be none: loss_scale, "loss scale". */
static bool names_loss(const char *text)
{
    for (const char *at = text; (at = strpbrk(at, LETTERS)) != NULL;) {
        const size_t n = loss_word(at), next = at[n] == ' ' ? 1 + loss_word(at + n + 1) : 0;
        if (has_loss(at, n) && !loss_is_scale(at, n + next))
            return true;
        at += n;
    }
    return false;
}

/* A line of a bar says how fast it goes, or draws it; Keras' means are of the epoch so far. */
static bool is_bar(const line *l)
{
    return l->over || strstr(l->text, "%|") != NULL || strstr(l->text, "it/s") != NULL ||
           strstr(l->text, "s/step") != NULL;
}

/* Of the line's rank; NULL: it named none. */
static loss_epoch *epoch_of(loss_reader *r)
{
    for (int i = 0; i < r->n_epochs; i++) {
        if (strcmp(r->epochs[i].rank.text, r->rank.text) == 0)
            return &r->epochs[i];
    }
    return NULL;
}

static void note_epoch(loss_reader *r, double at)
{
    loss_epoch *e = epoch_of(r);

    if (e == NULL && r->n_epochs < LOSS_RANKS)
        e = &r->epochs[r->n_epochs++];
    if (e != NULL)
        *e = (loss_epoch){r->rank, at};
}

/* A bar that begins again, or another epoch, without a loss in the line. */
static void note_step(loss_reader *r)
{
    if (r->own.n == 0)
        return;
    for (size_t i = 0; i < r->out->n_series; i++) {
        loss_series *s = &r->out->series[i];
        const loss_step *last = &r->out->v[s->last].step;
        if (s->stream == r->stream && s->n > 0 && r->own.of > 0 && last->of == r->own.of &&
            r->own.at[r->own.n - 1] < last->at[last->n - 1])
            s->begins = true;
    }
    if (r->own.epoch)
        note_epoch(r, r->own.at[0]);
}

static int read_line(loss_reader *r, const regex_t *regex)
{
    char *const whole = r->line.text, *const text = loss_rank_of(whole, &r->rank);
    const loss_epoch *const epoch = epoch_of(r);
    bool table = false;
    int status = 0;

    r->count++;
    r->found = 0;
    r->left = NO_LOSS;
    r->timed = false;
    r->bar = is_bar(&r->line);
    r->own = r->step = loss_step_of(text);
    if (epoch != NULL)
        loss_step_within(&r->step, epoch->at);
    r->line.text = regex != NULL ? whole : text;
    if (regex != NULL)
        status = loss_read_pattern(r, regex);
    else if (!loss_read_rest(r) && !(table = loss_read_row(r)))
        loss_read_line(r);
    r->line.text = whole;
    if (r->found == 0 && !table && strpbrk(r->line.text, "0123456789") != NULL) {
        if (regex == NULL && !r->timed && names_loss(r->line.text))
            r->left = LOSS;
        keep_line(&r->out->numbers, r);
        if (regex == NULL && r->out->n == 0)
            loss_propose(r);
    }
    if (r->left != NO_LOSS)
        keep_line(r->left == LOSS ? &r->out->unread : &r->out->halves, r);
    if (r->found == 0)
        note_step(r);
    return status;
}

int losses_find(char *text, size_t size, int stream, const char *pattern, losses *out)
{
    loss_reader *r = xcalloc(1, sizeof *r);
    char *const decoded = lines_of_utf16(text, &size);
    lines all = lines_of(decoded != NULL ? decoded : text, size);
    regex_t regex;
    int status = pattern != NULL ? loss_pattern_compile(pattern, &regex) : 0;
    const bool compiled = pattern != NULL && status == 0;

    r->out = out;
    r->stream = stream;
    while (status == 0 && lines_next(&all, &r->line))
        status = read_line(r, compiled ? &regex : NULL);
    if (compiled)
        regfree(&regex);
    free(decoded);
    free(r);
    return status;
}

int losses_check_pattern(const char *pattern)
{
    regex_t regex;
    const int status = loss_pattern_compile(pattern, &regex);

    if (status == 0)
        regfree(&regex);
    return status;
}

/* ---- losses, else metrics ---- */

/* One loss without a step may be a setting, and does not stand for the run. */
static bool has_losses(const losses *l)
{
    for (size_t i = 0; i < l->n_series; i++) {
        const loss_series *s = &l->series[i];
        if (!s->metric && (s->n > 1 || l->v[s->last].step.n > 0))
            return true;
    }
    return false;
}

static void leave_metrics_out(losses *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (l->series[l->v[i].series].metric) {
            free((char *)(uintptr_t)l->v[i].text);
            continue;
        }
        l->series[l->v[i].series].last = kept;
        l->v[kept++] = l->v[i];
    }
    l->n = kept;
    for (size_t i = 0; i < l->n_series; i++)
        l->series[i].n *= !l->series[i].metric;
}

/* Their lines are among the unread ones. */
static void count_halves(losses *l)
{
    loss_lines *const to = &l->unread, *const from = &l->halves;

    for (size_t i = 0; i < from->n && i < LOSS_LINES; i++) {
        const size_t at = to->n + i;
        if (at >= LOSS_LINES) {
            free(from->text[i]);
            continue;
        }
        to->number[at] = from->number[i];
        to->stream[at] = from->stream[i];
        to->text[at] = from->text[i];
    }
    to->n += from->n;
    from->n = 0;
}

void losses_finish(losses *l)
{
    if (has_losses(l))
        leave_metrics_out(l);
    else
        count_halves(l);
    loss_place(l);
}

/* ---- files ---- */

static int read_stream(const char *path, int stream, const char *regex, losses *out)
{
    size_t size;
    char *text = file_read(path, MOST_OUTPUT, &size);
    int status;

    if (text == NULL || size > MOST_OUTPUT)
        status = cli_fail(EXIT_NOT_TRIED, "%s cannot be read: %s", path,
                          text != NULL ? "it is larger than 1 GiB" : strerror(errno));
    else
        status = losses_find(text, size, stream, regex, out);
    free(text);
    return status;
}

int losses_read(const char *const paths[2], const char *regex, losses *out)
{
    int status = 0;

    *out = (losses){0};
    for (int i = 0; i < 2 && status == 0; i++) {
        if (paths[i] != NULL)
            status = read_stream(paths[i], i, regex, out);
    }
    losses_finish(out);
    return status;
}

static void free_lines(loss_lines *l)
{
    for (size_t i = 0; i < LOSS_LINES && i < l->n; i++)
        free(l->text[i]);
}

void losses_free(losses *l)
{
    for (size_t i = 0; i < l->n; i++)
        free((char *)(uintptr_t)l->v[i].text);
    free(l->v);
    free(l->series);
    free_lines(&l->unread);
    free_lines(&l->halves);
    free_lines(&l->strange);
    free_lines(&l->numbers);
    for (size_t i = 0; i < l->forms.n; i++)
        free(l->forms.v[i].pattern);
    free(l->forms.v);
    *l = (losses){0};
}

size_t losses_count(const losses *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_series; i++)
        n += l->series[i].n;
    return n;
}

/* ---- values ---- */

bool loss_is_close(double a, double b)
{
    return a == b || (isfinite(b) && fabs(a - b) <= ATOL + RTOL * fabs(b));
}

int losses_iterations(const loss *first, const loss *second)
{
    if (!loss_step_is_first(&first->step) || (first->step.n == 0 && first->over))
        return 0;
    return second != NULL && (second->step.n > 0 || !second->over) &&
                   loss_step_is_next(&first->step, &second->step)
               ? 2
               : 1;
}
