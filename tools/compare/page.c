/* page.c - the comparison of two ledgers as a page: inline SVG, no script, light and
 * dark
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/compare/comparison.h"
#include "tools/cli/output.h"

#define WIDTH       720 /* of a picture; a step may be less than a pixel */
#define HEIGHT      180
#define MOST_CELLS  360 /* across the strip */
#define MOST_NAMES  400
#define NAME_COLUMN 150
#define CELL_HEIGHT 14

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>detpipe diff</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width\"><style>\n"
    ":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--quiet:#6a737d;--a:#1f6feb;"
    "--b:#d1570a;--equal:#c9e4ca;--other:#c62828}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0f1419;--quiet:#8b949e;"
    "--a:#6cb0ff;--b:#ffa657;--equal:#23402a;--other:#ff6b6b}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "max-width:760px;margin:2em auto;padding:0 1em}\n"
    "h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}svg{max-width:100%;height:auto}\n"
    "table{border-collapse:collapse}td{padding:.1em 1.2em .1em 0}td.digest{font-family:monospace}"
    "pre{overflow-x:auto;font-size:.85em}\n"
    ".equal{color:var(--quiet)}.other{color:var(--other);font-weight:600}\n"
    "text{fill:var(--quiet);font-size:11px}.a{stroke:var(--a)}.b{stroke:var(--b)}\n"
    "polyline,circle{fill:none;stroke-width:1.5}.cell-equal{fill:var(--equal)}"
    ".cell-other{fill:var(--other)}\n</style></head><body>\n";

static void put(FILE *f, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
            fprintf(f, "&#%d;", *text);
        else
            fputc(*text, f);
    }
}

/* ---- the first step that differs ---- */

static void put_ladder(FILE *f, const pair *p)
{
    const char *name;
    bool equal;

    fputs("<table>\n", f);
    for (size_t i = 0; (name = comparison_entry(p, i, &equal)) != NULL; i++) {
        fputs("<tr><td>", f);
        put(f, name);
        fprintf(f, "</td><td class=\"%s\">%s</td><td class=\"digest\">%.16s</td>",
                equal ? "equal" : "other", equal ? "equal" : "differs",
                comparison_value(p->a, name));
        fprintf(f, "<td class=\"digest\">%.16s</td></tr>\n",
                equal ? "" : comparison_value(p->b, name));
    }
    fputs("</table>\n", f);
}

/* ---- curves ---- */

/* Behind the common step number i of a side; not finite: it was not tested. */
static double test_of(const comparison *c, int k, size_t i)
{
    const ledger_step *s = k == 0 ? c->common[i].a : c->common[i].b;
    return s->test[0] != '\0' ? strtod(s->test, NULL) : (double)NAN;
}

typedef struct range {
    double least, most;
} range;

static void widen(range *r, double v)
{
    if (isfinite(v)) {
        r->least = v < r->least ? v : r->least;
        r->most = v > r->most ? v : r->most;
    }
}

static range range_of(const comparison *c)
{
    range r = {INFINITY, -INFINITY};

    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < c->n; i++) {
            widen(&r, c->losses[k].v[i]);
            widen(&r, test_of(c, k, i));
        }
    }
    if (!isfinite(r.least))
        r = (range){0, 1};
    if (!(r.most > r.least))
        r.most = r.least + 1;
    return r;
}

/* Tenths of a pixel, as whole numbers: no locale has a say. */
static void put_number(FILE *f, double x, const char *end)
{
    const long i = lround(x * 10);
    fprintf(f, "%ld.%ld%s", i / 10, i % 10, end);
}

static double x_of(const comparison *c, size_t i)
{
    return 40 + (double)(WIDTH - 50) * (double)i / (double)(c->n > 1 ? c->n - 1 : 1);
}

static double y_of(range r, double v)
{
    return 10 + (double)(HEIGHT - 30) * (r.most - v) / (r.most - r.least);
}

static void put_curve(FILE *f, const comparison *c, int k, range r)
{
    fprintf(f, "<polyline class=\"%s\" points=\"", k == 0 ? "a" : "b");
    for (size_t i = 0; i < c->n; i++) {
        if (isfinite(c->losses[k].v[i])) {
            put_number(f, x_of(c, i), ",");
            put_number(f, y_of(r, c->losses[k].v[i]), " ");
        }
    }
    fputs("\"/>\n", f);
}

/* A ring each; whether there is one. */
static bool put_tests(FILE *f, const comparison *c, int k, range r)
{
    bool any = false;

    for (size_t i = 0; i < c->n; i++) {
        const double v = test_of(c, k, i);
        if (isfinite(v)) {
            fprintf(f, "<circle class=\"%s\" r=\"3\" cx=\"", k == 0 ? "a" : "b");
            put_number(f, x_of(c, i), "\" cy=\"");
            put_number(f, y_of(r, v), "\"/>\n");
            any = true;
        }
    }
    return any;
}

static void put_curves(FILE *f, const comparison *c)
{
    const range r = range_of(c);
    bool tested = false;

    fprintf(f,
            "<h2>Losses</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"losses of "
            "both runs\">\n",
            WIDTH, HEIGHT);
    fprintf(f, "<text x=\"0\" y=\"14\">%.4g</text><text x=\"0\" y=\"%d\">%.4g</text>", r.most,
            HEIGHT - 20, r.least);
    fprintf(f,
            "<text x=\"40\" y=\"%d\">step %llu</text><text x=\"%d\" y=\"%d\" "
            "text-anchor=\"end\">%llu</text>\n",
            HEIGHT - 4, (unsigned long long)c->common[0].a->step, WIDTH - 10, HEIGHT - 4,
            (unsigned long long)c->common[c->n - 1].a->step);
    for (int k = 1; k >= 0; k--) {
        put_curve(f, c, k, r);
        tested = put_tests(f, c, k, r) || tested;
    }
    fputs("</svg>\n<p><svg width=\"24\" height=\"10\"><line class=\"a\" x2=\"24\" y1=\"5\" "
          "y2=\"5\" stroke-width=\"2\"/></svg> ",
          f);
    put(f, c->path[0]);
    fputs(" &#160; <svg width=\"24\" height=\"10\"><line class=\"b\" x2=\"24\" y1=\"5\" "
          "y2=\"5\" stroke-width=\"2\"/></svg> ",
          f);
    put(f, c->path[1]);
    fputs(tested ? " &#160; (rings: tests)</p>\n" : "</p>\n", f);
}

/* ---- steps x names ---- */

/* Whether entry number `name` is equal in all steps first .. end - 1. */
static bool all_equal(const comparison *c, size_t name, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        bool equal = true;
        if (comparison_entry(&c->common[i], name, &equal) == NULL || !equal)
            return false;
    }
    return true;
}

static void put_row(FILE *f, const comparison *c, size_t name, size_t cells)
{
    const double width = (double)(WIDTH - NAME_COLUMN) / (double)cells;

    for (size_t cell = 0; cell < cells; cell++) {
        const bool equal = all_equal(c, name, c->n * cell / cells, c->n * (cell + 1) / cells);
        const long x = lround((NAME_COLUMN + width * (double)cell) * 10),
                   w = lround(width * 10) > 1 ? lround(width * 10) : 1;
        fprintf(f,
                "<rect class=\"cell-%s\" x=\"%ld.%ld\" y=\"%zu\" width=\"%ld.%ld\" "
                "height=\"%d\"/>",
                equal ? "equal" : "other", x / 10, x % 10, name * CELL_HEIGHT, w / 10, w % 10,
                CELL_HEIGHT - 2);
    }
    fputc('\n', f);
}

static void put_strip(FILE *f, const comparison *c)
{
    const size_t cells = c->n < MOST_CELLS ? c->n : MOST_CELLS;
    const char *name;
    const size_t all = (size_t)cJSON_GetArraySize(c->common[0].a->tensors) + 1; /* and the loss */
    const size_t names = all < MOST_NAMES ? all : MOST_NAMES;
    bool equal;

    fprintf(f,
            "<h2>Every step</h2>\n<svg viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"what is "
            "equal, step by step\">\n",
            WIDTH, names * CELL_HEIGHT + 16);
    for (size_t i = 0; i < names; i++) {
        name = comparison_entry(&c->common[0], i, &equal);
        fprintf(f, "<text x=\"0\" y=\"%zu\">", i * CELL_HEIGHT + 11);
        put(f, name);
        fputs("</text>", f);
        put_row(f, c, i, cells);
    }
    fprintf(f, "<text x=\"%d\" y=\"%zu\">step %llu to %llu</text></svg>\n", NAME_COLUMN,
            names * CELL_HEIGHT + 12, (unsigned long long)c->common[0].a->step,
            (unsigned long long)c->common[c->n - 1].a->step);
}

/* ---- the page ---- */

static void put_page(FILE *f, const comparison *c, const char *replay)
{
    fputs(head, f);
    fprintf(f, "<h1>%s</h1>\n<p>", comparison_equal(c) ? "Equal" : "Different");
    put(f, c->path[0]);
    fprintf(f, ": %zu steps. ", c->ledger[0].n);
    put(f, c->path[1]);
    fprintf(f, ": %zu steps. %zu in common, with %llu entries in both.</p>\n", c->ledger[1].n, c->n,
            (unsigned long long)c->entries);
    if (c->first < c->n) {
        fprintf(f, "<h2>The first difference: step %llu, ",
                (unsigned long long)c->common[c->first].a->step);
        put(f, c->cause);
        fputs("</h2>\n<p>", f);
        put(f, c->meaning);
        fputs("</p>\n", f);
        put_ladder(f, &c->common[c->first]);
    } else if (c->meaning != NULL) {
        fputs("<p>", f);
        put(f, c->meaning);
        fputs("</p>\n", f);
    }
    if (replay != NULL) {
        fputs("<h2>The step, run again</h2>\n<pre>", f);
        put(f, replay);
        fputs("</pre>\n", f);
    }
    put_curves(f, c);
    fputs("<p>allclose (first two losses, atol 1e-3, rtol 1e-5): ", f);
    closeness_print(f, &c->close);
    fputs("</p>\n", f);
    put_strip(f, c);
    fputs("</body></html>\n", f);
}

int comparison_page(const comparison *c, const char *replay, const char *path)
{
    output o;
    const int status = output_open(&o, path);

    if (status != 0)
        return status;
    put_page(o.file, c, replay);
    return output_close(&o, true);
}
