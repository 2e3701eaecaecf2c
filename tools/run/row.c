/* row.c - what was drawn for one row of a stream
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/row.h"

#include <stdlib.h>
#include <string.h>

#include "tools/run/fixed.h"
#include "tools/cli/memory.h"
#include "tools/run/stream.h"

#define MOST_TEXT 16384

/* The next line of dp_draws, which is about this stage: what follows its name. */
static const char *take_line(char **lines)
{
    char *line = *lines, *end = strchr(line, '\n'), *space;

    if (end == NULL)
        return "";
    *end = '\0';
    *lines = end + 1;
    space = strchr(line, ' ');
    return space != NULL ? space + 1 : "";
}

static bool is_random(const text_stage *s)
{
    return text_find(s, "order") != NULL && text_find(s, "workers") != NULL;
}

static bool fix_stages(FILE *f, const char *text, char **draws, int only);

/* All that a holder holds, or the one that was chosen; the others' lines are passed over. */
static bool fix_holder(FILE *f, const text_stage *s, const char *drawn, char **draws)
{
    const char *value = strchr(drawn, '=');
    const int number = value != NULL ? atoi(value + 1) : -1;

    if (text_is(s, "random_choice"))
        return fix_stages(f, text_value(s, "transforms"), draws, number);
    return fix_stages(f, text_value(s, "transforms"), draws, number == 1 ? -1 : -2);
}

static void print_stage(FILE *f, const char *text, const text_stage *s)
{
    fprintf(f, " | %.*s", (int)(s->end - s->start), text + s->start);
}

/* only: the one stage that is printed; -1 for all, -2 for none. */
static bool fix_stages(FILE *f, const char *text, char **draws, int only)
{
    const dp_stage_info *const *infos;
    text_stages stages;
    bool fixed = true;
    size_t n;

    infos = dp_stages(&n);
    text_parse(text, &stages);
    for (size_t i = 0; i < stages.n && fixed; i++) {
        const text_stage *s = &stages.stage[i];
        const bool wanted = only == -1 || only == (int)i;
        bool transform = false;
        for (size_t k = 0; k < n; k++)
            transform = transform ||
                        (strcmp(infos[k]->kind, "transform") == 0 && text_is(s, infos[k]->name));
        if (!transform)
            continue;
        if (is_random(s)) {
            const char *drawn = take_line(draws);
            if (text_find(s, "transforms") != NULL)
                fixed = fix_holder(f, s, drawn, draws);
            else if (wanted)
                fixed = fixed_print(f, s, drawn);
        } else if (wanted) {
            print_stage(f, text, s);
        }
    }
    text_free(&stages);
    return fixed;
}

/* The text of one row: its reader, its record, and what was done to it. */
static void print_fixed(const stream *s, int64_t record, char *draws)
{
    const char *spec = dp_spec(s->session.pipeline);
    char *text = NULL;
    size_t size = 0;
    FILE *f = xopen_memstream(&text, &size);
    bool fixed;

    fprintf(f, "%.*s | subset_sampler indices=%lld", (int)(strstr(spec, " | ") - spec), spec,
            (long long)record);
    fixed = fix_stages(f, spec, &draws, -1);
    xclose_memstream(f, &text);
    puts("without drawing:");
    if (fixed)
        cli_wrap(stdout, text, 0, 4);
    else
        puts("    (a stage has no deterministic form)");
    free(text);
}

static int print_row(stream *s, uint64_t batch, size_t row)
{
    char draws[MOST_TEXT];
    int64_t record;
    const int status = stream_look(s, batch);

    if (status != 0)
        return status;
    if (row >= s->rows)
        return cli_fail(EXIT_MALFORMED, "check: batch %llu has %zu rows", (unsigned long long)batch,
                        s->rows);
    record = stream_record(s, row);
    printf("batch %llu row %zu record %lld\n", (unsigned long long)batch, row, (long long)record);
    if (dp_draws(s->session.pipeline, batch, row, draws, sizeof draws) >= sizeof draws)
        return cli_fail(EXIT_NOT_TRIED, "check: too much is drawn to be printed");
    puts(draws[0] != '\0' ? "drawn:" : "drawn: nothing");
    for (const char *line = draws; *line != '\0'; line += strcspn(line, "\n") + 1) {
        char text[1024];
        snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
        cli_wrap(stdout, text, 0, 4);
    }
    if (s->readers == 1)
        print_fixed(s, record, draws);
    return EXIT_YES;
}

int sample_print(const char *what, const char *data, uint64_t sample)
{
    stream s = {.session = SESSION_DEFAULTS};
    int status;

    s.session.data = data;
    status = stream_open(&s, what, (cli_optional){0}, 0);
    if (status == 0) {
        const dp_tensor *first =
            dp_output(s.session.pipeline, dp_column_name(s.session.pipeline, 0));
        const uint64_t rows = s.batched ? (uint64_t)first->shape[0] : 1;
        if (sample / rows >= dp_length(s.session.pipeline))
            status = cli_fail(EXIT_MALFORMED, "check: the stream has fewer than %llu rows",
                              (unsigned long long)sample + 1);
        else
            status = print_row(&s, sample / rows, (size_t)(sample % rows));
    }
    stream_close(&s);
    return status;
}
