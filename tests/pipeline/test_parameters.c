/* test_parameters.c - every parameter does something, or is refused
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each parameter of each stage of tests/golden/stages.txt and nets.txt (tests/house demands a line
 * for each stage) gets other values, until the result of one of them is another one.  Values that
 * do nothing because of another parameter are refused; those are listed.
 */
#include <math.h>

#include "base/number/num.h"
#include "base/options.h"
#include "lang/text.h"
#include "tests/support/arrays.h"
#include "tests/support/test.h"

#define ROWS  16 /* batches that are looked at */
#define STEPS 3
#define RATES 40 /* steps whose learning rate is */

/* ---- what a text gives ---- */

typedef struct outcome {
    bool refused;
    char spec[8192], digest[96];
} outcome;

typedef outcome evaluate(const char *text);

static outcome stream_of(const char *text)
{
    const dp_options options = {.size = sizeof options,
                                .root = FIXTURE,
                                .threads = 1,
                                .memory = 1 << 25,
                                .arrays = test_arrays};
    outcome o = {false, "", ""};
    dp_status status = DP_OK;
    uint8_t both[32] = {0};
    dp_pipeline *p = NULL;
    dp_batch *b = NULL;

    o.refused = dp_open(&p, text, 1, &options, &test_error) != DP_OK;
    if (o.refused)
        return o;
    snprintf(o.spec, sizeof o.spec, "%s", dp_spec(p));
    for (int i = 0; i < ROWS && status == DP_OK; i++) {
        status = dp_next(p, &b, &test_error);
        if (status == DP_OK)
            dp_batch_digest(b, both + 16);
        dp_digest(both, sizeof both, both);
    }
    o.refused = status < 0; /* a record that is out of range */
    snprintf(o.digest, sizeof o.digest, "%s%llu", test_hex_of(both, 16).text,
             (unsigned long long)dp_length(p));
    dp_close(p);
    return o;
}

static dp_pipeline *data, *bytes;

static void add(uint8_t digest[16], const void *from, size_t n)
{
    uint8_t both[32];

    memcpy(both, digest, 16);
    dp_digest(from, n, both + 16);
    dp_digest(both, sizeof both, digest);
}

static void train(dp_net *net, dp_pipeline *p, uint8_t digest[16])
{
    dp_batch *b = NULL;
    dp_net_result r = {0};
    uint8_t own[16];

    assert_ok(dp_seek(p, 0, &test_error));
    for (int i = 0; i < STEPS; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        if (dp_net_step(net, dp_batch_get(b, "image"), dp_batch_get(b, "label"), &r, &test_error) !=
            DP_OK)
            add(digest, "not finite", 10);
        add(digest, &r.loss, sizeof r.loss);
    }
    assert_ok(dp_next(p, &b, &test_error));
    if (dp_net_eval(net, dp_batch_get(b, "image"), dp_batch_get(b, "label"), &r, NULL) == DP_OK)
        add(digest, &r.loss, sizeof r.loss);
    for (uint64_t i = 0; i < RATES; i++) {
        const double rate = dp_net_learning_rate(net, i);
        add(digest, &rate, sizeof rate);
    }
    dp_net_digest(net, own, NULL);
    add(digest, own, 16);
}

static outcome net_of(const char *text)
{
    const dp_options options = {.size = sizeof options, .threads = 1, .memory = 1 << 28};
    dp_pipeline *p = strstr(text, "embedding") != NULL ? bytes : data;
    uint8_t digest[16] = {0};
    outcome o = {false, "", ""};
    dp_net *net = NULL;

    o.refused = dp_net_open(&net, text, 1, dp_output(p, "image"), &options, &test_error) != DP_OK;
    if (o.refused)
        return o;
    snprintf(o.spec, sizeof o.spec, "%s", dp_net_spec(net));
    train(net, p, digest);
    snprintf(o.digest, sizeof o.digest, "%s", test_hex_of(digest, 16).text);
    dp_net_close(net);
    return o;
}

/* ---- texts that differ in one value ---- */

typedef struct variation {
    const dp_text *text;
    uint32_t stage;
    const char *name, *value;
} variation;

static void print_variation(const variation *v, char *out, size_t size)
{
    dp_out o = {out, size, 0};

    for (uint32_t i = 0; i < v->text->n_stages; i++) {
        const dp_text_stage *s = &v->text->stages[i];
        dp_out_text(&o, i > 0 ? " | " : "");
        dp_out_text(&o, s->name);
        for (uint32_t a = 0; a < s->n_args; a++) {
            if (i == v->stage && strcmp(s->args[a].name, v->name) == 0)
                continue;
            dp_out_text(&o, " ");
            dp_out_text(&o, s->args[a].name);
            dp_out_text(&o, "=");
            dp_out_value(&o, s->args[a].value);
        }
        if (i == v->stage) {
            dp_out_text(&o, " ");
            dp_out_text(&o, v->name);
            dp_out_text(&o, "=");
            dp_out_value(&o, v->value);
        }
    }
}

#define MOST 40
typedef struct values {
    char v[MOST][600];
    int n;
} values;

static void put(values *v, const char *text)
{
    assert_true(v->n < MOST);
    snprintf(v->v[v->n++], sizeof v->v[0], "%s", text);
}

/* One number of a list, by its place, becomes another. */
static void put_number(values *v, const dp_param *p, const char *list, int place, double x)
{
    const bool whole = p->type == DP_PARAM_INT || p->type == DP_PARAM_INTS;
    char text[600] = "", number[DP_NUMBER_SIZE];
    int i = 0;

    x = whole ? floor(x) : x;
    x = x < p->min ? p->min : x > p->max ? p->max : x;
    dp_print_number(number, x);
    if (whole)
        snprintf(number, sizeof number, "%.0f", x);
    for (const char *at = list;; i++) {
        const int length = (int)strcspn(at, ",");
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i > 0 ? "," : "",
                 i == place ? (int)strlen(number) : length, i == place ? number : at);
        at += length;
        if (*at++ == '\0')
            break;
    }
    put(v, text);
}

static void put_numbers(values *v, const dp_param *p, const char *base)
{
    double x;
    int place = 0;

    if (base[0] == '@') /* in a file: tests/language/test_lists.c */
        return;
    for (const char *at = base; base[0] != '\0' && place < 5; place++) {
        const size_t length = strcspn(at, ",");
        assert_true(dp_parse_number(at, length, &x));
        put_number(v, p, base, place, x + 1);
        put_number(v, p, base, place, x / 2);
        put_number(v, p, base, place, p->min);
        put_number(v, p, base, place, p->max);
        put_number(v, p, base, place, p->min + 1e-300);
        put_number(v, p, base, place, 1e-30);
        at += length;
        if (*at++ == '\0')
            break;
    }
    if (base[0] == '\0')
        put(v, p->min <= 2 ? "2" : "2000");
}

static values values_of(const dp_param *p, const char *base)
{
    values v = {.n = 0};

    switch (p->type) {
    case DP_PARAM_BOOL: put(&v, strcmp(base, "true") == 0 ? "false" : "true"); break;
    case DP_PARAM_CHOICE:
        for (const char *word = p->choices; *word != '\0';) {
            char text[64];
            const int length = (int)strcspn(word, ",");
            snprintf(text, sizeof text, "%.*s", length, word);
            put(&v, text);
            word += length + (word[length] == ',');
        }
        break;
    case DP_PARAM_TEXT: break; /* names, and other texts */
    default: put_numbers(&v, p, base);
    }
    return v;
}

/* ---- the check ---- */

static const dp_stage_info *find_info(const char *name)
{
    size_t n;
    const dp_stage_info *const *all = dp_stages(&n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    return NULL;
}

static const dp_stage_info *find_net_info(const char *name)
{
    size_t n;
    const dp_stage_info *const *all = dp_net_stages(&n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    return NULL;
}

#define MOST_SEEN 400
typedef struct checking {
    evaluate *evaluate;
    const dp_stage_info *(*find)(const char *name);
    outcome base;
    int tried, n;
    struct {
        const dp_param *p;
        const char *stage;
        bool works;
    } seen[MOST_SEEN];
} checking;

/* Whether a value of it made a difference. */
static bool *find_seen(checking *k, const char *stage, const dp_param *p)
{
    for (int i = 0; i < k->n; i++) {
        if (k->seen[i].p == p)
            return &k->seen[i].works;
    }
    assert_true(k->n < MOST_SEEN);
    k->seen[k->n].p = p;
    k->seen[k->n].stage = stage;
    k->seen[k->n].works = false;
    return &k->seen[k->n++].works;
}

static const char *value_of(const dp_text_stage *s, const dp_param *p)
{
    for (uint32_t a = 0; a < s->n_args; a++) {
        if (strcmp(s->args[a].name, p->name) == 0)
            return s->args[a].value;
    }
    return p->default_value;
}

/* Or is refused: a word by any reason, a number because it would do nothing, or because the file
 * says otherwise. */
static bool makes_a_difference(checking *k, const variation *v, bool word)
{
    char text[8192];
    outcome o;

    print_variation(v, text, sizeof text);
    o = k->evaluate(text);
    k->tried++;
    if (o.refused)
        return word || test_error.status == DP_ECORRUPT ||
               strstr(test_error.message, "does nothing here") != NULL;
    return strcmp(o.digest, k->base.digest) != 0;
}

static bool is_word(const dp_param *p)
{
    return p->type == DP_PARAM_BOOL || p->type == DP_PARAM_CHOICE;
}

typedef void stage_check(checking *k, const dp_text *text, uint32_t i);

static void check_stage(checking *k, const dp_text *text, uint32_t i)
{
    const dp_text_stage *s = &text->stages[i];
    const dp_stage_info *info = k->find(s->name);

    assert_non_null(info);
    for (const dp_param *p = info->params; p->name != NULL; p++) {
        const values v = values_of(p, value_of(s, p));
        bool *works = find_seen(k, info->name, p);
        for (int n = 0; n < v.n && !*works; n++)
            *works = makes_a_difference(k, &(variation){text, i, p->name, v.v[n]}, is_word(p));
    }
}

static void check_line(checking *k, const char *line, stage_check *check)
{
    dp_options options;
    dp_arena arena = {0};
    dp_text text;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena.alloc = options.alloc;
    assert_ok(dp_text_parse(line, strlen(line), &arena, &text, &test_error));
    k->base = k->evaluate(line);
    assert_false(k->base.refused);
    for (uint32_t i = 0; i < text.n_stages; i++)
        check(k, &text, i);
    dp_arena_free(&arena);
}

/* ---- values far from all that is meant ---- */

/* Each number of the list in turn becomes each of these, and its bounds: the text is refused in
 * words, or gives something; nothing computes what C leaves undefined (seen under UBSan). */
static const char *const extremes[] = {"0",
                                       "-0",
                                       "-1",
                                       "0.5",
                                       "1",
                                       "1e-300",
                                       "-1e-30",
                                       "4.9e-324",
                                       "1e300",
                                       "-1e300",
                                       "16777217",
                                       "2147483647",
                                       "2147483648",
                                       "4294967296",
                                       "9007199254740993",
                                       "-9223372036854775808",
                                       "18446744073709551615"};
#define N_EXTREMES (sizeof extremes / sizeof extremes[0])

static void put_in_list(char *out, size_t size, const char *list, int place, const char *number)
{
    out[0] = '\0';
    for (int i = 0;; i++) {
        const int length = (int)strcspn(list, ",");
        const size_t n = strlen(out);
        snprintf(out + n, size - n, "%s%.*s", i > 0 ? "," : "",
                 i == place ? (int)strlen(number) : length, i == place ? number : list);
        list += length;
        if (*list++ == '\0')
            break;
    }
}

static void try_extreme(checking *k, const variation *v)
{
    char text[8192];
    outcome o;

    print_variation(v, text, sizeof text);
    test_error.message[0] = '\0';
    o = k->evaluate(text);
    k->tried++;
    if (o.refused && test_error.message[0] == '\0')
        fail_msg("'%s' is refused without a word", text);
}

static void try_number(checking *k, const variation *v, const dp_param *p, const char *list,
                       int place)
{
    char bounds[4][DP_NUMBER_SIZE + 400], value[600];
    const double at[] = {p->min, p->max, nextafter(p->min, INFINITY), nextafter(p->max, -INFINITY)};

    for (size_t i = 0; i < N_EXTREMES + 4; i++) {
        const char *number = extremes[i % N_EXTREMES];
        if (i >= N_EXTREMES) {
            snprintf(bounds[i - N_EXTREMES], sizeof bounds[0],
                     p->type == DP_PARAM_INT || p->type == DP_PARAM_INTS ? "%.0f" : "%.17g",
                     at[i - N_EXTREMES]);
            number = bounds[i - N_EXTREMES];
        }
        put_in_list(value, sizeof value, list, place, number);
        try_extreme(k, &(variation){v->text, v->stage, v->name, value});
    }
}

static void try_stage(checking *k, const dp_text *text, uint32_t i)
{
    const dp_text_stage *s = &text->stages[i];
    const dp_stage_info *info = k->find(s->name);

    for (const dp_param *p = info->params; p->name != NULL; p++) {
        const char *list = value_of(s, p), *at = list;
        bool *seen = find_seen(k, info->name, p);
        if (*seen || is_word(p) || p->type == DP_PARAM_TEXT)
            continue;
        *seen = true;
        for (int place = 0; at != NULL && place < 3; place++) {
            try_number(k, &(variation){text, i, p->name, NULL}, p, list, place);
            at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL;
        }
    }
}

/* Parameters whose other values may be refused, or that are a bound that is kept to. */
static bool is_bound(const char *stage, const char *param)
{
    static const char *const bounds[] = {
        "split sizes",  /* they sum to the rows */
        "tokens split", /* of order=megatron: tests/io/test_tokens.c */
        "tokens part",
        "mindrecord part",       /* of sets of files: tests/io/test_mindrecord.c */
        "image_folder on_error", /* of damaged files: tests/io/test_image_folder.c */
        "records byte_order",    /* of bytes; of larger numbers: tests/io/test_containers.sh */
    };
    char name[130];
    size_t i = 0;

    snprintf(name, sizeof name, "%s %s", stage, param);
    while (i < sizeof bounds / sizeof bounds[0] && strcmp(bounds[i], name) != 0)
        i++;
    return i < sizeof bounds / sizeof bounds[0];
}

/* policy=cifar10: there is no other one yet. */
static bool has_one_word(const dp_param *p)
{
    return p->type == DP_PARAM_CHOICE && strchr(p->choices, ',') == NULL;
}

static void check_lines(const char *name, const char *const *more, checking *k, stage_check *check)
{
    test_lines lines = test_lines_read(name);

    for (size_t i = 0; i < lines.n; i++)
        check_line(k, strstr(lines.line[i], " : ") + 3, check);
    for (; *more != NULL; more++)
        check_line(k, *more, check);
    test_lines_free(&lines);
}

static void check_file(const char *name, const char *const *more, checking *k)
{
    int bad = 0;

    check_lines(name, more, k, check_stage);
    print_message("%d parameters, %d values\n", k->n, k->tried);
    for (int i = 0; i < k->n; i++) {
        if (!k->seen[i].works && k->seen[i].p->type != DP_PARAM_TEXT &&
            !has_one_word(k->seen[i].p) && !is_bound(k->seen[i].stage, k->seen[i].p->name))
            print_error(
                "%s: %s does nothing, whatever it is: give it a text for which it does, in %s "
                "or in more_streams or more_nets, or, if a test of its own shows it, a "
                "line in `bounds` (tests/pipeline/test_parameters.c)\n",
                k->seen[i].stage, k->seen[i].p->name, name),
                bad++;
    }
    assert_int_equal(bad, 0);
}

/* What the golden lines have not: a way in which a parameter works. */
#define RATES_OF(optimizer)                                                                        \
    ENDS optimizer " learning_rate=0.1,0.05 milestones=2,5",                                       \
        ENDS optimizer " learning_rate=0.1 decay_steps=2",                                         \
        ENDS optimizer " learning_rate=0.1 decay=cosine decay_steps=9 min_lr=0.01"
#define ENDS "flatten | dense out_channels=10 | softmax_cross_entropy | "
static const char *const more_nets[] = {
    "conv2d out_channels=4 kernel_size=3 | batch_norm statistics=small | " ENDS
    "sgd learning_rate=0.1 accumulate=2",
    RATES_OF("sgd"),
    RATES_OF("momentum momentum=0.5"),
    RATES_OF("adam"),
    RATES_OF("adamw"),
    RATES_OF("rmsprop"),
    "conv2d out_channels=4 kernel_size=8,32 stride=8,1 pad_mode=valid | gru hidden_size=3 "
    "return_sequences=true | flatten | dense out_channels=10 | softmax_cross_entropy | sgd "
    "learning_rate=0.1",
    "input layout=nhwc | conv2d out_channels=2 kernel_size=3 | flatten | dense out_channels=10 | "
    "softmax_cross_entropy | sgd learning_rate=0.1",
    NULL,
};
static const char *const more_streams[] = {
    "cifar10 strict=false | random_crop size=32,33 padding=0 pad_if_needed=true",
    "cifar10 strict=false | pad padding=2 fill_value=7",
    "cifar10 strict=false | random_erasing prob=1 scale=0.9,1 max_attempts=1",
    "cifar10 strict=false | random_resized_crop size=24 scale=0.9,1 ratio=0.3,3 max_attempts=1",
    "range count=20 | split sizes=5,15 part=0",
    /* of pictures that can be gray */
    "image_folder dataset_dir=../jpeg list=../jpeg/list.csv decode=true decoder=pillow | "
    "center_crop size=16",
    "image_folder dataset_dir=../jpeg list=../jpeg/list.csv | decode decoder=pillow | "
    "center_crop size=16",
    NULL,
};

static void streams(void **state)
{
    static checking k;

    k = (checking){.evaluate = stream_of, .find = find_info};
    (void)state;
    check_file("stages.txt", more_streams, &k);
}

static void extremes_of_streams(void **state)
{
    static checking k;

    k = (checking){.evaluate = stream_of, .find = find_info};
    (void)state;
    check_lines("stages.txt", more_streams, &k, try_stage);
    print_message("%d texts\n", k.tried);
}

#define READ  SMALL_CIFAR " usage=train | shuffle | "
#define BATCH "hwc2chw | batch batch_size=25 | repeat"

static void nets(void **state)
{
    static checking k;

    k = (checking){.evaluate = net_of, .find = find_net_info};
    (void)state;
    data = test_open(READ "rescale rescale=1/255 | normalize mean=0.5 std=0.25 | " BATCH, 1, 0);
    bytes = test_open(READ "type_cast data_type=float32 | " BATCH, 1, 0);
    check_file("nets.txt", more_nets, &k);
    k.tried = k.n = 0;
    check_lines("nets.txt", more_nets, &k, try_stage);
    print_message("%d extreme texts\n", k.tried);
    dp_close(bytes);
    dp_close(data);
}

static void refused(evaluate *of, const char *text, const char *words)
{
    assert_true(of(text).refused);
    assert_int_equal(test_error.status, DP_ESPEC);
    if (strstr(test_error.message, words) == NULL)
        fail_msg("'%s' lacks '%s'", test_error.message, words);
}

/* A learning rate, and an initializer of the weights. */
static void refused_net(const char *init, const char *rate, const char *words)
{
    char text[400];

    snprintf(text, sizeof text,
             "init weight=\"%s\" | flatten | dense out_channels=10 | softmax_cross_entropy | sgd "
             "learning_rate=%s",
             init, rate);
    refused(net_of, text, words);
}

#define FLOATS                                                                                     \
    "synthetic num_records=4 | rescale rescale=1/255 | hwc2chw | one_hot column=label "            \
    "num_classes=10 | type_cast column=label data_type=float32 | batch batch_size=2 | "

static void values_that_do_nothing(void **state)
{
    (void)state;
    data = test_open(READ "rescale rescale=1/255 | " BATCH, 1, 0);
    refused_net("truncated_normal a=5 b=6", "0.1", "a does nothing here: it needs order=mindspore");
    refused_net("truncated_normal b=0.5", "0.1", "b does nothing here: it needs order=mindspore");
    refused_net("truncated_normal order=mindspore a=2 b=-2", "0.1", "nothing between a and b");
    refused_net("truncated_normal order=mindspore a=1 b=1", "0.1", "nothing between a and b");
    refused_net("truncated_normal order=mindspore a=9 b=10", "0.1", "nothing between a and b");
    refused_net("zeros", "0.1 milestones=2", "milestones does nothing here");
    refused_net("zeros", "0.1 decay_rate=0.5", "decay_rate does nothing here");
    refused_net("zeros", "0.1 decay=cosine", "decay=cosine does nothing here");
    refused_net("zeros", "0.1 decay=cosine decay_steps=9 decay_rate=0.5", "it needs decay=step");
    refused_net("zeros", "0.1 min_lr=0.01", "min_lr is for decay=cosine");
    assert_false(net_of("init weight=\"truncated_normal a=-2 b=2\" | flatten | dense "
                        "out_channels=10")
                     .refused); /* as the canonical text has it */
    dp_close(data);
    refused(stream_of, "synthetic num_records=4 | random_crop size=8 workers=3", "order=mindspore");
    refused(stream_of, FLOATS "mixup workers=3 | repeat count=2", "order=mindspore");
    refused(stream_of,
            "synthetic num_records=4 | random_apply transforms=\"random_crop size=32 workers=3\"",
            "order=mindspore");
    refused(stream_of, "synthetic num_records=4 | pad padding=1 padding_mode=edge fill_value=3",
            "padding_mode=constant");
    refused(stream_of, "synthetic num_records=4 | pad_to size=40 padding_mode=edge fill_value=3",
            "padding_mode=constant");
    refused(stream_of,
            "synthetic num_records=4 | random_crop size=8 padding=1 padding_mode=edge fill_value=3",
            "padding_mode=constant");
}

/* The middle pixel alone: 0 / 0 was a weight below 1e-162, and its conversion undefined. */
static void a_tiny_blur_changes_nothing(void **state)
{
    const outcome o = stream_of("synthetic num_records=4");

    (void)state;
    assert_string_equal(
        stream_of("synthetic num_records=4 | gaussian_blur kernel_size=5 sigma=1e-300").digest,
        o.digest);
    assert_string_equal(
        stream_of("synthetic num_records=4 | gaussian_blur kernel_size=5 sigma=1e-100").digest,
        o.digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams),
        cmocka_unit_test(extremes_of_streams),
        cmocka_unit_test(nets),
        cmocka_unit_test(values_that_do_nothing),
        cmocka_unit_test(a_tiny_blur_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
