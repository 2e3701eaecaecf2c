/* checkpoint.c - a run on disk: its net, its place in the data, and what it is a run of
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/hash.h"
#include "tools/run/checkpoint.h"
#include "tools/cli/output.h"

#define UNIDENTIFIED "data=unknown" /* the note of weights that no state goes with */
#define NOTE_SIZE    (16 + 2 * DP_STATE_SIZE + 2 * 16)

static void print_note(const session *s, const dp_state *state, char note[NOTE_SIZE])
{
    uint8_t digest[16];
    int n = snprintf(note, NOTE_SIZE, "data=");

    for (size_t i = 0; i < DP_STATE_SIZE; i += 16)
        n += snprintf(note + n, NOTE_SIZE - (size_t)n, "%s", cli_hex_of(state->bytes + i).text);
    session_net_digest(s, digest);
    snprintf(note + n, NOTE_SIZE - (size_t)n, " net=%s", cli_hex_of(digest).text);
}

static bool parse_state(const char *note, dp_state *state)
{
    const char *at = note + strlen("data=");

    if (strncmp(note, "data=", strlen("data=")) != 0 ||
        strspn(at, "0123456789abcdef") != 2 * (size_t)DP_STATE_SIZE)
        return false;
    for (size_t i = 0; i < DP_STATE_SIZE; i += 16) {
        if (!dp_digest_parse(at + 2 * i, state->bytes + i))
            return false;
    }
    return true;
}

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
    char note[NOTE_SIZE];
    dp_state state;
    dp_error err;

    if (dp_get_state(s->pipeline, &state, &err) != DP_OK) {
        cli_fail_error(&err, NULL);
        return save_unidentified(s, path);
    }
    print_note(s, &state, note);
    return dp_net_set_note(s->net, note, &err) == DP_OK ? output_net(s->net, path)
                                                        : cli_fail_error(&err, NULL);
}

static int go_on(session *s, const char *path)
{
    char own[NOTE_SIZE];
    const char *note = dp_net_note(s->net);
    dp_state state;
    dp_error err;

    if (strcmp(note, UNIDENTIFIED) == 0)
        return cli_fail(EXIT_NOT_TRIED,
                        "%s is of a run whose data set changed under it: it has no place to go on "
                        "from (weights: in a recipe takes its weights alone)",
                        path);
    if (!parse_state(note, &state))
        return cli_fail(EXIT_NOT_TRIED, "%s: its note was not written by detpipe train", path);
    print_note(s, &state, own);
    if (strcmp(note, own) != 0)
        return cli_fail(EXIT_NOT_TRIED,
                        "%s is of a run with another net, loss, optimizer, init or seed "
                        "(weights: in a recipe takes its weights alone)",
                        path);
    if (dp_set_state(s->pipeline, &state, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    return dp_tell(s->pipeline) == dp_net_tell(s->net)
               ? 0
               : cli_fail(EXIT_NOT_TRIED, "%s: its steps and its place in the data do not agree",
                          path);
}

int checkpoint_load(session *s, const char *path)
{
    dp_error err;

    if (dp_net_load(s->net, path, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    if (dp_net_note(s->net)[0] != '\0')
        return go_on(s, path);
    return dp_seek(s->pipeline, dp_net_tell(s->net), &err) == DP_OK ? 0
                                                                    : cli_fail_error(&err, NULL);
}
