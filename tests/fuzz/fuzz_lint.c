/* fuzz_lint.c - any text of a pipeline: what is random in it is found, and the text without it is a
 * pipeline in which nothing is
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is opened: lint looks at texts where the data set is not at hand.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"
#include "tools/mindspore/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static session session_of(char *text)
{
    session s = SESSION_DEFAULTS;

    s.recipe.data = text;
    s.recipe.seed = 1;
    return s;
}

/* Each finding has words, and stands in the text. */
static void look(char *text)
{
    const session s = session_of(text);
    lint_report r;

    if (lint_session(&s, &r) != 0)
        abort();
    for (size_t i = 0; i < r.n; i++) {
        const lint_finding *f = &r.finding[i];
        if (f->column > strlen(text) || f->stage[0] == '\0' || f->why[0] == '\0' ||
            f->remedy[0] == '\0')
            abort();
    }
    lint_free(&r);
}

static char *fix(char *text, const char *at)
{
    const session s = session_of(text);
    char *out = NULL;

    if (lint_fix(&s, at, &out) != 0)
        abort();
    return out;
}

static void must_be_fixed(const char *text)
{
    text_stages stages;

    text_parse(text, &stages);
    for (size_t i = 0; i < stages.n; i++) {
        const char *with = text_value(&stages.stage[i], "with");
        if (lint_random_transform(&stages.stage[i]) != NULL ||
            lint_random_order(&stages.stage[i]) != NULL)
            abort();
        if (with != NULL)
            must_be_fixed(with);
    }
    text_free(&stages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xmalloc(size + 1), *fixed, *canonical, *other;
    size_t length;
    int status = 0;

    memcpy(text, data, size);
    text[size] = '\0';
    if (dp_canonical(text, NULL, 0, &length, NULL) != DP_ELIMIT) {
        free(text);
        return 0;
    }
    look(text);
    fixed = fix(text, NULL);
    canonical = lint_canonical(fixed, &status);
    if (canonical == NULL)
        abort();
    must_be_fixed(canonical);
    other = fix(text, "1,2");
    free(other);
    free(canonical);
    free(fixed);
    free(text);
    return 0;
}
