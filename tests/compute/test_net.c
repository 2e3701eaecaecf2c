/* test_net.c - nets as handles: texts, checkpoints, threads, failures
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/test.h"

#define NET                                                                                        \
    "conv2d out_channels=6 kernel_size=3 has_bias=true | relu"                                     \
    " | max_pool kernel_size=2 stride=2 | flatten | dense out_channels=10"                         \
    " | softmax_cross_entropy | momentum learning_rate=0.05 momentum=0.9 weight_decay=0.001"
#define DATA                                                                                       \
    SMALL_CIFAR " | shuffle | rescale rescale=1/255 | hwc2chw | batch batch_size=14 | repeat"

static dp_net *open_with(const char *text, uint32_t threads, const dp_allocator *alloc,
                         const dp_tensor *input)
{
    const dp_options options = {.size = sizeof options, .threads = threads, .alloc = alloc};
    dp_net *net = NULL;
    assert_ok(dp_net_open(&net, text, 1, input, &options, &test_error));
    return net;
}

static void run_steps(dp_pipeline *p, dp_net *net, int n)
{
    dp_batch *b = NULL;
    for (int i = 0; i < n; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_ok(dp_net_step(net, dp_batch_get(b, "image"), dp_batch_get(b, "label"), NULL,
                              &test_error));
    }
}

static test_hex weights_of(const dp_net *net)
{
    uint8_t digest[16];
    dp_net_digest(net, digest, NULL);
    return test_hex_of(digest, 16);
}

static test_hex trained(uint32_t threads, int steps)
{
    dp_pipeline *p = test_open(DATA, threads, 2);
    dp_net *net = open_with(NET, threads, NULL, dp_output(p, "image"));
    test_hex h;

    run_steps(p, net, steps);
    h = weights_of(net);
    dp_net_close(net);
    dp_close(p);
    return h;
}

/* conv1 is overwritten by relu1; the output is the last layer's. */
static void layers_of_a_step(void **state)
{
    static const struct {
        const char *name;
        bool output, gradient;
        int64_t shape[3];
    } expected[] = {{"conv1", false, true, {32, 32, 6}},
                    {"relu1", true, false, {32, 32, 6}},
                    {"max_pool1", true, true, {16, 16, 6}},
                    {"flatten1", true, true, {1, 1, 1536}},
                    {"fc1", true, true, {1, 1, 10}}};
    dp_pipeline *p = test_open(DATA, 1, 0);
    dp_net *net = open_with(NET, 1, NULL, dp_output(p, "image"));
    dp_tensor output, gradient;
    dp_net_result result;
    dp_batch *b = NULL;

    (void)state;
    assert_string_equal(dp_net_layer(net, 0, &output, &gradient), "conv1");
    assert_null(output.data);
    assert_null(gradient.data);
    assert_ok(dp_next(p, &b, &test_error));
    assert_ok(
        dp_net_step(net, dp_batch_get(b, "image"), dp_batch_get(b, "label"), &result, &test_error));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_string_equal(dp_net_layer(net, i, &output, &gradient), expected[i].name);
        assert_int_equal(output.data != NULL, expected[i].output);
        assert_int_equal(gradient.data != NULL, expected[i].gradient);
        assert_int_equal(output.shape[0], 14);
        assert_memory_equal(output.shape + 1, expected[i].shape, sizeof expected[i].shape);
    }
    assert_memory_equal(output.data, result.output.data, 14 * 10 * sizeof(float));
    assert_null(dp_net_layer(net, 5, NULL, NULL));
    dp_net_close(net);
    dp_close(p);
}

static void threads_and_instruction_sets(void **state)
{
    const test_hex first = trained(1, 4);

    (void)state;
    assert_string_equal(trained(2, 4).text, first.text);
    assert_string_equal(trained(7, 4).text, first.text);
    setenv("DETPIPE_CPU", "scalar", 1);
    assert_string_equal(trained(2, 4).text, first.text);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        setenv("DETPIPE_CPU", "avx2", 1);
        assert_string_equal(trained(2, 4).text, first.text);
    }
#endif
    unsetenv("DETPIPE_CPU");
    assert_string_not_equal(trained(1, 5).text, first.text);
}

/* The steps of two pipelines and nets, side by side. */
static void same_steps(const char *planes, const char *pixels, const char *net, uint32_t threads)
{
    char turned[512];
    dp_pipeline *p = test_open(planes, threads, 1), *q = test_open(pixels, threads, 1);
    dp_batch *b = NULL, *c = NULL;
    dp_net_result r, s;
    dp_net *a, *z;

    snprintf(turned, sizeof turned, "input layout=nhwc | %s", net);
    a = open_with(net, threads, NULL, dp_output(p, "image"));
    z = open_with(turned, threads, NULL, dp_output(q, "image"));
    for (int i = 0; i < 3; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_ok(dp_next(q, &c, &test_error));
        assert_ok(
            dp_net_step(a, dp_batch_get(b, "image"), dp_batch_get(b, "label"), &r, &test_error));
        assert_ok(
            dp_net_step(z, dp_batch_get(c, "image"), dp_batch_get(c, "label"), &s, &test_error));
        assert_memory_equal(&r.loss, &s.loss, sizeof r.loss);
        assert_memory_equal(r.output.data, s.output.data, 14 * 10 * sizeof(float));
    }
    assert_string_equal(weights_of(a).text, weights_of(z).text);
    assert_string_not_equal(dp_net_spec(a), dp_net_spec(z));
    dp_net_close(a);
    dp_net_close(z);
    dp_close(p);
    dp_close(q);
}

#define READ  SMALL_CIFAR " | shuffle | rescale rescale=1/255 | "
#define BATCH "batch batch_size=14 | repeat"

/* Also where all three extents are equal, and only the text can tell. */
static void pixels_as_planes(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 2; threads++) {
        same_steps(READ "hwc2chw | " BATCH, READ BATCH, NET, threads);
        same_steps(READ "resize size=5,3 | hwc2chw | " BATCH, READ "resize size=5,3 | " BATCH, NET,
                   threads);
        same_steps(READ "resize size=3 | hwc2chw | " BATCH, READ "resize size=3 | " BATCH,
                   "relu | " NET, threads);
    }
}

/* Equal nets have equal texts, in whatever order they were written. */
static void texts_of_input(void **state)
{
    static const char *const texts[][2] = {
        {"input layout=nhwc | relu", "init | input layout=nhwc | relu"},
        {"input layout=nhwc | init | relu", "init | input layout=nhwc | relu"},
        {"relu", "input layout=nchw | relu"},
        {"conv2d out_channels=16 kernel_size=3",
         "conv2d out_channels=16 kernel_size=3 algorithm=direct"},
        {"init bias=\"constant value=1\" | relu", "input | init bias=\"constant value=1\" | relu"},
    };
    const dp_tensor input = {NULL, DP_F32, 4, {2, 3, 4, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dp_net *a = open_with(texts[i][0], 1, NULL, &input), *b;
        assert_string_equal(dp_net_spec(a),
                            dp_net_spec(b = open_with(texts[i][1], 1, NULL, &input)));
        dp_net_close(b);
        b = open_with(dp_net_spec(a), 1, NULL, &input);
        assert_string_equal(dp_net_spec(a), dp_net_spec(b));
        dp_net_close(b);
        dp_net_close(a);
    }
}

/* auto is what the shapes say, and the text says what it is. */
static void algorithms_are_resolved(void **state)
{
    static const struct {
        const char *stage;
        bool winograd;
    } cases[] = {
        {"conv2d out_channels=16 kernel_size=3", true},
        {"conv2d out_channels=15 kernel_size=3", false},
        {"conv2d out_channels=32 kernel_size=3 group=2", false},
        {"conv2d out_channels=32 kernel_size=3 stride=2", false},
        {"conv2d out_channels=32 kernel_size=3 dilation=2", false},
        {"conv2d out_channels=32 kernel_size=2", false},
        {"conv2d out_channels=32 kernel_size=5", true},
        {"conv2d out_channels=32 kernel_size=3 pad_mode=valid", true},
    };
    const dp_tensor input = {NULL, DP_F32, 4, {2, 16, 6, 6}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        dp_net *net, *again;
        snprintf(text, sizeof text, "%s algorithm=auto", cases[i].stage);
        net = open_with(text, 1, NULL, &input);
        assert_null(strstr(dp_net_spec(net), "auto"));
        assert_int_equal(strstr(dp_net_spec(net), " algorithm=winograd") != NULL,
                         cases[i].winograd);
        again = open_with(dp_net_spec(net), 1, NULL, &input);
        assert_string_equal(dp_net_spec(again), dp_net_spec(net));
        dp_net_close(again);
        dp_net_close(net);
    }
}

static void unknown_instruction_set(void **state)
{
    const dp_tensor input = {NULL, DP_F32, 2, {4, 4}};
    dp_net *net = NULL;

    (void)state;
    setenv("DETPIPE_CPU", "altivec", 1);
    assert_int_equal(dp_net_open(&net, "dense out_channels=2", 1, &input, NULL, &test_error),
                     DP_EINVAL);
    assert_non_null(strstr(test_error.message, "altivec"));
    unsetenv("DETPIPE_CPU");
}

/* "^" marks the column of the error and is not part of the text. */
static void malformed_nets(void **state)
{
    static const char *const texts[] = {
        "^",
        "^conv3d",
        "^conv2d",
        "^softmax_cross_entropy",
        "relu | ^init",
        "relu | ^input",
        "input | init | ^input | relu",
        "input | ^input | relu",
        "input layout=^chwn | relu",
        "init | ^init | relu",
        "relu | ^normal",
        "conv2d out_channels=^0 kernel_size=3",
        "conv2d out_channels=1 kernel_size=^2000",
        "^conv2d out_channels=1 kernel_size=9 pad_mode=valid",
        "^conv2d out_channels=1 kernel_size=1,2,3",
        "^conv2d out_channels=1 kernel_size=3 padding=1",
        "relu | ^dense out_channels=2",
        "flatten | ^max_pool kernel_size=2",
        "max_pool kernel_size=2 pad_mode=^pad",
        "flatten | dense out_channels=2 | sgd learning_rate=1 | ^softmax_cross_entropy",
        "flatten | softmax_cross_entropy | ^relu",
        "flatten | softmax_cross_entropy | ^softmax_cross_entropy",
        "flatten | ^softmax_cross_entropy leaf_size=3",
        "relu | ^softmax_cross_entropy",
        "^init weight=\"nothing\" | relu",
        "^init weight=\"normal sigma=x\" | relu",
        "^init weight=\"zeros | zeros\" | relu",
        "flatten | softmax_cross_entropy | ^sgd",
        "relu | softmax_cross_entropy per=^word",
        "relu | attention causal=^yes",
        "conv2d out_channels=1 kernel_size=3 algorithm=^fast",
        "^conv2d out_channels=1 kernel_size=2 algorithm=winograd",
        "^conv2d out_channels=1 kernel_size=5 algorithm=winograd4",
        "^conv2d out_channels=1 kernel_size=3,5 algorithm=winograd",
        "^conv2d out_channels=1 kernel_size=3 algorithm=winograd stride=1,2",
        "^conv2d out_channels=1 kernel_size=3 algorithm=winograd dilation=2",
        "conv2d out_channels=3 kernel_size=1 | conv2d out_channels=3 kernel_size=1 tied=^a",
        "conv2d out_channels=3 kernel_size=1 tied=^a name=a | relu",
        "conv2d out_channels=3 kernel_size=1 name=a | ^conv2d out_channels=4 kernel_size=1 tied=a",
        "conv2d out_channels=3 kernel_size=1 name=a | ^relu tied=a",
        "relu name=a | ^conv2d out_channels=3 kernel_size=1 tied=a",
        "flatten | softmax_cross_entropy | sgd learning_rate=^-1",
    };
    const dp_tensor input = {NULL, DP_F32, 4, {2, 3, 4, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *mark = strchr(texts[i], '^');
        char text[256];
        dp_net *net = NULL;
        dp_status status;
        snprintf(text, sizeof text, "%.*s%s", (int)(mark - texts[i]), texts[i], mark + 1);
        status = dp_net_open(&net, text, 1, &input, NULL, &test_error);
        if (status != DP_ESPEC || test_error.column != (uint32_t)(mark - texts[i]) + 1 ||
            net != NULL)
            fail_msg("'%s': %s at column %u: %s", text, dp_status_name(status), test_error.column,
                     test_error.message);
    }
}

static void wrong_calls(void **state)
{
    float x[2 * 8] = {0};
    int32_t y[2] = {0, 1};
    dp_tensor input = {x, DP_F32, 2, {2, 8}}, labels = {y, DP_I32, 1, {2}}, other = input;
    dp_net *net = open_with("dense out_channels=3 | softmax_cross_entropy | sgd learning_rate=0.1",
                            1, NULL, &input);
    dp_net *no_loss = open_with("dense out_channels=3", 1, NULL, &input);
    dp_net_result r;

    (void)state;
    assert_ok(dp_net_step(net, &input, &labels, &r, &test_error));
    y[1] = 3;
    assert_int_equal(dp_net_step(net, &input, &labels, &r, &test_error), DP_EINVAL);
    assert_non_null(strstr(test_error.message, "label 3 of sample 1"));
    y[1] = -1;
    assert_int_equal(dp_net_step(net, &input, &labels, &r, &test_error), DP_EINVAL);
    y[1] = 1;
    other.shape[1] = 7;
    assert_int_equal(dp_net_step(net, &other, &labels, &r, &test_error), DP_EINVAL);
    other = input, other.shape[0] = 3;
    assert_int_equal(dp_net_step(net, &other, &labels, &r, &test_error), DP_EINVAL);
    other = input, other.dtype = DP_I32;
    assert_int_equal(dp_net_step(net, &other, &labels, &r, &test_error), DP_EINVAL);
    other = input, other.data = NULL;
    assert_int_equal(dp_net_step(net, &other, &labels, &r, &test_error), DP_EINVAL);
    labels.dtype = DP_F32;
    assert_int_equal(dp_net_step(net, &input, &labels, &r, &test_error), DP_EINVAL);
    labels.dtype = DP_I32;
    other = input, other.shape[0] = 1, labels.shape[0] = 1; /* fewer samples are fine */
    assert_ok(dp_net_step(net, &other, &labels, &r, &test_error));
    assert_int_equal(dp_net_step(no_loss, &other, &labels, &r, &test_error), DP_EINVAL);
    assert_int_equal(dp_net_eval(no_loss, &other, &labels, &r, &test_error), DP_EINVAL);
    assert_ok(dp_net_eval(no_loss, &other, NULL, &r, &test_error));
    assert_int_equal(r.output.shape[1], 3);
    assert_int_equal(dp_net_tell(net), 2);
    dp_net_close(net);
    dp_net_close(no_loss);
}

static void loss_not_finite(void **state)
{
    float x[2 * 3] = {1, 2, 3, 4, NAN, 6};
    int32_t y[2] = {0, 1};
    dp_tensor input = {x, DP_F32, 2, {2, 3}}, labels = {y, DP_I32, 1, {2}};
    dp_net *net = open_with("dense out_channels=2 | softmax_cross_entropy | sgd learning_rate=0.1",
                            1, NULL, &input);
    const test_hex before = weights_of(net);

    (void)state;
    assert_int_equal(dp_net_step(net, &input, &labels, NULL, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "the loss is not finite"));
    assert_string_equal(weights_of(net).text, before.text);
    assert_int_equal(dp_net_tell(net), 0);
    x[4] = 5;
    assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
    assert_int_equal(dp_net_tell(net), 1);
    dp_net_close(net);
}

/* The hidden value is 0, so the loss is finite; its gradient, 2 * 3e38, is not. */
static void gradient_not_finite(void **state)
{
    float x[1] = {3e38f};
    int32_t y[1] = {0};
    dp_tensor input = {x, DP_F32, 2, {1, 1}}, labels = {y, DP_I32, 1, {1}};
    dp_net *net = open_with(
        "init weight=zeros | dense out_channels=1 has_bias=false | dense out_channels=2 has_bias=false"
        " | softmax_cross_entropy | sgd learning_rate=0.1",
        1, NULL, &input);
    float *second = dp_net_parameter(net, 1, NULL)->data;
    test_hex before;

    (void)state;
    second[0] = -2, second[1] = 2;
    before = weights_of(net);
    assert_int_equal(dp_net_step(net, &input, &labels, NULL, &test_error), DP_ESTATE);
    assert_non_null(
        strstr(test_error.message, "the gradient of fc1.weight is not finite at element 0"));
    assert_string_equal(weights_of(net).text, before.text);
    assert_int_equal(dp_net_tell(net), 0);
    dp_net_close(net);
}

/* ---- checkpoints ---- */

typedef struct saved {
    char folder[256], path[300];
    dp_pipeline *p;
    dp_net *net;
} saved;

static int save(void **state)
{
    saved *s = calloc(1, sizeof *s);

    test_folder(s->folder, sizeof s->folder);
    snprintf(s->path, sizeof s->path, "%s/net.safetensors", s->folder);
    s->p = test_open(DATA, 1, 0);
    s->net = open_with(NET, 1, NULL, dp_output(s->p, "image"));
    run_steps(s->p, s->net, 3);
    assert_ok(dp_net_set_note(s->net, "epoch=1 of-2: a.b_c", &test_error));
    assert_ok(dp_net_save(s->net, s->path, &test_error));
    *state = s;
    return 0;
}

static int drop(void **state)
{
    saved *s = *state;
    dp_net_close(s->net);
    dp_close(s->p);
    test_folder_remove(s->folder);
    free(s);
    return 0;
}

/* Both moments of adam are in the file. */
static void resume_with_two_moments(void **state)
{
    const saved *s = *state;
    const char *text = "flatten | dense out_channels=10 | softmax_cross_entropy | adam "
                       "learning_rate=0.01";
    dp_pipeline *p = test_open(DATA, 2, 1);
    dp_net *net = open_with(text, 2, NULL, dp_output(p, "image")),
           *again = open_with(text, 1, NULL, dp_output(p, "image"));

    run_steps(p, net, 2);
    assert_ok(dp_net_save(net, s->path, &test_error));
    assert_ok(dp_net_load(again, s->path, &test_error));
    assert_ok(dp_seek(p, 2, &test_error));
    run_steps(p, net, 2);
    assert_ok(dp_seek(p, 2, &test_error));
    run_steps(p, again, 2);
    assert_string_equal(weights_of(again).text, weights_of(net).text);
    dp_net_close(net);
    dp_net_close(again);
    dp_close(p);
}

static void resume_gives_the_same_bits(void **state)
{
    saved *s = *state;
    dp_pipeline *p = test_open(DATA, 2, 1);
    dp_net *net = open_with(NET, 2, NULL, dp_output(p, "image"));

    assert_ok(dp_net_load(net, s->path, &test_error));
    assert_int_equal(dp_net_tell(net), 3);
    assert_string_equal(dp_net_note(net), "epoch=1 of-2: a.b_c");
    assert_string_equal(weights_of(net).text, weights_of(s->net).text);
    assert_ok(dp_seek(p, 3, &test_error));
    assert_ok(dp_seek(s->p, 3, &test_error));
    run_steps(p, net, 4);
    run_steps(s->p, s->net, 4);
    assert_string_equal(weights_of(net).text, weights_of(s->net).text);
    dp_net_close(net);
    dp_close(p);
}

static void wrong_notes(void **state)
{
    saved *s = *state;
    char note[600];

    memset(note, 'x', sizeof note);
    note[512] = '\0';
    assert_int_equal(dp_net_set_note(s->net, note, &test_error), DP_EINVAL);
    assert_int_equal(dp_net_set_note(s->net, "say \"so\"", &test_error), DP_EINVAL);
    assert_int_equal(dp_net_set_note(s->net, "a\nb", &test_error), DP_EINVAL);
    assert_string_equal(dp_net_note(s->net), "epoch=1 of-2: a.b_c");
    note[511] = '\0';
    assert_ok(dp_net_set_note(s->net, note, &test_error));
    assert_string_equal(dp_net_note(s->net), note);
}

static void strict_loading(void **state)
{
    static const struct {
        const char *text, *message;
    } others[] = {
        {"conv2d out_channels=7 kernel_size=3 has_bias=true | flatten | dense out_channels=10 | softmax_cross_entropy"
         " | momentum learning_rate=0.1 momentum=0.9",
         "another shape: conv1.weight"},
        {"conv2d out_channels=6 kernel_size=3 | relu | max_pool kernel_size=2 stride=2 | flatten | dense out_channels=10"
         " | softmax_cross_entropy | momentum learning_rate=0.1 momentum=0.9",
         "extra conv1.bias"},
        {"conv2d out_channels=6 kernel_size=3 has_bias=true | max_pool kernel_size=2 stride=2 | flatten | dense out_channels=10"
         " | dense out_channels=10 | softmax_cross_entropy | momentum learning_rate=0.1 momentum=0.9",
         "missing fc2.weight"},
        {"conv2d out_channels=6 kernel_size=3 has_bias=true | relu | max_pool kernel_size=2 stride=2 | flatten"
         " | dense out_channels=10 | softmax_cross_entropy | sgd learning_rate=0.1",
         "extra moments.conv1.weight"},
    };
    saved *s = *state;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        dp_net *net = open_with(others[i].text, 1, NULL, dp_output(s->p, "image"));
        const test_hex before = weights_of(net);
        assert_int_equal(dp_net_load(net, s->path, &test_error), DP_ESTATE);
        if (strstr(test_error.message, others[i].message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", test_error.message, others[i].message);
        assert_string_equal(weights_of(net).text, before.text);
        assert_int_equal(dp_net_tell(net), 0);
        dp_net_close(net);
    }
}

/* ---- weights from an archive ---- */

static char logged[4][100];
static int n_logged;

static void keep_line(void *ctx, const char *line)
{
    (void)ctx;
    if (n_logged < 4)
        snprintf(logged[n_logged], sizeof logged[0], "%s", line);
    n_logged++;
}

/* fc.weight [3, 8], fc.bias [3] and six others, from MindSpore: names that are not ours. */
static void weights_of_another_program(void **state)
{
    const dp_options options = {.size = sizeof options, .threads = 1, .log = keep_line};
    const dp_tensor input = {NULL, DP_F32, 2, {1, 8}};
    saved *s = *state;
    dp_archive *a;
    dp_net *net, *other;
    char path[400];
    float *w;

    /* another net's own checkpoint, without what makes it one */
    assert_ok(dp_net_open(&net,
                          "dense out_channels=3 | softmax_cross_entropy | momentum"
                          " learning_rate=1 momentum=0.5",
                          1, &input, &options, &test_error));
    assert_ok(dp_net_open(&other, "dense out_channels=3", 7, &input, &options, &test_error));
    snprintf(path, sizeof path, "%s/own.safetensors", s->folder);
    assert_ok(dp_net_save(other, path, &test_error));
    assert_ok(dp_archive_open(&a, path, NULL, &test_error));
    snprintf(path, sizeof path, "%s/weights.npz", s->folder);
    assert_ok(dp_archive_save(dp_archive_get(a, 0), test_n_tensors(a), path, &test_error));
    dp_archive_close(a);
    w = dp_net_parameter(other, 0, NULL)->data;
    assert_memory_not_equal(dp_net_parameter(net, 0, NULL)->data, w, 3 * 8 * sizeof *w);
    assert_ok(dp_net_load(net, path, &test_error));
    assert_memory_equal(dp_net_parameter(net, 0, NULL)->data, w, 3 * 8 * sizeof *w);
    assert_int_equal(n_logged, 0);
    /* everything that is wrong is told, and nothing is changed */
    assert_int_equal(dp_net_load(s->net, path, &test_error), DP_ESTATE);
    assert_int_equal(dp_net_load(net, TEST_GOLDEN "/ckpt/net_only.ckpt", &test_error), DP_ESTATE);
    assert_string_equal(logged[0], "missing fc1.weight");
    assert_string_equal(logged[1], "missing fc1.bias");
    assert_string_equal(logged[2], "extra conv.weight");
    assert_int_equal(n_logged, 2 + 8);
    assert_non_null(strstr(test_error.message, "(10 wrong): missing fc1.weight, "));
    assert_memory_equal(dp_net_parameter(net, 0, NULL)->data, w, 3 * 8 * sizeof *w);
    dp_net_close(other);
    dp_net_close(net);
}

/* Another shape and another type. */
static void misshapen_weights(void **state)
{
    static const char header[] = "{\"fc1.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],"
                                 "\"data_offsets\":[0,24]},\"fc1.bias\":{\"dtype\":\"F16\","
                                 "\"shape\":[3],\"data_offsets\":[24,30]}}";
    const dp_tensor input = {NULL, DP_F32, 2, {1, 2}};
    uint8_t bytes[8 + sizeof header + 30] = {sizeof header - 1};
    char folder[256], path[300];
    dp_net *net;

    (void)state;
    test_folder(folder, sizeof folder);
    memcpy(bytes + 8, header, sizeof header - 1);
    test_write(folder, "w.safetensors", bytes, 8 + sizeof header - 1 + 30);
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    assert_ok(dp_net_open(&net, "dense out_channels=3", 1, &input, NULL, &test_error));
    assert_int_equal(dp_net_load(net, path, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message,
                           "another shape: fc1.weight is float32[2, 3], not float32[3, 2], "
                           "another type: fc1.bias is float16[3], not float32[3]"));
    dp_net_close(net);
    test_folder_remove(folder);
}

/* A flipped bit anywhere in the header and in samples of the data, and every cut: never a load,
 * never a change. */
static void damaged_files(void **state)
{
    saved *s = *state;
    const test_bytes_of file = test_read_file(s->path);
    const size_t n = file.size;
    uint8_t *bytes = file.bytes;
    const test_hex before = weights_of(s->net);
    const uint64_t header = 8 + (bytes[0] | (uint64_t)bytes[1] << 8);

    snprintf(s->path, sizeof s->path, "%s/damaged.safetensors", s->folder);
    for (size_t i = 0; i < n; i = i < header + 64 ? i + 1 : i + 997) {
        bytes[i] ^= 1;
        test_write(s->folder, "damaged.safetensors", bytes, n);
        bytes[i] ^= 1;
        assert_true(dp_net_load(s->net, s->path, &test_error) < 0);
        assert_string_equal(weights_of(s->net).text, before.text);
    }
    for (size_t cut = 0; cut < n; cut = cut * 2 + 1) {
        test_write(s->folder, "damaged.safetensors", bytes, cut);
        assert_true(dp_net_load(s->net, s->path, &test_error) < 0);
    }
    free(bytes);
}

static void files_that_cannot_be(void **state)
{
    saved *s = *state;
    char path[400];

    assert_int_equal(dp_net_save(s->net, "/nonexistent/net.safetensors", &test_error), DP_EIO);
    assert_int_equal(dp_net_load(s->net, "/nonexistent/net.safetensors", &test_error), DP_EIO);
    assert_int_equal(dp_net_load(s->net, s->folder, &test_error), DP_EIO);
    snprintf(path, sizeof path, "%s/taken", s->folder);
    mkdir(path, 0777);
    assert_int_equal(dp_net_save(s->net, path, &test_error),
                     DP_EIO); /* a folder cannot be replaced */
    assert_int_equal(dp_net_save(s->net, NULL, &test_error), DP_EINVAL);
}

static void check_allocations(const char *text, uint32_t threads)
{
    static float x[2 * 3 * 8 * 8];
    int32_t y[2] = {1, 2};
    const dp_tensor input = {x, DP_F32, 4, {2, 3, 8, 8}}, labels = {y, DP_I32, 1, {2}};
    unsigned long fail_at = 0;
    test_allocator a;
    dp_status status;

    do {
        const dp_options options = {.size = sizeof options, .threads = threads, .alloc = &a.hooks};
        dp_net *net = NULL;
        test_allocator_init(&a);
        a.fail_at = ++fail_at;
        status = dp_net_open(&net, text, 1, &input, &options, &test_error);
        assert_true((status == DP_OK) == (net != NULL));
        if (status == DP_OK) {
            const unsigned long before = a.n;
            assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
            assert_int_equal(a.n, before); /* a step allocates nothing */
        }
        assert_true(status == DP_OK || status == DP_ENOMEM);
        dp_net_close(net);
        assert_int_equal(a.live, 0);
    } while (status != DP_OK);
    assert_true(fail_at > 5);
}

static void every_allocation_fails(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        check_allocations(NET, threads);
        check_allocations("conv2d out_channels=18 kernel_size=3 algorithm=winograd | relu"
                          " | conv2d out_channels=6 kernel_size=5 algorithm=winograd group=2"
                          " | conv2d out_channels=5 kernel_size=3 algorithm=winograd4"
                          " | flatten | dense out_channels=10 | softmax_cross_entropy"
                          " | sgd learning_rate=0.05",
                          threads);
    }
}

static void check_invariance(const char *text)
{
    dp_pipeline *p = test_open(DATA, 1, 0);
    dp_net *net = open_with(text, 2, NULL, dp_output(p, "image"));
    dp_batch *b = NULL;
    float together[14 * 10];
    dp_net_result r;
    dp_tensor one;

    assert_ok(dp_next(p, &b, &test_error));
    one = *dp_batch_get(b, "image");
    assert_ok(dp_net_eval(net, &one, NULL, &r, &test_error));
    memcpy(together, r.output.data, sizeof together);
    one.shape[0] = 1;
    for (int i = 0; i < 14; i++) {
        assert_ok(dp_net_eval(net, &one, NULL, &r, &test_error));
        assert_memory_equal(r.output.data, together + 10 * i, 40);
        one.data = (float *)one.data + 3072;
    }
    dp_net_close(net);
    dp_close(p);
}

/* A sample alone has the output that it has in a batch. */
static void batch_invariance(void **state)
{
    (void)state;
    check_invariance(NET);
    check_invariance("conv2d out_channels=12 kernel_size=8 stride=8 name=a | layer_norm"
                     " | conv2d out_channels=36 kernel_size=1 | attention num_heads=3"
                     " | conv2d out_channels=12 kernel_size=1 | add from=a | gelu | batch_norm"
                     " | flatten | dense out_channels=10 | softmax");
    check_invariance("lstm hidden_size=33 return_sequences=true | gru hidden_size=17"
                     " | dense out_channels=10 | log_softmax");
}

/* Ten classes that a small net tells apart. */
static void synthetic_is_learnable(void **state)
{
    dp_pipeline *p = test_open("synthetic | shuffle | rescale rescale=1/255 | hwc2chw"
                               " | batch batch_size=32 drop_remainder=true | repeat",
                               2, 2);
    dp_net *net = open_with(NET, 2, NULL, dp_output(p, "image"));
    dp_batch *b = NULL;
    dp_net_result r;
    int64_t correct = 0;

    (void)state;
    run_steps(p, net, 60);
    for (int i = 0; i < 10; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_ok(
            dp_net_eval(net, dp_batch_get(b, "image"), dp_batch_get(b, "label"), &r, &test_error));
        correct += r.correct;
    }
    assert_true(correct >= 300);
    dp_net_close(net);
    dp_close(p);
}

/* Sizes whose products overflow are refused before anything is allocated by them. */
static void hostile_sizes(void **state)
{
    static const char *const texts[] = {
        "conv2d out_channels=65536 kernel_size=1024 pad_mode=pad padding=1024",
        "flatten | dense out_channels=16777216 | dense out_channels=16777216",
    };
    const dp_tensor inputs[] = {{NULL, DP_F32, 4, {1, 1, (int64_t)1 << 20, (int64_t)1 << 20}},
                                {NULL, DP_F32, 4, {1, (int64_t)1 << 39, 1, 1}},
                                {NULL, DP_F32, 4, {1, (int64_t)1 << 41, 1, 1}}};
    const dp_options options = {.size = sizeof options, .threads = 1, .memory = 1 << 30};
    dp_net *net = NULL;

    (void)state;
    for (int t = 0; t < 2; t++) {
        for (int i = 0; i < 3; i++) {
            const dp_status status =
                dp_net_open(&net, texts[t], 1, &inputs[i], &options, &test_error);
            assert_true(status == DP_ELIMIT || status == DP_EINVAL);
        }
    }
}

typedef struct taken {
    size_t now, most;
} taken;

static void *take_counted(void *ctx, size_t size, size_t alignment)
{
    taken *t = ctx;

    t->now += size;
    t->most = t->now > t->most ? t->now : t->most;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void free_counted(void *ctx, void *p, size_t size)
{
    ((taken *)ctx)->now -= p != NULL ? size : 0;
    free(p);
}

/* Bytes of a net whose convolutions are said to be computed by `algorithm`. */
static size_t memory_of(const char *net, const char *algorithm, uint32_t threads,
                        const dp_tensor *input)
{
    taken t = {0};
    const dp_allocator counted = {&t, take_counted, free_counted};
    char text[1024];

    snprintf(text, sizeof text, net, algorithm, algorithm, algorithm);
    dp_net_close(open_with(text, threads, &counted, input));
    assert_int_equal(t.now, 0);
    return t.most;
}

/* The tiles' scratch memory is small beside what a net has anyway: 1.2 times at most, which is 1.15
 * of what `direct` took when it copied output gradients. */
static void memory_of_filtering(void **state)
{
    static const char ending[] = " | softmax_cross_entropy | sgd learning_rate=0.1";
    static const struct {
        const char *net;
        dp_tensor input;
    } cases[] = {
        {"conv2d out_channels=16 kernel_size=3 | batch_norm | relu"
         " | conv2d out_channels=16 kernel_size=3 algorithm=%s | batch_norm | relu"
         " | conv2d out_channels=32 kernel_size=3 stride=2 | relu"
         " | conv2d out_channels=32 kernel_size=3 algorithm=%s | relu"
         " | conv2d out_channels=64 kernel_size=3 stride=2 | relu"
         " | conv2d out_channels=64 kernel_size=3 algorithm=%s | flatten | dense out_channels=10",
         {NULL, DP_F32, 4, {100, 3, 32, 32}}},
        {"conv2d out_channels=32 kernel_size=3 | relu"
         " | conv2d out_channels=32 kernel_size=3 algorithm=%s | relu | max_pool kernel_size=2"
         " stride=2 | conv2d out_channels=64 kernel_size=3 algorithm=%s | relu"
         " | conv2d out_channels=64 kernel_size=3 algorithm=%s | flatten | dense out_channels=256",
         {NULL, DP_F32, 4, {128, 3, 32, 32}}},
        {"conv2d out_channels=256 kernel_size=5 algorithm=%s | relu"
         " | max_pool kernel_size=3 stride=2"
         " | conv2d out_channels=384 kernel_size=3 algorithm=%s | relu"
         " | conv2d out_channels=256 kernel_size=3 algorithm=%s | flatten | dense out_channels=256",
         {NULL, DP_F32, 4, {32, 96, 27, 27}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint32_t threads = 1; threads <= 4; threads *= 2) {
            char net[1024];
            snprintf(net, sizeof net, "%s%s", cases[i].net, ending);
            const size_t direct = memory_of(net, "direct", threads, &cases[i].input),
                         few = memory_of(net, "winograd", threads, &cases[i].input);
            print_message("%u threads: %zu bytes, direct %zu (%.3f)\n", threads, few, direct,
                          (double)few / (double)direct);
            assert_true(few > 0 && 100 * few <= 120 * direct);
        }
    }
}

/* The text of n layers that each double the channels. */
static const char *doubling(char *text, size_t size, int n)
{
    int at = snprintf(text, size, "relu name=a0");

    for (int i = 1; i <= n; i++)
        at +=
            snprintf(text + at, size - (size_t)at, " | relu | concat from=a%d name=a%d", i - 1, i);
    return text;
}

/* Each layer is small text and twice the memory: refused by name before any of it is taken. */
static void doubled_channels(void **state)
{
    taken t = {0};
    const dp_allocator counted = {&t, take_counted, free_counted};
    const dp_tensor input = {NULL, DP_F32, 4, {8, 3, 4, 4}};
    dp_options options = {.size = sizeof options, .threads = 1, .alloc = &counted};
    dp_net *net = NULL;
    char text[4096];

    (void)state;
    doubling(text, sizeof text, 40);
    assert_int_equal(dp_net_open(&net, text, 1, &input, &options, &test_error), DP_ELIMIT);
    assert_non_null(strstr(test_error.message, "concat"));
    assert_non_null(strstr(test_error.message, "the net up to it would take more than"));
    assert_int_not_equal(test_error.column, 0);
    assert_true(t.most < 1 << 20);
    assert_int_equal(t.now, 0);
    doubling(text, sizeof text, 16); /* 800 MB */
    options.memory = 64 << 20;
    assert_int_equal(dp_net_open(&net, text, 1, &input, &options, &test_error), DP_ELIMIT);
    assert_non_null(strstr(test_error.message, "dp_options.memory = 67108864 bytes"));
    assert_true(t.most < 1 << 20);
    doubling(text, sizeof text, 8);
    assert_ok(dp_net_open(&net, text, 1, &input, &options, &test_error));
    dp_net_close(net);
    assert_int_equal(t.now, 0);
}

/* The caller's rounding mode changes nothing and comes back. */
#if defined(__x86_64__)
#include <xmmintrin.h>
static void count_lines(void *ctx, const char *line)
{
    assert_non_null(strstr(line, "floating-point environment"));
    ++*(int *)ctx;
}

static void callers_environment(void **state)
{
    int n_lines = 0;
    const dp_options options = {
        .size = sizeof options, .threads = 1, .log = count_lines, .log_ctx = &n_lines};
    const test_hex first = trained(1, 2);
    dp_pipeline *p;

    (void)state;
    _mm_setcsr(0x1F80 | 0x8040 | 0x6000); /* FTZ, DAZ, toward zero */
    assert_string_equal(trained(1, 2).text, first.text);
    assert_int_equal(_mm_getcsr() & ~0x3Fu, 0x1F80 | 0x8040 | 0x6000);
    assert_int_equal(dp_numeric_check(NULL, &test_error), DP_ESTATE);
    assert_ok(dp_open(&p, "synthetic", 1, &options, &test_error));
    dp_close(p);
    assert_int_equal(n_lines, 1);
    _mm_setcsr(0x1F80);
    assert_ok(dp_open(&p, "synthetic", 1, &options, &test_error));
    dp_close(p);
    assert_int_equal(n_lines, 1);
    assert_ok(dp_numeric_check(NULL, &test_error));
}
#else
static void callers_environment(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
#define SAVED(test) cmocka_unit_test_setup_teardown(test, save, drop)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_of_a_step),
        cmocka_unit_test(threads_and_instruction_sets),
        cmocka_unit_test(pixels_as_planes),
        cmocka_unit_test(texts_of_input),
        cmocka_unit_test(algorithms_are_resolved),
        cmocka_unit_test(unknown_instruction_set),
        cmocka_unit_test(malformed_nets),
        cmocka_unit_test(wrong_calls),
        cmocka_unit_test(loss_not_finite),
        cmocka_unit_test(gradient_not_finite),
        SAVED(resume_gives_the_same_bits),
        SAVED(resume_with_two_moments),
        SAVED(wrong_notes),
        SAVED(strict_loading),
        SAVED(weights_of_another_program),
        cmocka_unit_test(misshapen_weights),
        SAVED(damaged_files),
        SAVED(files_that_cannot_be),
        cmocka_unit_test(synthetic_is_learnable),
        cmocka_unit_test(hostile_sizes),
        cmocka_unit_test(doubled_channels),
        cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(memory_of_filtering),
        cmocka_unit_test(batch_invariance),
        cmocka_unit_test(callers_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
