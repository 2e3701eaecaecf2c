/* conformance_hash.c - hashes of what the training core computes (docs/numerics.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     conformance_hash [THREADS [ftz|upward]]
 * Nets on odd sizes and numbers made from integers: outputs, losses, gradients and weights of three
 * steps each, with zeros of both signs, subnormals and large numbers; outputs for NaN and
 * infinities. A line for each layer, loss, optimizer and initializer is a small net with it, a line
 * for each operator its example.  The total is of larger nets with many layers, losses and
 * optimizers, a sample of exp, log, sigmoid and tanh before their rounding, all operators, and the
 * lines of what is in none of the nets: a new part adds its line and changes the total, and no
 * other line.  ftz and upward change the caller's
 * floating-point environment first: the library does not mind, and leaves it as it was (else a line
 * says so).
 */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/fp.h"
#include "base/hash.h"
#include "base/number/num.h"
#include "detpipe_net.h"
#include "detpipe_ops.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define STEPS      3
#define SAMPLES    7
#define MAX_PLACES (13 * 11)
#define MAX_IN     (SAMPLES * 6 * MAX_PLACES)

#define CONV "conv2d out_channels=6 kernel_size=3 has_bias=true"
#define END  "flatten | dense out_channels=5"
#define LOSS "softmax_cross_entropy leaf_size=2"
#define SGD  "sgd learning_rate=0.1"

typedef struct net_case {
    const char *text;
    int64_t channels, height, width;
    bool has_targets; /* in place of labels */
} net_case;

static const net_case cases[] = {
    {"init weight=he_uniform bias=\"normal sigma=0.1\""
     " | conv2d out_channels=9 kernel_size=3 has_bias=true | relu"
     " | max_pool kernel_size=3 stride=2 pad_mode=same"
     " | conv2d out_channels=34 kernel_size=2,3 stride=2,1 dilation=1,2 pad_mode=pad padding=1,0,2,1"
     " | tanh | avg_pool kernel_size=2 pad_mode=same | dropout p=0.25 seed=3 | flatten"
     " | dense out_channels=37 | sigmoid | dense out_channels=5 | softmax_cross_entropy leaf_size=4"
     " | momentum learning_rate=0.1 momentum=0.9 weight_decay=0.001 use_nesterov=true decay=cosine"
     " decay_steps=4 warmup_steps=1",
     3, 13, 11, false},
    {"init weight=\"truncated_normal sigma=0.3 order=mindspore\" bias=\"uniform scale=0.2\""
     " | conv2d out_channels=6 kernel_size=3 group=3 stride=2 dilation=2 has_bias=true | relu"
     " | conv2d out_channels=50 kernel_size=5,2 pad_mode=valid | max_pool kernel_size=1,2"
     " | flatten | dense out_channels=5 | softmax_cross_entropy leaf_size=2"
     " | sgd learning_rate=0.2,0.1 milestones=2,9 weight_decay=0.01",
     6, 13, 11, false},
    {"init weight=he_uniform | conv2d out_channels=9 kernel_size=3 | batch_norm | relu name=a"
     " | conv2d out_channels=9 kernel_size=3 | batch_norm momentum=0.5 | add from=a | relu name=b"
     " | conv2d out_channels=18 kernel_size=3 stride=2 | batch_norm name=c"
     " | conv2d out_channels=18 kernel_size=1 stride=2 from=b | batch_norm | add from=c | tanh"
     " | concat from=c | avg_pool kernel_size=3 | flatten | dense out_channels=5"
     " | softmax_cross_entropy leaf_size=2 | adam learning_rate=0.01 clip_norm=0.5"
     " weight_decay=0.01",
     3, 13, 11, false},
    {"conv2d out_channels=4 kernel_size=3 | gelu | softmax | conv2d out_channels=5 kernel_size=3"
     " | log_softmax | avg_pool kernel_size=3 | flatten | softmax_cross_entropy"
     " | sgd learning_rate=0.1",
     4, 3, 3, false},
    {"conv2d out_channels=18 kernel_size=2 stride=2 has_bias=true name=a | layer_norm"
     " | conv2d out_channels=54 kernel_size=1 | attention num_heads=3 | add from=a"
     " | layer_norm epsilon=1e-5 | avg_pool kernel_size=4 | flatten | dense out_channels=5"
     " | softmax_cross_entropy leaf_size=2 | adamw learning_rate=0.01 clip_norm=1",
     3, 10, 9, false},
    {"flatten | embedding num_embeddings=1024 embedding_size=70"
     " | lstm hidden_size=67 return_sequences=true cell_clip=0.25 forget_bias=1 | sigmoid"
     " | gru hidden_size=37 return_sequences=true | lstm hidden_size=18 | dense out_channels=5"
     " | softmax_cross_entropy leaf_size=2 | momentum learning_rate=0.5 momentum=0.9",
     1, 4, 5, false},
    {"flatten | dense out_channels=7 | batch_norm | dense out_channels=5"
     " | softmax_cross_entropy | adamw learning_rate=0.01",
     2, 5, 3, false},
};

/* What is hashed for a part alone, in the text of its kind, where its defaults show too little. */
typedef struct part {
    const char *name, *text;
} part;

static const part parts[] = {
    {"constant", "constant value=0.1"},
    {"default", "default order=torch"},
    {"normal", "normal sigma=0.3"},
    {"truncated_normal", "truncated_normal sigma=0.3 order=mindspore"},
    {"uniform", "uniform scale=0.2"},
    {"add", CONV " name=a | tanh | add from=a"},
    {"attention", CONV " | attention num_heads=2"},
    {"avg_pool", CONV " | avg_pool kernel_size=3 stride=2 pad_mode=same"},
    {"batch_norm", CONV " | batch_norm momentum=0.5"},
    {"concat", CONV " name=a | tanh | concat from=a"},
    {"conv2d", CONV " | conv2d out_channels=4 kernel_size=3,2 stride=2,1 dilation=1,2 group=2"},
    {"conv2d_transpose",
     CONV " | conv2d_transpose out_channels=4 kernel_size=3,2 stride=2,1 dilation=1,2 group=2"
          " pad_mode=pad padding=1,0,2,1 output_padding=1,0 has_bias=true | tanh"},
    {"dense", CONV " | flatten | dense out_channels=37"},
    {"dropout", CONV " | dropout p=0.25 seed=3"},
    {"embedding", "flatten | embedding num_embeddings=1024 embedding_size=5"},
    {"gru", CONV " | gru hidden_size=19 return_sequences=true"},
    {"layer_norm", CONV " | layer_norm epsilon=1e-5"},
    {"lstm", CONV " | lstm hidden_size=19 return_sequences=true cell_clip=0.25 forget_bias=1"},
    {"max_pool", CONV " | max_pool kernel_size=3 stride=2 pad_mode=same"},
    {"softmax_cross_entropy", "softmax_cross_entropy leaf_size=2"},
    {"adam", "adam learning_rate=0.01 weight_decay=0.01"},
    {"adamw", "adamw learning_rate=0.01 clip_norm=1"},
    {"momentum", "momentum learning_rate=0.1 momentum=0.9 weight_decay=0.001 use_nesterov=true"},
    {"rmsprop", "rmsprop learning_rate=0.01 momentum=0.5 weight_decay=0.01"},
    {"sgd", "sgd learning_rate=0.2,0.1 milestones=2,9 weight_decay=0.01"},
};

/* Nets for parameters that came after the line of their part, which stays as it is. */
typedef struct later_line {
    const char *kind, *name, *text;
} later_line;

static const later_line later_lines[] = {
    {"layer", "attention causal=true",
     "conv2d out_channels=18 kernel_size=2 has_bias=true | attention num_heads=2 causal=true"
     " | " END " | " LOSS " | " SGD},
    {"layer", "conv2d tied=",
     "flatten | embedding num_embeddings=1024 embedding_size=5 name=t"
     " | conv2d out_channels=5 kernel_size=1 has_bias=true"
     " | conv2d out_channels=1024 kernel_size=1 tied=t | avg_pool kernel_size=45,1 stride=45,1"
     " | " END " | " LOSS " | " SGD},
    {"layer", "conv2d algorithm=winograd",
     CONV " algorithm=winograd | relu | conv2d out_channels=34 kernel_size=3 group=2 has_bias=true"
          " pad_mode=pad padding=2,0,3,1 algorithm=winograd | tanh | " END " | " LOSS " | " SGD},
    {"layer", "conv2d algorithm=winograd kernel_size=5",
     "conv2d out_channels=6 kernel_size=5 has_bias=true algorithm=winograd | relu"
     " | conv2d out_channels=34 kernel_size=5 group=2 has_bias=true pad_mode=pad padding=5,0,3,1"
     " algorithm=winograd | tanh | " END " | " LOSS " | " SGD},
    {"layer", "conv2d algorithm=winograd4",
     CONV " algorithm=winograd4 | relu | conv2d out_channels=66 kernel_size=3 has_bias=true"
          " pad_mode=pad padding=2,0,3,1 algorithm=winograd4 | tanh | " END " | " LOSS " | " SGD},
    {"optimizer", "momentum groups=",
     CONV " | " END " | " LOSS " | momentum learning_rate=0.1 momentum=0.9 weight_decay=0.01"
          " groups=\"group names=*.bias weight_decay=0 | group names=conv* learning_rate=0.05\""},
    {"optimizer", "rmsprop rule=mindspore",
     CONV " | " END " | " LOSS
          " | rmsprop learning_rate=0.01 momentum=0.5 eps=1e-4 weight_decay=0.01"
          " rule=mindspore"},
    {"optimizer", "rmsprop centered=true",
     CONV " | " END " | " LOSS
          " | rmsprop learning_rate=0.01 momentum=0.5 eps=1e-4 weight_decay=0.01 centered=true"},
    {"optimizer", "rmsprop centered=true rule=mindspore",
     CONV " | " END " | " LOSS
          " | rmsprop learning_rate=0.01 momentum=0.5 eps=1e-4 weight_decay=0.01 centered=true"
          " rule=mindspore"},
    {"loss", "mse of targets", CONV " | tanh | " END " | mse leaf_size=2 | " SGD},
    {"loss", "softmax_cross_entropy label_smoothing=",
     CONV " | tanh | " END " | " LOSS " label_smoothing=0.3 | " SGD},
    {"loss", "softmax_cross_entropy of targets", CONV " | tanh | " END " | " LOSS " | " SGD},
    {"loss", "softmax_cross_entropy per=place",
     CONV " | tanh | conv2d out_channels=5 kernel_size=3 | " LOSS " per=place | " SGD},
    {"optimizer", "momentum accumulate=4",
     CONV " | layer_norm | dropout p=0.25 seed=3 | tanh | " END " | " LOSS
          " | momentum learning_rate=0.1 momentum=0.9 clip_norm=0.5 accumulate=4"},
    {"layer", "lstm activation=fast",
     "flatten | embedding num_embeddings=1024 embedding_size=19"
     " | lstm hidden_size=19 return_sequences=true cell_clip=0.25 activation=fast"
     " | lstm hidden_size=67 return_sequences=true forget_bias=-90 activation=fast"
     " | " END " | " LOSS " | " SGD},
    {"layer", "gru activation=fast",
     CONV " | gru hidden_size=19 return_sequences=true activation=fast | " END " | " LOSS
          " | " SGD},
    {"layer", "batch_norm statistics=small",
     CONV " | batch_norm statistics=small momentum=0.5 | " END " | " LOSS " | " SGD
          " accumulate=2"},
};

/* The net that a part of a kind stands in, and the text of one that has none of its own. */
typedef struct kind {
    const char *name, *frame, *part;
} kind;

static const kind kinds[] = {
    {"initializer", "init weight=\"%1$s\" bias=\"%1$s\" | " CONV " | " END " | " LOSS " | " SGD,
     "%s"},
    {"layer", "%s | " END " | " LOSS " | " SGD, CONV " | %s"},
    {"loss", CONV " | tanh | " END " | %s | " SGD, "%s"},
    {"optimizer", CONV " | " END " | " LOSS " | %s", "%s learning_rate=0.1"},
};

static dp_error err;

static void need(dp_status status)
{
    if (status == DP_OK)
        return;
    printf("refused: %s (what its defaults do not suffice for has a text in `parts` of "
           "conformance_hash.c)\n",
           err.message);
    exit(1);
}

/* Dyadic numbers from integers (MINSTD), now and then a corner; every one exact. */
static void make_numbers(float *v, size_t n)
{
    static const float corners[] = {0.0f, -0.0f, 0x1p-140f, -0x1p-127f, 0x1p-126f, 96.0f, -64.0f};
    uint64_t state = 1;

    for (size_t i = 0; i < n; i++) {
        state = state * 48271 % 2147483647;
        v[i] = state % 13 == 0 ? corners[state / 13 % 7]
                               : (float)((int64_t)(state % 4096) - 2048) * 0x1p-11f;
    }
}

/* For an embedding. */
static void make_whole(float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (float)((int64_t)(v[i] * 0x1p11f) & 1023);
}

static void hash_net(dp_hash *h, const dp_net *net)
{
    const dp_tensor *t;
    const char *name;

    for (size_t i = 0; (t = dp_net_parameter(net, i, &name)) != NULL; i++) {
        dp_hash_text(h, name);
        dp_hash_tensor(h, t);
        if (dp_net_gradient(net, i) != NULL)
            dp_hash_tensor(h, dp_net_gradient(net, i));
    }
}

static void run_case(dp_hash *h, const net_case *c, uint32_t threads)
{
    static float x[MAX_IN];
    static const int32_t some_classes[SAMPLES] = {0, 4, 2, 2, 1, 3, 0};
    const bool per_place = strstr(c->text, "per=place") != NULL;
    int32_t classes[SAMPLES * MAX_PLACES];
    const dp_options options = {.size = sizeof options, .threads = threads};
    const dp_tensor labels =
        c->has_targets
            ? (dp_tensor){x + 40, DP_F32, 2, {SAMPLES, 5}}
            : (dp_tensor){classes, DP_I32, per_place ? 3 : 1, {SAMPLES, c->height, c->width}};
    dp_tensor input = {x, DP_F32, 4, {SAMPLES, c->channels, c->height, c->width}};
    dp_net_result r;
    dp_net *net;

    for (int i = 0; i < SAMPLES * MAX_PLACES; i++)
        classes[i] = some_classes[i % SAMPLES];
    make_numbers(x, MAX_IN);
    if (strstr(c->text, "embedding") != NULL)
        make_whole(x, MAX_IN);
    need(dp_net_open(&net, c->text, 11, &input, &options, &err));
    hash_net(h, net);
    for (int step = 0; step < STEPS; step++) {
        input.shape[0] = SAMPLES - step; /* smaller batches, too */
        dp_tensor some = labels;
        some.shape[0] = SAMPLES - step;
        need(dp_net_step(net, &input, &some, &r, &err));
        dp_hash_u64(h, dp_f32_bits(r.loss));
        dp_hash_tensor(h, &r.output);
        hash_net(h, net);
    }
    x[5] = NAN, x[400] = INFINITY, x[700] = -INFINITY;
    input.shape[0] = SAMPLES;
    need(dp_net_eval(net, &input, NULL, &r, &err));
    dp_hash_tensor(h, &r.output);
    dp_net_close(net);
}

static void print_line(const char *of, const char *name, dp_hash *h, uint8_t digest[16])
{
    dp_hash_final(h, digest);
    printf("%-11s %-22s ", of, name);
    for (int i = 0; i < 16; i++)
        printf("%02x", digest[i]);
    putchar('\n');
}

static const kind *kind_of(const char *name)
{
    size_t k = 0;

    while (k < COUNT(kinds) && strcmp(kinds[k].name, name) != 0)
        k++;
    return k < COUNT(kinds) ? &kinds[k] : NULL;
}

static const char *text_of(const char *name)
{
    size_t i = 0;

    while (i < COUNT(parts) && strcmp(parts[i].name, name) != 0)
        i++;
    return i < COUNT(parts) ? parts[i].text : NULL;
}

/* The net of a part alone. */
static void print_net(const kind *of, const char *name, char *text, size_t size)
{
    const char *own = text_of(name);
    char plain[256];

    if (own == NULL) {
        snprintf(plain, sizeof plain, of->part, name);
        own = plain;
    }
    snprintf(text, size, of->frame, own);
}

static bool has_stage(const char *text, const char *name)
{
    const size_t n = strlen(name);

    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at == text || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    }
    return false;
}

/* Whether the nets of the total have it.  (Initializers were not in it when it was published.) */
static bool in_total(const dp_stage_info *info)
{
    bool found = strcmp(info->kind, "initializer") == 0;

    for (size_t i = 0; i < COUNT(cases) && !found; i++)
        found = has_stage(cases[i].text, info->name);
    return found;
}

static void hash_line(const char *of, const char *name, const char *text, uint32_t threads,
                      uint8_t digest[16])
{
    const bool has_targets = strstr(name, " of targets") != NULL;
    dp_hash own;

    dp_hash_init(&own);
    run_case(&own, &(net_case){text, 3, 6, 5, has_targets}, threads);
    print_line(of, name, &own, digest);
}

/* A line each; what is in no net of the total goes into h. */
static void hash_parts(dp_hash *h, uint32_t threads)
{
    size_t n;
    const dp_stage_info *const *stages = dp_net_stages(&n);
    uint8_t digest[16];
    char text[512];

    for (size_t i = 0; i < n; i++) {
        const kind *of = kind_of(stages[i]->kind);
        if (of == NULL)
            continue;
        print_net(of, stages[i]->name, text, sizeof text);
        hash_line(stages[i]->kind, stages[i]->name, text, threads, digest);
        if (!in_total(stages[i]))
            dp_hash_bytes(h, digest, sizeof digest);
    }
    for (size_t i = 0; i < COUNT(later_lines); i++) {
        const later_line *l = &later_lines[i];
        hash_line(l->kind, l->name, l->text, threads, digest);
        dp_hash_bytes(h, digest, sizeof digest);
    }
}

static void hash_functions(dp_hash *h)
{
    dp_fp fp;

    dp_fp_enter(&fp);
    for (uint32_t u = 0; u < UINT32_MAX - 999983u; u += 999983u) {
        const float x = dp_f32_from(u);
        double y[4] = {dp_exp_d((double)x), 0, dp_sigmoid_d((double)x), dp_tanh_d((double)x)};
        const dp_tensor t = {y, DP_F64, 1, {4}};
        if (x > 0 && x < INFINITY)
            y[1] = dp_log_d((double)x);
        dp_hash_tensor(h, &t);
    }
    dp_fp_leave(&fp);
}

/* A line each, and all of them into h. */
static void hash_operators(dp_hash *h, uint32_t threads)
{
    const dp_options options = {.size = sizeof options, .threads = threads};
    size_t n;
    const dp_op_info *const *ops = dp_ops(&n);

    for (size_t i = 0; i < n; i++) {
        uint8_t line[16];
        dp_hash own;
        dp_hash_init(&own);
        for (int d = 0; d < 2; d++) {
            uint8_t digest[16];
            if (ops[i]->side[d].inputs == NULL)
                continue;
            need(dp_op_example(ops[i], (dp_direction)d, &options, digest, &err));
            dp_hash_bytes(h, digest, sizeof digest);
            dp_hash_bytes(&own, digest, sizeof digest);
        }
        print_line(ops[i]->stage.kind, ops[i]->stage.name, &own, line);
    }
}

/* Rounding and flushing, without sticky flags. */
static unsigned environment(void)
{
#if defined(__x86_64__)
    return _mm_getcsr() & ~0x3fu;
#else
    return (unsigned)fegetround();
#endif
}

int main(int argc, char **argv)
{
    const uint32_t threads = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
    unsigned before;
    uint8_t total[16];
    dp_hash h;

    if (argc > 2 && strcmp(argv[2], "upward") == 0)
        fesetround(FE_UPWARD);
#if defined(__x86_64__)
    if (argc > 2 && strcmp(argv[2], "ftz") == 0)
        _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
    before = environment();
    dp_hash_init(&h);
    hash_parts(&h, threads);
    for (size_t i = 0; i < COUNT(cases); i++)
        run_case(&h, &cases[i], threads);
    hash_functions(&h);
    hash_operators(&h, threads);
    if (environment() != before)
        printf("the environment was changed\n");
    print_line("total", "", &h, total);
    return 0;
}
