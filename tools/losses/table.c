/* table.c - the losses of a table: a line of names, then lines of numbers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/losses/cells.h"
#include "tools/losses/text.h"
#include "tools/losses/values.h"

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static bool is(loss_cell c, const char *text)
{
    return c.n == strlen(text) && memcmp(c.at, text, c.n) == 0;
}

/* ---- heads ---- */

/* The words of a cell: train loss, Train_Loss.  At most three, or it is a sentence. */
static loss_kind kind_of(loss_cell c, bool *is_step)
{
    size_t words = 0;

    *is_step = loss_is_step(c.at, c.n) || (c.n == 1 && *c.at == '#');
    for (size_t i = 0; i < c.n; words++) {
        const size_t n = loss_word(c.at + i);
        i += n > 0 ? n : 1;
        i += i < c.n && c.at[i] == ' ';
    }
    return words <= 3 ? loss_kind_of(c.at, c.n) : NO_LOSS;
}

static bool is_number(const char *at) { return printed_number_read(at).n > 0; }

/* "loss nan", "loss float64(2.3)" and "value 2.3" are losses, and name no columns; "top 5" may. */
static bool has_number(loss_cell c)
{
    for (size_t i = 0; i < c.n;) {
        const size_t n = loss_word(c.at + i);
        const printed_number number = printed_number_read(c.at + i);
        const bool alone = i > 0 && c.at[i - 1] == ' ' && number.whole && !loss_is_count(c.at + i);
        if (n > 0 ? number.whole && number.n == n
                  : alone || (c.at[i] == '(' && is_number(c.at + i + 1)))
            return true;
        i += n > 0 ? n : 1;
    }
    return false;
}

/* Whether it may name a column; ||x|| is a norm. */
static bool is_name(loss_cell c)
{
    if (c.n == 0 || is(c, "..."))
        return true;
    if (!isalpha((unsigned char)*c.at) && strchr("_#", *c.at) == NULL && !begins(c.at, "||"))
        return false;
    return c.n < LOSS_NAME && !has_number(c) && memchr(c.at, ':', c.n) == NULL &&
           memchr(c.at, '=', c.n) == NULL;
}

/* "# step" and "#step" are of a line that begins as a comment. */
static loss_cell without_mark(loss_cell c)
{
    const size_t mark = c.n > 1 ? strspn(c.at, "# ") : 0;
    return (loss_cell){c.at + mark, c.n - mark};
}

/* The columns that n cells name; true: a loss is one. */
static bool name_columns(const char *text, char separator, const loss_cell *cells, int n,
                         loss_table *out)
{
    bool found = false;

    out->key = out->value = 0;
    for (int i = 0; i < n; i++) {
        const bool unit = separator == '|' && cells[i].n > 0 && *cells[i].at == '(';
        const loss_cell c = {cells[i].at, unit ? 0 : cells[i].n};
        if (!is_name(c))
            return false;
        out->kind[i] = kind_of(c, &out->is_step[i]);
        out->from[i] = (size_t)(cells[i].at - text);
        out->to[i] = out->from[i] + cells[i].n;
        out->key = loss_is_key(c.at, c.n) ? i + 1 : out->key;
        out->value = loss_is_value(c.at, c.n) ? i + 1 : out->value;
        found = found || out->kind[i] != NO_LOSS;
        memcpy(out->name[i], c.at, c.n);
        out->name[i][c.n] = '\0';
    }
    if (found || out->value == 0)
        out->key = 0;
    return found || out->key > 0;
}

/* More columns than are read, and a loss may be any of them. */
static bool is_wide(const char *text, const loss_cell *cells, int n)
{
    for (int i = 0; i < LOSS_COLUMNS && n > LOSS_COLUMNS; i++) {
        if (!is_name(cells[i]))
            return false;
    }
    return n > LOSS_COLUMNS && strcasestr(text, "loss") != NULL;
}

/* A line of names, one of which is a loss. */
static bool is_head(loss_reader *r, const char *text, char separator)
{
    loss_table *const out = &r->trial;
    loss_cell cells[LOSS_COLUMNS];
    int n = loss_cut(text, separator, cells);

    if (n < 1 || (n == 1 && separator != ' '))
        return false;
    cells[0] = without_mark(cells[0]);
    if (is_wide(text, cells, n))
        loss_leave(r, LOSS);
    if (n > LOSS_COLUMNS)
        return false;
    n -= n > 1 && is(cells[n - 1], "\\"); /* pandas: more columns below */
    if (!name_columns(text, separator, cells, n, out))
        return false;
    out->separator = separator == 'w' ? ' ' : separator;
    out->fixed = false;
    out->comment = n > 1 && is(cells[0], "#");
    out->n = n;
    return true;
}

#define OF_HEAD "[-=. ]"
#define OF_ROW  OF_HEAD DIGITS "%:/"

/* Bytes of the "[-----]" before a head, or the "[  10% ]" before its rows. */
static size_t bracket(const char *text, const char *inside)
{
    const size_t begin = strspn(text, " \t");
    size_t end = begin + strspn(text + begin, inside);

    while (end > begin && text[end - 1] != ']')
        end--;
    return text[begin] == '[' && text[end] == ' ' ? end : 0;
}

/* Bars that are no separators. */
static bool is_norm(const char *text, char separator)
{
    return separator == '|' && strstr(text, "||") != NULL;
}

static bool find_head(loss_reader *r)
{
    static const char separators[] = ";,\t|w ";
    const size_t before = bracket(r->line.text, OF_HEAD);
    const char *const text = r->line.text + before, *const begin = skip(text, " \t|");

    if (!isalpha((unsigned char)*begin) && (*begin == '\0' || strchr("_#\"(", *begin) == NULL))
        return false;
    for (const char *s = separators; *s != '\0'; s++) {
        if (strchr("w ", *s) == NULL && (strchr(text, *s) == NULL || is_norm(text, *s)))
            continue;
        if (is_head(r, text, *s)) {
            r->table = r->trial;
            r->table.bracket = before > 0;
            return true;
        }
    }
    return false;
}

/* "-----  ----------" below a head of blanks: where the columns are, also those without a
 * name. */
static bool read_rule(loss_reader *r)
{
    const loss_table *const t = &r->table;
    loss_table *const out = &r->trial;
    const char *const text = r->line.text, *at = skip(text, " ");
    int k = 0;

    if (t->separator != ' ' || t->key > 0 || t->bracket || text[strspn(text, "-= ")] != '\0')
        return false;
    for (out->n = 0; *at != '\0' && out->n < LOSS_COLUMNS; at = skip(at, " ")) {
        const size_t from = (size_t)(at - text), to = from + strspn(at, "-=");
        const bool named = k < t->n && t->from[k] >= from && t->to[k] <= to;
        const int i = out->n++;
        out->from[i] = from;
        out->to[i] = to;
        out->is_step[i] = named && t->is_step[k];
        out->kind[i] = named ? t->kind[k] : NO_LOSS;
        snprintf(out->name[i], LOSS_NAME, "%s", named ? t->name[k] : "");
        k += named;
        at = text + to;
    }
    if (out->n < 2 || *at != '\0' || k < t->n)
        return false;
    out->separator = ' ';
    out->fixed = true;
    out->bracket = out->comment = false;
    out->key = out->value = 0;
    r->table = *out;
    return true;
}

/* ---- rows ---- */

/* The number of a cell alone: the comma behind it is none of a decimal. */
static printed_number number_of(loss_cell c)
{
    char text[4 * LOSS_NAME];

    snprintf(text, sizeof text, "%.*s", (int)(c.n < sizeof text ? c.n : sizeof text - 1), c.at);
    return printed_number_read(text);
}

/* A row with a number too many: whether each loss still stands below its name. */
static bool is_aligned(const loss_table *t, const char *text, const loss_cell *cells)
{
    for (int i = 0; i < t->n; i++) {
        const size_t from = (size_t)(cells[i].at - text);
        if (t->kind[i] != NO_LOSS && from != t->from[i] && from + cells[i].n != t->to[i])
            return false;
    }
    return true;
}

/* loose: what is neither a loss nor a step may be anything. */
static bool is_row(const loss_table *t, const loss_cell *cells, int n, bool loose)
{
    bool any = false;

    if (t->separator != ' ' ? n != t->n : n < t->n)
        return false;
    if (t->key > 0)
        return number_of(cells[t->value - 1]).n > 0;
    for (int i = 0; i < t->n; i++) {
        const size_t size = cells[i].n > 0 ? number_of(cells[i]).n : 0;
        const bool needed = t->kind[i] != NO_LOSS || (t->fixed && t->is_step[i]);
        any = any || (t->kind[i] != NO_LOSS && size > 0);
        if (size == 0 && ((!loose && !is(cells[i], "...")) || (needed && cells[i].n > 0)))
            return false;
    }
    return any;
}

/* Whether each loss and each step ends where its name does. */
static bool has_ends(const loss_table *t, const loss_cell *cells)
{
    for (int i = 0; i < t->n; i++) {
        if ((t->kind[i] != NO_LOSS || t->is_step[i]) &&
            (cells[i].n == 0 || number_of(cells[i]).n != cells[i].n))
            return false;
    }
    return t->key == 0;
}

/* Columns of blanks may be empty, have blanks in them (a date), or no name (the index of pandas):
 * then they are known by where they are. */
static int cut_row(const loss_table *t, const char *text, loss_cell cells[LOSS_COLUMNS])
{
    int n = t->fixed ? loss_cut_columns(text, t, cells) : 0;

    if (n > 0 && is_row(t, cells, n, true))
        return n;
    n = loss_cut(text, t->separator, cells);
    if (t->comment && n == t->n - 1) {
        memmove(cells + 1, cells, (size_t)n++ * sizeof *cells);
        cells[0] = (loss_cell){text, 0};
        return is_row(t, cells, n, true) ? n : 0;
    }
    if (t->separator != ' ')
        return is_row(t, cells, n, true) ? n : 0;
    if (n == t->n && is_row(t, cells, n, false))
        return n;
    n = loss_cut_ends(text, t, cells);
    if (has_ends(t, cells) && is_row(t, cells, n, true))
        return n;
    n = loss_cut(text, t->separator, cells);
    return is_row(t, cells, n, false) ? n : 0;
}

static void add_step(loss_step *s, const char *name, loss_cell c)
{
    double at, count;
    size_t n;

    at = printed_count(c.at, &count, &n) && c.at[n] == '/' ? count : number_of(c).value;
    if (s->n == LOSS_STEPS || at != at)
        return;
    s->epoch = s->epoch || (s->n == 0 && loss_is_epoch(name, strlen(name)));
    s->at[s->n++] = at;
}

static void read_steps(loss_reader *r, const loss_cell *cells, int n)
{
    const loss_table *const t = &r->table;

    r->step = (loss_step){.n = 0};
    for (int i = 0; i < t->n; i++) {
        if (t->is_step[i] && cells[i].n > 0)
            add_step(&r->step, t->name[i], cells[i]);
    }
    if (r->bar && n > t->n) /* YOLO draws the bar behind the row: "50%|### | 4/8 [00:05<00:05]" */
        loss_step_add(&r->step, cells[t->n].at);
}

static void add_cell(loss_reader *r, loss_cell name, loss_kind kind, loss_cell value)
{
    const printed_number number = number_of(value);
    size_t n = number.n;

    while (n < value.n && is_blank(value.at[n]))
        n++;
    if (n > number.n && n < value.n && printed_number_read(value.at + n).n > 0)
        r->left = LOSS; /* two columns in one cell */
    loss_add(r, name.at, name.n, kind, loss_is_mean(name.at, name.n), value.at, &number);
}

/* A row of a metric's name and its value. */
static void read_record(loss_reader *r, const loss_cell *cells)
{
    const loss_table *const t = &r->table;
    bool is_step;
    const loss_kind kind = kind_of(cells[t->key - 1], &is_step);

    if (kind != NO_LOSS)
        add_cell(r, cells[t->key - 1], kind, cells[t->value - 1]);
}

bool loss_read_row(loss_reader *r)
{
    loss_table *const t = &r->table;
    const size_t before = t->bracket ? bracket(r->line.text, OF_ROW) : 0;
    const char *const text = r->line.text + before;
    loss_cell cells[LOSS_COLUMNS];
    int n;

    if (find_head(r) || read_rule(r))
        return true;
    if (t->separator == '\0' || *skip(text, " \t|") == '\0' || (t->bracket && before == 0) ||
        (n = cut_row(t, text, cells)) == 0)
        return false;
    read_steps(r, cells, n);
    if (n > t->n && !r->bar && !is_aligned(t, text, cells))
        r->left = LOSS; /* a number without a name: which of them is the loss is not known */
    if (t->key > 0)
        read_record(r, cells);
    for (int i = 0; i < t->n && t->key == 0; i++) {
        if (t->kind[i] != NO_LOSS && cells[i].n > 0)
            add_cell(r, (loss_cell){t->name[i], strlen(t->name[i])}, t->kind[i], cells[i]);
    }
    return true;
}
