/* table.c - the losses of a table: a line of names, then lines of numbers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/losses/reader.h"

typedef struct cell {
    const char *at;
    size_t n;
} cell;

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static cell trim(const char *at, size_t n)
{
    while (n > 0 && (is_blank(*at) || *at == '"' || *at == '*'))
        at++, n--;
    while (n > 0 && (is_blank(at[n - 1]) || at[n - 1] == '"' || at[n - 1] == '*'))
        n--;
    return (cell){at, n};
}

/* Bytes up to the next separator: ',' ';' '\t' '|', ' ' for blanks, 'w' for two blanks and more. */
static size_t to_separator(const char *at, char separator)
{
    size_t n = 0;

    while (at[n] != '\0' &&
           (separator == ' '   ? !is_blank(at[n])
            : separator == 'w' ? !(is_blank(at[n]) && (is_blank(at[n + 1]) || at[n] == '\t'))
                               : at[n] != separator))
        n++;
    return n;
}

/* Cuts the line; the number of cells, LOSS_COLUMNS + 1 when there are more. */
static int cut(const char *text, char separator, cell out[LOSS_COLUMNS])
{
    const bool blanks = separator == ' ' || separator == 'w';
    const bool marks = strchr(",;\t", separator) != NULL; /* each of them ends a cell */
    int n = 0;

    text += strspn(text, " ");
    text += separator == '|' && *text == '|';
    while (*text != '\0' && n <= LOSS_COLUMNS) {
        const size_t size = to_separator(text, separator);
        const cell c = trim(text, size);
        const bool last = text[size] == '\0';
        if (n == LOSS_COLUMNS)
            return n + 1;
        if (!(c.n == 0 && last && separator == '|'))
            out[n++] = c;
        text += size;
        text += blanks ? strspn(text, " \t") : !last;
        if (*text == '\0' && !last && marks && n < LOSS_COLUMNS)
            out[n++] = (cell){text, 0}; /* an empty one at the end */
    }
    return n;
}

static bool is(cell c, const char *text)
{
    return c.n == strlen(text) && memcmp(c.at, text, c.n) == 0;
}

/* ---- heads ---- */

/* The words of a cell: train loss, Train_Loss.  At most three, or it is a sentence. */
static loss_kind kind_of(cell c, bool *is_step)
{
    loss_kind kind = NO_LOSS;
    size_t words = 0;

    *is_step = loss_is_step(c.at, c.n) || (c.n == 1 && *c.at == '#');
    for (size_t i = 0; i < c.n; words++) {
        const size_t n = loss_word(c.at + i);
        const loss_kind k = n > 0 && i + n <= c.n ? loss_kind_of(c.at + i, n) : NO_LOSS;
        kind = k == LOSS || (k == METRIC && kind == NO_LOSS) ? k : kind;
        i += n > 0 ? n : 1;
        i += i < c.n && c.at[i] == ' ';
    }
    return words <= 3 ? kind : NO_LOSS;
}

static bool is_number(const char *at) { return printed_number_read(at).n > 0; }

/* "loss nan" and "loss float64(2.3)" are losses, and name no columns. */
static bool has_number(cell c)
{
    for (size_t i = 0; i < c.n;) {
        const size_t n = loss_word(c.at + i);
        const printed_number number = printed_number_read(c.at + i);
        if (n > 0 ? number.whole && number.n == n : c.at[i] == '(' && is_number(c.at + i + 1))
            return true;
        i += n > 0 ? n : 1;
    }
    return false;
}

/* A line of names, one of which is a loss. */
static bool is_head(const char *text, char separator, loss_table *out)
{
    cell cells[LOSS_COLUMNS];
    int n = cut(text, separator, cells);
    bool found = false;

    n -= n > 1 && n <= LOSS_COLUMNS && is(cells[n - 1], "\\"); /* pandas: more columns below */
    out->separator = separator == 'w' ? ' ' : separator;
    out->n = n;
    out->key = out->value = 0;
    if (n > LOSS_COLUMNS || n < 1 || (n == 1 && separator != ' '))
        return false;
    for (int i = 0; i < n; i++) {
        const bool unit = separator == '|' && cells[i].n > 0 && *cells[i].at == '(';
        const cell c = {cells[i].at, unit ? 0 : cells[i].n};
        if (c.n > 0 && !isalpha((unsigned char)*c.at) && *c.at != '_' && *c.at != '#' &&
            !is(c, "..."))
            return false;
        if (has_number(c))
            return false;
        if (c.n >= LOSS_NAME || memchr(c.at, ':', c.n) != NULL || memchr(c.at, '=', c.n) != NULL)
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

static bool find_head(loss_reader *r)
{
    static const char separators[] = ";,\t|w ";
    loss_table head = {0};

    for (const char *s = separators; *s != '\0'; s++) {
        if (strchr("w ", *s) == NULL && strchr(r->line.text, *s) == NULL)
            continue;
        if (is_head(r->line.text, *s, &head)) {
            r->table = head;
            return true;
        }
    }
    return false;
}

/* ---- rows ---- */

/* The number of a cell alone: the comma behind it is none of a decimal. */
static printed_number number_of(cell c)
{
    char text[4 * LOSS_NAME];

    snprintf(text, sizeof text, "%.*s", (int)(c.n < sizeof text ? c.n : sizeof text - 1), c.at);
    return printed_number_read(text);
}

/* pandas prints the index of a row, which has no name, before it, and all columns end below the
 * ends of their names. */
static int cut_row(const loss_table *t, const char *text, cell cells[LOSS_COLUMNS])
{
    const int n = cut(text, t->separator, cells), extra = n - t->n;

    if (t->separator != ' ' || extra <= 0 || n > LOSS_COLUMNS || t->from[0] == 0 ||
        (size_t)(cells[n - 1].at + cells[n - 1].n - text) != t->to[t->n - 1])
        return n;
    memmove(cells, cells + extra, (size_t)t->n * sizeof *cells);
    return t->n;
}

/* A row with a number too many: whether each loss still stands below its name. */
static bool is_aligned(const loss_table *t, const char *text, const cell *cells)
{
    for (int i = 0; i < t->n; i++) {
        const size_t from = (size_t)(cells[i].at - text);
        if (t->kind[i] != NO_LOSS && from != t->from[i] && from + cells[i].n != t->to[i])
            return false;
    }
    return true;
}

static bool is_row(const loss_table *t, const cell *cells, int n)
{
    bool any = false;

    if (t->separator != ' ' ? n != t->n : n < t->n)
        return false;
    if (t->key > 0)
        return number_of(cells[t->value - 1]).n > 0;
    for (int i = 0; i < t->n; i++) {
        const size_t size = cells[i].n > 0 ? number_of(cells[i]).n : 0;
        any = any || (t->kind[i] != NO_LOSS && size > 0);
        if (size == 0 && ((t->separator == ' ' && !is(cells[i], "...")) ||
                          (t->kind[i] != NO_LOSS && cells[i].n > 0)))
            return false;
    }
    return any;
}

static void add_step(loss_step *s, const char *name, cell c)
{
    double at, count;
    size_t n;

    at = printed_count(c.at, &count, &n) && c.at[n] == '/' ? count : number_of(c).value;
    if (s->n == LOSS_STEPS || at != at)
        return;
    s->epoch = s->epoch || (s->n == 0 && loss_is_epoch(name, strlen(name)));
    s->at[s->n++] = at;
}

static void read_steps(loss_reader *r, const cell *cells, int n)
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

static void add_cell(loss_reader *r, cell name, loss_kind kind, cell value)
{
    const printed_number number = number_of(value);
    size_t n = number.n;

    while (n < value.n && is_blank(value.at[n]))
        n++;
    if (n > number.n && n < value.n && printed_number_read(value.at + n).n > 0)
        r->left = LOSS; /* two columns in one cell */
    loss_add(r, name.at, name.n, kind, loss_is_mean(name.at, name.n), value.at, &number);
}

bool loss_read_row(loss_reader *r)
{
    loss_table *const t = &r->table;
    cell cells[LOSS_COLUMNS];
    const char *const text = r->line.text + strspn(r->line.text, " \t|");
    loss_kind kind;
    bool is_step;
    int n;

    if ((isalpha((unsigned char)*text) || (*text != '\0' && strchr("_#\"(", *text) != NULL)) &&
        find_head(r))
        return true;
    if (*text == '\0' || t->separator == '\0' ||
        !is_row(t, cells, n = cut_row(t, r->line.text, cells)))
        return false;
    read_steps(r, cells, n);
    if (n > t->n && !r->bar && !is_aligned(t, r->line.text, cells))
        r->left = LOSS; /* a number without a name: which of them is the loss is not known */
    if (t->key > 0) {
        kind = kind_of(cells[t->key - 1], &is_step);
        if (kind != NO_LOSS)
            add_cell(r, cells[t->key - 1], kind, cells[t->value - 1]);
        return true;
    }
    for (int i = 0; i < t->n; i++) {
        if (t->kind[i] != NO_LOSS && cells[i].n > 0)
            add_cell(r, (cell){t->name[i], strlen(t->name[i])}, t->kind[i], cells[i]);
    }
    return true;
}
