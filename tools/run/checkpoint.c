/* checkpoint.c - a run on disk: its net, its place in the data, and what it is a run of
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "tools/run/checkpoint.h"
#include "tools/cli/output.h"

#define UNIDENTIFIED "data=unknown" /* the note of weights that no state goes with */
#define NOTE_SIZE    512

/* ---- notes ---- */

/* What a run is a run of, and where it is. */
typedef struct note {
    dp_state state;
    char net[33], layers[33], stream[33]; /* digests; layers "": an older note, of the first two */
    unsigned long long rows, batches;     /* of a batch, of an epoch; 0 = without end */
    char from[SESSION_FROM];              /* the last change, "" = none */
    char best[SESSION_BEST];              /* of the tests so far, likewise */
} note;

static const char *const words[] = {"optimizer", "steps", "data", "batch"};
#define N_WORDS (sizeof words / sizeof words[0])

/* The words of some changes, parted by `by`. */
static void name_changes(unsigned changes, char by, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < N_WORDS; i++) {
        if (changes >> i & 1)
            n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? (char[]){by, '\0'} : "",
                                  words[i]);
    }
}

int checkpoint_changes(const char *list, unsigned *changes)
{
    *changes = 0;
    for (const char *at = list; at != NULL && (at == list || *at != '\0');) {
        const size_t length = strcspn(at, ",");
        size_t i = 0;
        while (i < N_WORDS && (strlen(words[i]) != length || memcmp(words[i], at, length) != 0))
            i++;
        if (i == N_WORDS)
            return cli_fail(EXIT_MALFORMED,
                            "train: --change takes optimizer,steps,data,batch, not '%.*s'",
                            (int)length, at);
        *changes |= 1u << i;
        at += length + (at[length] == ',');
    }
    return 0;
}

static void print_note(const note *n, char *out)
{
    int at = snprintf(out, NOTE_SIZE, "data=");

    for (size_t i = 0; i < DP_STATE_SIZE; i += 16)
        at += snprintf(out + at, NOTE_SIZE - (size_t)at, "%s", cli_hex_of(n->state.bytes + i).text);
    at += snprintf(out + at, NOTE_SIZE - (size_t)at, " net=%s", n->net);
    if (n->layers[0] != '\0')
        at += snprintf(out + at, NOTE_SIZE - (size_t)at, " layers=%s stream=%s batch=%llu:%llu",
                       n->layers, n->stream, n->rows, n->batches);
    if (n->from[0] != '\0')
        at += snprintf(out + at, NOTE_SIZE - (size_t)at, " from=%s", n->from);
    if (n->best[0] != '\0')
        snprintf(out + at, NOTE_SIZE - (size_t)at, " best=%s", n->best);
}

/* Whether it is one of ours, which is that it would be written so. */
static bool parse_note(const char *text, note *n)
{
    char state[2 * DP_STATE_SIZE + 1] = "", again[NOTE_SIZE];

    const char *best = strstr(text, " best=");

    *n = (note){0};
    if (best != NULL)
        (void)sscanf(best, " best=%63[0-9a-f:]", n->best);
    (void)sscanf(text,
                 "data=%128[0-9a-f] net=%32[0-9a-f] layers=%32[0-9a-f] stream=%32[0-9a-f] "
                 "batch=%llu:%llu from=%95[0-9a-z:]",
                 state, n->net, n->layers, n->stream, &n->rows, &n->batches, n->from);
    for (size_t i = 0; i < DP_STATE_SIZE; i += 16) {
        if (strlen(state) != sizeof state - 1 ||
            !dp_digest_parse(state + 2 * i, n->state.bytes + i))
            return false;
    }
    print_note(n, again);
    return strcmp(text, again) == 0;
}

static void note_here(const session *s, const dp_state *state, note *n)
{
    uint8_t digest[16];
    dp_info info = {.size = sizeof info};
    dp_error err;

    *n = (note){.state = *state};
    session_net_digest(s, digest);
    memcpy(n->net, cli_hex_of(digest).text, sizeof n->net);
    session_layers_digest(s, digest);
    memcpy(n->layers, cli_hex_of(digest).text, sizeof n->layers);
    session_stream_digest(s, digest);
    memcpy(n->stream, cli_hex_of(digest).text, sizeof n->stream);
    if (dp_get_info(s->pipeline, &info, &err) == DP_OK) {
        n->rows = info.batch_rows;
        n->batches = info.epoch_batches != UINT64_MAX ? info.epoch_batches : 0;
    }
    memcpy(n->from, s->from, sizeof n->from);
    memcpy(n->best, s->best, sizeof n->best);
}

/* ---- writing ---- */

/* Beside the checkpoint: what that holds can go on, this cannot. */
static int save_unidentified(const session *s, const char *path)
{
    char beside[4096 + 16];
    dp_error err;
    int status;

    snprintf(beside, sizeof beside, "%s.unidentified", path);
    if (dp_net_set_note(s->net, UNIDENTIFIED, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    status = output_net(s->net, beside);
    return status != 0 ? status
                       : cli_fail(EXIT_NOT_TRIED,
                                  "%s has the weights of step %llu, and no place in the data: "
                                  "--load refuses it, weights: in a recipe takes it",
                                  beside, (unsigned long long)dp_net_tell(s->net));
}

int checkpoint_save(const session *s, const char *path)
{
    char text[NOTE_SIZE];
    dp_state state;
    dp_error err;
    note n;

    if (dp_get_state(s->pipeline, &state, &err) != DP_OK) {
        cli_fail_error(&err, NULL);
        return save_unidentified(s, path);
    }
    note_here(s, &state, &n);
    print_note(&n, text);
    return dp_net_set_note(s->net, text, &err) == DP_OK ? output_net(s->net, path)
                                                        : cli_fail_error(&err, NULL);
}

/* ---- going on ---- */

enum { FINGERPRINT = 8, IDENTITY = 24, SEED = 32, BATCH = 40 }; /* of a state: docs/state.md */

static bool same_bytes(const note *a, const note *b, size_t first, size_t end)
{
    return memcmp(a->state.bytes + first, b->state.bytes + first, end - first) == 0;
}

/* What is another one here than there.  The net but for its optimizer is not asked. */
static unsigned compare(const note *there, const note *here)
{
    const bool known = there->layers[0] != '\0';
    unsigned changes = strcmp(there->net, here->net) != 0 ? CHANGE_OPTIMIZER : 0;

    if (same_bytes(there, here, FINGERPRINT, BATCH))
        return changes;
    if (!known || !same_bytes(there, here, IDENTITY, BATCH) ||
        strcmp(there->stream, here->stream) != 0)
        changes |= CHANGE_DATA;
    if (known && (there->rows != here->rows || !(changes & CHANGE_DATA)))
        changes |= CHANGE_BATCH;
    return changes;
}

static int refuse(const session *s, const char *path, const note *there, unsigned differs)
{
    const unsigned stream = differs & (CHANGE_DATA | CHANGE_BATCH);
    char list[64];
    dp_error err;
    int status;

    name_changes(differs, ',', list, sizeof list);
    if (stream != 0 && dp_set_state(s->pipeline, &there->state, &err) != DP_OK)
        status = cli_fail_error(&err, NULL);
    else
        status = cli_fail(EXIT_NOT_TRIED,
                          "%s is of a run with another optimizer (weights: in a recipe takes its "
                          "weights alone)",
                          path);
    if (there->layers[0] != '\0')
        fprintf(stderr, "  --change %s goes on with the recipe's\n", list);
    return status;
}

/* The batch that begins with the next row, of other batches. */
static int find_batch(const char *path, const note *there, const note *here, uint64_t *batch)
{
    const uint64_t epoch = there->batches != 0 ? *batch / there->batches : 0,
                   row = (*batch - epoch * there->batches) * there->rows;

    if (here->rows == 0 || row % here->rows != 0 ||
        (here->batches != 0 && row / here->rows > here->batches) ||
        (here->batches == 0) != (there->batches == 0))
        return cli_fail(EXIT_NOT_TRIED,
                        "%s: its run has taken %llu rows of an epoch, and no batch of %llu rows "
                        "begins behind them: --change batch goes on where both do",
                        path, (unsigned long long)row, here->rows);
    *batch = epoch * here->batches + row / here->rows;
    return 0;
}

/* Where the changed run goes on. */
static int change(session *s, const char *path, const note *there, const note *here,
                  unsigned differs)
{
    uint64_t batch = dp_load_le(there->state.bytes + BATCH, 8);
    char text[NOTE_SIZE], list[64];
    uint8_t digest[16] = {0};
    dp_error err;
    int status = differs & CHANGE_BATCH ? find_batch(path, there, here, &batch) : 0;

    if (status == 0 && dp_seek(s->pipeline, batch, &err) != DP_OK)
        status = cli_fail_error(&err, NULL);
    if (status != 0)
        return status;
    print_note(there, text);
    cli_fold(digest, text, strlen(text));
    name_changes(differs, ':', list, sizeof list);
    snprintf(s->from, sizeof s->from, "%llu:%s:%s", (unsigned long long)dp_net_tell(s->net),
             cli_hex_of(digest).text, list);
    if (s->group == NULL || s->group->rank == 0)
        fprintf(stderr, "  changed from step %s\n", s->from);
    return 0;
}

static int go_on(session *s, const char *path, unsigned changes)
{
    const char *text = dp_net_note(s->net);
    note there, here;
    dp_state state;
    dp_error err;
    unsigned differs;

    if (strcmp(text, UNIDENTIFIED) == 0)
        return cli_fail(EXIT_NOT_TRIED,
                        "%s is of a run whose data set changed under it: it has no place to go on "
                        "from (weights: in a recipe takes its weights alone)",
                        path);
    if (!parse_note(text, &there))
        return cli_fail(EXIT_NOT_TRIED, "%s: its note was not written by detpipe train", path);
    if (dp_get_state(s->pipeline, &state, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    note_here(s, &state, &here);
    if (strcmp(there.net, here.net) != 0 && strcmp(there.layers, here.layers) != 0)
        return cli_fail(EXIT_NOT_TRIED,
                        "%s is of a run with another net, loss, optimizer, init or seed "
                        "(weights: in a recipe takes its weights alone)",
                        path);
    memcpy(s->best, there.best, sizeof s->best);
    differs = compare(&there, &here);
    if ((differs & ~changes) != 0 || (differs != 0 && there.layers[0] == '\0'))
        return refuse(s, path, &there, differs);
    if (differs != 0)
        return change(s, path, &there, &here, differs);
    memcpy(s->from, there.from, sizeof s->from);
    if (dp_set_state(s->pipeline, &there.state, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    return dp_tell(s->pipeline) == dp_net_tell(s->net) || s->from[0] != '\0'
               ? 0
               : cli_fail(EXIT_NOT_TRIED, "%s: its steps and its place in the data do not agree",
                          path);
}

int checkpoint_load(session *s, const char *path, unsigned changes)
{
    dp_error err;
    int status = 0;

    if (dp_net_load(s->net, path, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    if (dp_net_note(s->net)[0] != '\0')
        status = go_on(s, path, changes);
    else if (dp_seek(s->pipeline, dp_net_tell(s->net), &err) != DP_OK)
        status = cli_fail_error(&err, NULL);
    s->ahead = dp_tell(s->pipeline) - dp_net_tell(s->net);
    return status;
}
