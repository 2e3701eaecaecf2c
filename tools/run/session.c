/* session.c - a recipe opened: its pipeline and its net
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/writer.h"
#include "tools/cli/output.h"
#include "tools/cli/text.h"

/* While the pipeline opens: of the files.  Later: what takes a while. */
static void hear(void *ctx, const char *line)
{
    const session *s = ctx;
    const bool opens = s->pipeline == NULL;

    if (opens && s->note != NULL)
        s->note(s->note_ctx, line);
    else if ((!opens || strncmp(line, "warning: ", 9) == 0) &&
             (s->group == NULL || s->group->rank == 0))
        fprintf(stderr, "  %s\n", line);
}

/* The column that the net takes. */
static const char *input_of(const session *s)
{
    return dp_output(s->pipeline, "image") != NULL ? "image" : "input";
}

const dp_tensor *session_input(const session *s) { return dp_batch_get(s->batch, input_of(s)); }

const dp_tensor *session_labels(const session *s) { return dp_batch_get(s->batch, "label"); }

static int make_net(session *s, const dp_options *options)
{
    const dp_tensor *input = dp_output(s->pipeline, input_of(s));
    dp_error err;

    return dp_net_open(&s->net, s->recipe.net, s->recipe.seed, input, options, &err) == DP_OK
               ? 0
               : cli_fail_error(&err, s->recipe.net);
}

static void copy_weights(const dp_net *from, const dp_net *to)
{
    const dp_tensor *t;

    for (size_t i = 0; (t = dp_net_parameter(from, i, NULL)) != NULL; i++) {
        size_t bytes = sizeof(float);
        for (int32_t d = 0; d < t->rank; d++)
            bytes *= (size_t)t->shape[d];
        memcpy(dp_net_parameter(to, i, NULL)->data, t->data, bytes);
    }
}

void session_take_weights(session *s, const session *from) { copy_weights(from->net, s->net); }

/* A checkpoint has moments and steps besides: a new net takes its weights alone. */
static int take_weights(session *s, const dp_options *options)
{
    dp_net *trained = s->net;
    int status;

    s->net = NULL;
    status = make_net(s, options);
    if (status == 0)
        copy_weights(trained, s->net);
    dp_net_close(trained);
    return status;
}

/* Relative to the folder of the data set. */
static void path_of(const session *s, const char *name, char path[4096])
{
    const bool alone = s->data == NULL || name[0] == '/';

    snprintf(path, 4096, "%s%s%s", alone ? "" : s->data, alone ? "" : "/", name);
}

static int load_weights(session *s, const dp_options *options)
{
    char path[4096];
    dp_error err;

    path_of(s, s->recipe.weights, path);
    if (dp_net_load(s->net, path, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    return dp_net_tell(s->net) > 0 ? take_weights(s, options) : 0;
}

static int open_net(session *s, const dp_options *given)
{
    dp_options own = *given;
    const dp_options *options = &own;
    const dp_tensor *image = dp_output(s->pipeline, "image"),
                    *input = dp_output(s->pipeline, input_of(s));
    int status;

    if (s->recipe.weights == NULL)
        own.log = NULL;

    if (input == NULL || dp_output(s->pipeline, "label") == NULL)
        return cli_fail(EXIT_MALFORMED, "%s: training needs the columns image (or input) and label",
                        s->recipe.name);
    if (image == NULL && input->rank != 2)
        return cli_fail(EXIT_MALFORMED, "%s: the net takes batches of tokens: end data with batch",
                        s->recipe.name);
    if (image != NULL && image->rank != 4)
        return cli_fail(
            EXIT_MALFORMED,
            "%s: the net takes batches of images: end data with hwc2chw and batch; or with "
            "batch alone, and begin net with input layout=nhwc",
            s->recipe.name);
    status = make_net(s, options);
    return status == 0 && s->recipe.weights != NULL ? load_weights(s, options) : status;
}

/* The state holds the fingerprints of the text and of the data set, and the seed. */
static int check_ranks(const session *s)
{
    uint8_t digest[16] = {0};
    dp_state state;
    dp_error err;

    if (dp_get_state(s->pipeline, &state, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    cli_fold(digest, state.bytes, sizeof state.bytes);
    cli_fold(digest, &s->recipe.steps, sizeof s->recipe.steps);
    return dp_group_check(s->group, digest, "data set, pipeline, seed or number of steps", &err) ==
                   DP_OK
               ? 0
               : cli_fail_error(&err, NULL);
}

/* A hint below an error that some file is not there; an address says itself where. */
static void say_where(const session *s, const char *text)
{
    struct stat st;

    if (s->data == NULL && strstr(text, "://") == NULL)
        fputs("  --data DIR names the folder of the data set\n", stderr);
    else if (s->data != NULL && stat(s->data, &st) == 0 && S_ISREG(st.st_mode))
        fprintf(
            stderr,
            "  --data %s is a file: only cifar10 and cifar100 read an archive of theirs, unpack "
            "others\n",
            s->data);
}

/* A folder, an archive or an address: also of a text that reads no file. */
static int check_data(const session *s)
{
    struct stat st;

    if (s->data == NULL || dp_path_is_url(s->data) ||
        (stat(s->data, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))))
        return 0;
    return cli_fail(EXIT_NOT_TRIED, "--data %s is neither a folder nor an archive", s->data);
}

/* Before the data set is read, which may take long; a file that is there need not be written. */
static int check_identities(const session *s)
{
    char path[4096];
    dp_error err;

    if (s->identities == NULL)
        return 0;
    path_of(s, s->identities, path);
    if (!dp_file_exists(path))
        return output_check(path);
    return dp_check_regular(path, &err) == DP_OK ? 0 : cli_fail_error(&err, NULL);
}

static dp_options options_of(session *s)
{
    dp_options options = cli_options();

    options.root = s->data;
    options.identities = s->identities;
    options.threads = s->threads > UINT32_MAX ? UINT32_MAX : (uint32_t)s->threads;
    options.prefetch = s->prefetch > UINT32_MAX ? UINT32_MAX : (uint32_t)s->prefetch;
    options.digests = s->digests;
    options.group = s->group;
    options.log = hear;
    options.log_ctx = s;
    return options;
}

static dp_info info_of(const dp_pipeline *p)
{
    dp_info info = {.size = sizeof info};
    dp_error err;

    return dp_get_info(p, &info, &err) == DP_OK ? info : (dp_info){0};
}

uint64_t session_left_out(const session *s) { return info_of(s->pipeline).left_out; }

void session_print_left_out(const session *s) { cli_print_left_out(session_left_out(s), ""); }

/* The labels of test: are called as those of data:, which need not be here. */
static int check_label_names(const session *s, const dp_options *options)
{
    const uint64_t names = info_of(s->pipeline).label_names;
    dp_pipeline *data = NULL;
    uint64_t others;
    dp_error err;

    if (!s->test || names == 0)
        return 0;
    if (dp_open(&data, s->recipe.data, s->recipe.seed, options, &err) != DP_OK) {
        fprintf(stderr, "detpipe: the classes of data: were not compared: %s\n", err.message);
        return 0;
    }
    others = info_of(data).label_names;
    dp_close(data);
    return others == 0 || others == names
               ? 0
               : cli_fail(
                     EXIT_NOT_TRIED,
                     "%s: the classes of test: are not those of data:, so a label means another "
                     "class; name them in both with classes=a,b,c",
                     s->recipe.name);
}

static int is_taken(void *net, uint64_t n_rows, uint64_t row)
{
    return dp_net_takes(net, n_rows, row);
}

static int share_rows(session *s)
{
    dp_error err;

    return dp_set_wanted(s->pipeline, is_taken, s->net, &err) == DP_OK ? 0
                                                                       : cli_fail_error(&err, NULL);
}

static int open_recipe(session *s, cli_optional seed, cli_optional steps)
{
    const dp_options options = options_of(s);
    int status;
    const char *text = s->test ? s->recipe.test : s->recipe.data;
    dp_error err;

    if (seed.given) {
        s->recipe.seed = seed.value;
        s->recipe.seed_given = true;
    }
    if (steps.given)
        s->recipe.steps = steps.value;
    if (text == NULL)
        return cli_fail(EXIT_MALFORMED, "%s has no test: line", s->recipe.name);
    if (dp_open(&s->pipeline, text, s->recipe.seed, &options, &err) != DP_OK) {
        if (s->texts_do && err.status == DP_EIO && s->data == NULL)
            return 0;
        const int failed = cli_fail_error(&err, text);
        if (err.status == DP_EIO)
            say_where(s, text);
        return failed;
    }
    status = check_data(s);
    if (status == 0)
        status = check_label_names(s, &options);
    if (status == 0)
        status = check_identities(s);
    if (status == 0 && s->group != NULL)
        status = check_ranks(s);
    if (status != 0)
        return status;
    if (s->recipe.net == NULL || s->stream_only)
        return 0;
    status = open_net(s, &options);
    return status == 0 && s->shares ? share_rows(s) : status;
}

int session_open(session *s, const char *what, cli_optional seed, cli_optional steps)
{
    const int status = recipe_load(what, what, &s->recipe);

    return status == 0 ? open_recipe(s, seed, steps) : status;
}

int session_open_text(session *s, const char *text, const char *name, cli_optional seed)
{
    const int status = recipe_parse(text, name, &s->recipe);

    return status == 0 ? open_recipe(s, seed, (cli_optional){0}) : status;
}

int session_open_test(session *s, const session *of)
{
    *s = (session){.data = of->data,
                   .identities = of->identities,
                   .test = true,
                   .threads = of->threads,
                   .prefetch = of->prefetch,
                   .group = of->group,
                   .shares = of->shares};
    s->recipe = recipe_copy(&of->recipe);
    free(s->recipe.weights); /* they come from the other net */
    s->recipe.weights = NULL;
    return open_recipe(s, (cli_optional){0}, (cli_optional){0});
}

void session_close(session *s)
{
    dp_net_close(s->net);
    dp_close(s->pipeline);
    recipe_free(&s->recipe);
    s->net = NULL;
    s->pipeline = NULL;
}

int session_identify(const session *s)
{
    uint8_t digest[16];
    dp_error err;

    return dp_dataset_digest(s->pipeline, digest, &err) == DP_OK ? 0 : cli_fail_error(&err, NULL);
}

int session_step(session *s, dp_net_result *result)
{
    dp_error err;
    const dp_status next = dp_next(s->pipeline, &s->batch, &err);

    if (next == DP_END)
        return cli_fail(
            EXIT_NOT_TRIED, "the data ends after %llu of %llu steps: add repeat, or lower steps",
            (unsigned long long)dp_net_tell(s->net), (unsigned long long)s->recipe.steps);
    return next == DP_OK &&
                   dp_net_step(s->net, session_input(s), session_labels(s), result, &err) == DP_OK
               ? 0
               : cli_fail_error(&err, NULL);
}

void session_fingerprint(const session *s, uint8_t digest[16])
{
    uint8_t stream[16], weights[16];
    char counts[64];
    const int n = snprintf(counts, sizeof counts, "seed %llu steps %llu",
                           (unsigned long long)s->recipe.seed, (unsigned long long)s->recipe.steps);

    memset(digest, 0, 16);
    dp_fingerprint(s->pipeline, stream);
    cli_fold(digest, stream, sizeof stream);
    if (s->net != NULL)
        cli_fold(digest, dp_net_spec(s->net), strlen(dp_net_spec(s->net)));
    if (s->net != NULL && s->recipe.weights != NULL) {
        dp_net_digest(s->net, weights, NULL);
        cli_fold(digest, weights, sizeof weights);
    }
    cli_fold(digest, counts, (size_t)n);
}

void session_net_digest(const session *s, uint8_t digest[16])
{
    const char *spec = dp_net_spec(s->net);

    memset(digest, 0, 16);
    cli_fold(digest, spec, strlen(spec));
    cli_fold(digest, &s->recipe.seed, sizeof s->recipe.seed);
}

void session_run_digest(const session *s, uint8_t digest[16])
{
    uint8_t stream[16];

    session_net_digest(s, digest);
    dp_fingerprint(s->pipeline, stream);
    cli_fold(digest, stream, sizeof stream);
    if (s->from[0] != '\0')
        cli_fold(digest, s->from, strlen(s->from));
}

void session_layers_digest(const session *s, uint8_t digest[16])
{
    const char *spec = dp_net_spec(s->net);
    text_stages stages;

    text_parse(spec, &stages);
    memset(digest, 0, 16);
    cli_fold(digest, spec, stages.stage[stages.n - 1].column - 1);
    cli_fold(digest, &s->recipe.seed, sizeof s->recipe.seed);
    text_free(&stages);
}

static uint32_t revision_of(const char *name)
{
    size_t n, i = 0;
    const dp_stage_info *const *stages = dp_stages(&n);

    while (i < n && strcmp(stages[i]->name, name) != 0)
        i++;
    return i < n ? stages[i]->revision : 0;
}

void session_stream_digest(const session *s, uint8_t digest[16])
{
    const char *spec = dp_spec(s->pipeline);
    text_stages stages;

    text_parse(spec, &stages);
    memset(digest, 0, 16);
    for (size_t i = 0; i < stages.n; i++) {
        const dp_text_stage *stage = &stages.stage[i];
        const uint32_t revision = revision_of(stage->name);
        if (text_is(stage, "batch"))
            continue;
        cli_fold(digest, spec + stage->column - 1, stage->end - stage->column);
        cli_fold(digest, &revision, sizeof revision);
    }
    text_free(&stages);
}
