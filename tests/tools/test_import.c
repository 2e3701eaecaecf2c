/* test_import.c - values of serialized pipelines, and what is random in a text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/mindspore/import_ops.h"

#include "tests/support/test.h"
#include "tools/mindspore/lint.h"

#define READER(more)                                                                               \
    "{\"children\":[],\"connector_queue_size\":16,\"dataset_dir\":" more                           \
    ",\"num_parallel_workers\":1,"                                                                 \
    "\"op_type\":\"Cifar10Dataset\",\"sampler\":{"
#define RANDOM_SAMPLER                                                                             \
    "\"num_samples\":4,\"replacement\":true,\"reshuffle_each_epoch\":true,"                        \
    "\"sampler_name\":\"RandomSampler\"}"
#define REPEATED(count)                                                                            \
    "{\"children\":[" READER("\"c\"") "\"num_samples\":0,\"sampler_name\":\"SequentialSampler\","  \
                                      "\"start_index\":0},\"usage\":\"all\"}],\"count\":" count    \
                                      ",\"op_type\":\"Repeat\"}"

static void values_keep_every_digit_and_quote(void **state)
{
    static const struct {
        const char *json, *line; /* NULL: refused */
        import_order order;
    } rows[] = {
        {READER("\"c\"") "\"num_samples\":0,\"sampler_name\":\"SequentialSampler\",\"start_index\":"
                         "0},\"usage\":\"all\"}",
         "data: cifar10 dataset_dir=c usage=all\n", IMPORT_NATIVE},
        {READER("\"a b\\\"c\\\\d\"") "\"num_samples\":0,\"sampler_name\":\"SequentialSampler\","
                                     "\"start_index\":0},\"usage\":\"all\"}",
         "data: cifar10 dataset_dir=\"a b\\\"c\\\\d\" usage=all\n", IMPORT_NATIVE},
        {READER(
             "\"c\"") "\"indices\":[3,1,2],\"num_samples\":0,\"sampler_name\":\"SubsetSampler\"},"
                      "\"usage\":\"train\"}",
         "data: cifar10 dataset_dir=c usage=train\n  | subset_sampler indices=3,1,2 "
         "num_samples=0\n",
         IMPORT_REPLAY},
        {READER("\"c\"") "\"num_samples\":0,\"sampler_name\":\"OtherSampler\"},\"usage\":\"all\"}",
         NULL, IMPORT_NATIVE},
        {READER(
             "\"d\303\266\"") "\"num_samples\":0,\"sampler_name\":\"SequentialSampler\",\"start_index\":"
                              "0},\"usage\":\"all\"}",
         "data: cifar10 dataset_dir=\"d\303\266\" usage=all\n", IMPORT_NATIVE},
        {READER(
             "\"d\200\"") "\"num_samples\":0,\"sampler_name\":\"SequentialSampler\",\"start_index\":"
                          "0},\"usage\":\"all\"}",
         NULL, IMPORT_NATIVE},
        {READER("\"c\"") RANDOM_SAMPLER ",\"usage\":\"all\"}",
         "data: cifar10 dataset_dir=c usage=all\n  | random_sampler replacement=true num_samples=4 "
         "order=mindspore\n",
         IMPORT_REPLAY},
        {READER("\"c\"") RANDOM_SAMPLER ",\"usage\":\"all\"}",
         "data: cifar10 dataset_dir=c usage=all\n  | random_sampler replacement=true num_samples=4 "
         "order=mindspore reshuffle_each_epoch=false\n",
         IMPORT_REPLAY_NEW},
        {REPEATED("1"), "data: cifar10 dataset_dir=c usage=all\n  | repeat count=1\n",
         IMPORT_REPLAY_NEW},
        {REPEATED("2"), "data: cifar10 dataset_dir=c usage=all\n  | repeat count=2\n",
         IMPORT_REPLAY},
        {REPEATED("2"), NULL, IMPORT_REPLAY_NEW},
        {"[]", NULL, IMPORT_NATIVE},
        {"{\"op_type\":\"Map\"", NULL, IMPORT_NATIVE},
        {"", NULL, IMPORT_NATIVE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *made = NULL;
        const int status = import_parse("f", rows[i].json, rows[i].order, NULL, &made);
        if (rows[i].line == NULL) {
            assert_int_equal(status, EXIT_MALFORMED);
            assert_null(made);
            continue;
        }
        assert_int_equal(status, 0);
        assert_non_null(strstr(made, "data:"));
        assert_string_equal(strstr(made, "\ndata:") + 1, rows[i].line);
        free(made);
    }
}

/* ---- lint ---- */

static void findings_stand_at_their_columns(void **state)
{
    static const struct {
        const char *data;
        struct {
            unsigned column;
            const char *stage;
        } found[3];
        const char *fixed;
    } rows[] = {
        {"synthetic num_records=8 | batch batch_size=2", {{0, NULL}}, NULL},
        {"synthetic num_records=8 | shuffle | batch batch_size=2", {{27, "shuffle"}}, NULL},
        {"synthetic num_records=8 | random_crop size=2 | shuffle | batch batch_size=2",
         {{48, "shuffle"}, {27, "random_crop"}},
         "| center_crop size=2 |"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        session s = SESSION_DEFAULTS;
        lint_report report;
        char text[200], *fixed = NULL;
        size_t n = 0;
        snprintf(text, sizeof text, "data: %s\nseed: 1\n", rows[i].data);
        assert_int_equal(session_open_text(&s, text, "t", (cli_optional){0}), 0);
        assert_int_equal(lint_session(&s, &report), 0);
        for (size_t k = 0; k < report.n; k++) {
            const lint_finding *f = &report.finding[k];
            if (f->level != LINT_WARNING)
                continue;
            n++;
            for (size_t e = 0; e < 3; e++) {
                if (rows[i].found[e].stage != NULL && strcmp(rows[i].found[e].stage, f->stage) == 0)
                    assert_int_equal(f->column, rows[i].found[e].column);
            }
        }
        assert_int_equal(n, (rows[i].found[0].stage != NULL) + (rows[i].found[1].stage != NULL));
        assert_int_equal(lint_fix(&s, NULL, &fixed), 0);
        assert_null(strstr(fixed, "shuffle"));
        if (rows[i].fixed != NULL)
            assert_non_null(strstr(fixed, rows[i].fixed));
        free(fixed);
        lint_free(&report);
        session_close(&s);
    }
}

static bool has_parameter(const dp_stage_info *info, const char *key)
{
    const dp_param *p = info->params;

    while (p->name != NULL && strcmp(p->name, key) != 0)
        p++;
    return p->name != NULL;
}

/* Every stage that MindSpore has is found by both names, and what is carried over it has. */
static void rows_name_parameters_of_their_stages(void **state)
{
    size_t n, of_kind[3] = {0};
    const dp_stage_info *const *infos = dp_stages(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        operation o, again;
        if (!operation_of_stage(infos[i]->name, &o))
            continue;
        assert_true(operation_named(o.name, &again));
        assert_string_equal(again.stage, infos[i]->name);
        of_kind[strcmp(o.kind, "order") == 0 ? 0 : strcmp(o.kind, "reader") == 0 ? 1 : 2]++;
        if (o.ordered)
            assert_true(has_parameter(infos[i], "order"));
        for (int k = 0; k < o.n; k++) {
            if (o.parameters[k].how != FIXED && !has_parameter(infos[i], o.parameters[k].name))
                fail_msg("%s has no parameter of the name: %s", o.stage, o.parameters[k].name);
        }
    }
    for (int kind = 0; kind < 3; kind++)
        assert_true(of_kind[kind] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_keep_every_digit_and_quote),
                                       cmocka_unit_test(findings_stand_at_their_columns),
                                       cmocka_unit_test(rows_name_parameters_of_their_stages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
