/* cells.c - the line of a table in cells
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/cells.h"

#include <string.h>

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static loss_cell trim(const char *at, size_t n)
{
    while (n > 0 && (is_blank(*at) || *at == '"' || *at == '*'))
        at++, n--;
    while (n > 0 && (is_blank(at[n - 1]) || at[n - 1] == '"' || at[n - 1] == '*'))
        n--;
    return (loss_cell){at, n};
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

int loss_cut(const char *text, char separator, loss_cell out[LOSS_COLUMNS])
{
    const bool blanks = separator == ' ' || separator == 'w';
    const bool marks = strchr(",;\t", separator) != NULL; /* each of them ends a cell */
    int n = 0;

    text += strspn(text, " ");
    text += separator == '|' && *text == '|';
    while (*text != '\0' && n <= LOSS_COLUMNS) {
        const size_t size = to_separator(text, separator);
        const loss_cell c = trim(text, size);
        const bool last = text[size] == '\0';
        if (n == LOSS_COLUMNS)
            return n + 1;
        if (!(c.n == 0 && last && separator == '|'))
            out[n++] = c;
        text += size;
        text += blanks ? strspn(text, " \t") : !last;
        if (*text == '\0' && !last && marks && n < LOSS_COLUMNS)
            out[n++] = (loss_cell){text, 0}; /* an empty one at the end */
    }
    return n;
}

int loss_cut_columns(const char *text, const loss_table *t, loss_cell out[LOSS_COLUMNS])
{
    const size_t size = strlen(text);

    for (int i = 0; i < t->n; i++) {
        const size_t from = t->from[i] < size ? t->from[i] : size;
        const size_t to = t->to[i] < size ? t->to[i] : size;
        if ((from > 0 && !is_blank(text[from - 1])) || (to < size && !is_blank(text[to])))
            return 0;
        out[i] = trim(text + from, to - from);
    }
    return t->n;
}

int loss_cut_ends(const char *text, const loss_table *t, loss_cell out[LOSS_COLUMNS])
{
    const size_t size = strlen(text);
    size_t end = 0;

    for (int i = 0; i < t->n; i++) {
        size_t from = end = t->to[i] < size ? t->to[i] : size;
        if (t->to[i] <= size && (end == size || is_blank(text[end])))
            while (from > 0 && !is_blank(text[from - 1]))
                from--;
        out[i] = (loss_cell){text + from, end - from};
    }
    end += strspn(text + end, " \t");
    if (end == size || t->n == LOSS_COLUMNS)
        return t->n;
    out[t->n] = (loss_cell){text + end, size - end};
    return t->n + 1;
}
