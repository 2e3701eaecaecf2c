/* ladder.c - one run, with a digest for each rung
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/ladder.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

const char *const rung_names[N_RUNGS] = {"numerics", "dataset", "order",  "pixels",
                                         "weights",  "loss 1",  "loss 2", "bits"};
const char *const rung_meanings[N_RUNGS] = {
    "rounding, subnormals, fma, exp and log of the process",
    "every record of the data set",
    "record numbers of the batches",
    "contents of the batches",
    "initial parameters",
    "the forward pass of step 1",
    "the backward pass and update of step 1, or the forward pass of step 2",
    "all losses, the last gradients, the final parameters",
};

typedef struct folding {
    uint8_t order[16], pixels[16], bits[16];
} folding;

static void fold_u64(uint8_t digest[16], uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    cli_fold(digest, bytes, sizeof bytes);
}

static void fold_batch(const session *s, folding *f)
{
    const dp_tensor *id = dp_batch_get(s->batch, "id");
    const int64_t *records = id->data;
    uint8_t digest[16];

    for (int64_t i = 0; i < (id->rank > 0 ? id->shape[0] : 1); i++)
        fold_u64(f->order, (uint64_t)records[i]);
    dp_batch_digest(s->batch, digest);
    cli_fold(f->pixels, digest, sizeof digest);
}

static int train_step(session *s, ladder *l, folding *f)
{
    dp_net_result result;
    dp_error err;

    if (dp_net_step(s->net, session_input(s), session_labels(s), &result, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    memcpy(&l->losses[l->n_losses], &result.loss, sizeof result.loss);
    fold_u64(f->bits, l->losses[l->n_losses]);
    return 0;
}

static int run_steps(session *s, inject what, ladder *l, folding *f)
{
    cli_work work = {0};
    dp_error err;
    int status = 0;

    for (; l->n_losses < s->recipe.steps && status == 0; l->n_losses++) {
        const dp_status next = dp_next(s->pipeline, &s->batch, &err);
        cli_progress(&work, "step", l->n_losses + 1, s->recipe.steps);
        if (next == DP_END)
            break;
        if (next != DP_OK)
            return cli_fail_error(&err, NULL);
        status = inject_batch(what, s, l->n_losses);
        if (status != 0)
            return status;
        fold_batch(s, f);
        if (s->net != NULL)
            status = train_step(s, l, f);
    }
    cli_progress_end();
    return status;
}

/* The first rungs: this process and the data set. */
static int look_around(session *s, inject what, ladder *l)
{
    uint8_t digest[16];
    dp_error err = {0};
    const int status = inject_environment(what);

    if (status != 0)
        return status;
    if (dp_numeric_check(digest, &err) != DP_OK)
        snprintf(l->numerics, sizeof l->numerics, "%s", err.message);
    l->digests[RUNG_NUMERICS] = cli_hex_of(digest);
    if (dp_dataset_digest(s->pipeline, digest, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    l->digests[RUNG_DATASET] = cli_hex_of(digest);
    l->left_out = session_left_out(s);
    return 0;
}

static void name_losses(const session *s, ladder *l, folding *f)
{
    uint8_t parameters[16], gradients[16];

    for (uint64_t i = 0; i < 2 && i < l->n_losses; i++) {
        uint8_t digest[16] = {0};
        fold_u64(digest, l->losses[i]);
        l->digests[i == 0 ? RUNG_LOSS_1 : RUNG_LOSS_2] = cli_hex_of(digest);
    }
    dp_net_digest(s->net, parameters, gradients);
    cli_fold(f->bits, gradients, sizeof gradients);
    cli_fold(f->bits, parameters, sizeof parameters);
    l->digests[RUNG_BITS] = cli_hex_of(f->bits);
}

int ladder_run(session *s, inject what, ladder *l)
{
    const double start = cli_seconds();
    folding f = {{0}, {0}, {0}};
    uint8_t digest[16];
    int status;

    if (s->recipe.steps >= 1u << 28)
        return cli_fail(EXIT_NOT_TRIED,
                        "verify: more than %u steps: their losses take too much memory",
                        (1u << 28) - 1);
    *l = (ladder){.losses = xcalloc((size_t)s->recipe.steps + 1, sizeof *l->losses)};
    status = look_around(s, what, l);
    if (status == 0)
        status = inject_net(what, s);
    if (status != 0)
        return status;
    if (s->net != NULL) {
        dp_net_digest(s->net, digest, NULL);
        l->digests[RUNG_WEIGHTS] = cli_hex_of(digest);
    }
    status = run_steps(s, what, l, &f);
    l->digests[RUNG_ORDER] = cli_hex_of(f.order);
    l->digests[RUNG_PIXELS] = cli_hex_of(f.pixels);
    if (s->net != NULL)
        name_losses(s, l, &f);
    l->seconds = cli_seconds() - start;
    return status;
}

void ladder_free(ladder *l)
{
    free(l->losses);
    l->losses = NULL;
}

float ladder_loss(const ladder *l, uint64_t step)
{
    float loss;
    memcpy(&loss, &l->losses[step], sizeof loss);
    return loss;
}

/* ---- between processes ---- */

cJSON *ladder_to_json(const ladder *l)
{
    cJSON *json = cJSON_CreateObject(), *rungs = cJSON_AddObjectToObject(json, "rungs"), *losses;

    for (int r = 0; r < N_RUNGS; r++) {
        if (l->digests[r].text[0] != '\0')
            cJSON_AddStringToObject(rungs, rung_names[r], l->digests[r].text);
    }
    cJSON_AddStringToObject(json, "numerics", l->numerics);
    cJSON_AddNumberToObject(json, "steps", (double)l->n_losses);
    losses = cJSON_AddArrayToObject(json, "loss_bits");
    for (uint64_t i = 0; i < l->n_losses; i++)
        cJSON_AddItemToArray(losses, cJSON_CreateNumber((double)l->losses[i]));
    cli_add_count(json, "left_out", l->left_out);
    cJSON_AddNumberToObject(json, "seconds", l->seconds);
    return json;
}

bool ladder_from_json(const cJSON *json, ladder *l)
{
    const cJSON *rungs = cJSON_GetObjectItemCaseSensitive(json, "rungs");
    const cJSON *losses = cJSON_GetObjectItemCaseSensitive(json, "loss_bits"), *item;
    const char *numerics = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "numerics"));

    if (!cJSON_IsObject(rungs) || !cJSON_IsArray(losses) || numerics == NULL)
        return false;
    *l = (ladder){.losses = xcalloc((size_t)cJSON_GetArraySize(losses) + 1, sizeof *l->losses)};
    snprintf(l->numerics, sizeof l->numerics, "%s", numerics);
    for (int r = 0; r < N_RUNGS; r++) {
        const char *digest =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(rungs, rung_names[r]));
        snprintf(l->digests[r].text, sizeof l->digests[r].text, "%s", digest != NULL ? digest : "");
    }
    cJSON_ArrayForEach(item, losses) l->losses[l->n_losses++] =
        (uint32_t)cJSON_GetNumberValue(item);
    l->left_out = (uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(json, "left_out"));
    l->seconds = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "seconds"));
    return true;
}
