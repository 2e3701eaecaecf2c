/* cmd_snapshot.c - write a stream to a file; check, repair and compare such files
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "tools/commands/commands.h"
#include "tools/cli/memory.h"
#include "tools/compare/snapshot.h"

static const char about[] =
    "write SPEC OUT: the rows of a stream, after all its transforms, into one file (or shards) that the "
    "reader `snapshot file=OUT` gives back, any row at once and every row verified.\n"
    "info FILE: what it holds and how it was made.\n"
    "check FILE: reads and checks every byte, and holds every block against FILE.seal where that is there; "
    "exit status 1 if anything is damaged.  --repair-from makes damaged blocks anew from SPEC.\n"
    "cat FILE [OPTIONS of cat]: a row (--batch N), as `detpipe cat` prints it.\n"
    "seal FILE: reads and checks every byte, writes FILE.seal, and prints the digest that a text names "
    "(digest=), so that nobody can put other rows in their place.\n"
    "mirror FILE DIR: a copy in the folder DIR, of FILE.seal and shards, too, every block checked on "
    "its way; one that was stopped goes on.\n"
    "diff A B: whether two hold the same rows; exit status 1 if not.\n"
    "SPEC is a pipeline text in quotes, a recipe's name or a recipe file.";

typedef struct settings {
    session session;
    cli_optional seed;
    dp_snapshot_options write;
    const char *repair_from, *digest;
    bool resume, json;
} settings;

/* ---- write ---- */

/* A snapshot of nothing, or of less than was asked, would be taken for one of all. */
static int check_length(const settings *set)
{
    const uint64_t length = dp_length(set->session.pipeline), asked = set->write.batches;

    return length == 0 || length < asked ? cli_fail_short("snapshot", asked, length, "batches") : 0;
}

static int write_snapshot(settings *set, const char *spec, const char *path)
{
    session *s = &set->session;
    dp_error err;
    int status;

    if (strcmp(path, "-") == 0)
        return cli_fail(EXIT_MALFORMED, "snapshot: OUT is a file: standard output cannot be one");
    s->stream_only = true;
    status = session_open(s, spec, set->seed, (cli_optional){0});
    if (status == 0)
        status = check_length(set);
    if (status != 0)
        return status;
    set->write.size = sizeof set->write;
    set->write.resume = set->resume;
    if (dp_snapshot_write(s->pipeline, path, &set->write, &err) != DP_OK)
        status = cli_fail_error(&err, err.column != 0 ? s->recipe.data : NULL);
    if (status == 0)
        status = snapshot_say_written(path);
    if (status == 0)
        session_print_left_out(s);
    return status;
}

/* ---- check ---- */

#define MOST_LINES 20

static void say_line(void *ctx, const char *line)
{
    uint64_t *n = ctx;

    cli_progress_end();
    if (++*n <= MOST_LINES)
        printf("%s\n", line);
}

/* What a check found; digest: of the seal that the blocks were held against, "" = there is none. */
typedef struct found {
    dp_snapshot_damage damage;
    uint64_t n_blocks;
    char digest[65];
} found;

/* A file that is not complete is damaged, whatever its seal says. */
static int check_digest(const char *path, const dp_snapshot_info *info, const char *wanted)
{
    if (wanted == NULL || !info->complete ||
        (info->digest != NULL && strcmp(info->digest, wanted) == 0))
        return 0;
    if (info->digest == NULL)
        return cli_fail(EXIT_NOT_TRIED,
                        "%s: --digest needs %s.seal, which is not there, or another's", path, path);
    return cli_fail(EXIT_NOT_TRIED, "%s is another snapshot: its digest is %s, not %s", path,
                    info->digest, wanted);
}

static int check_open(dp_snapshot *snapshot, const char *path, const settings *set,
                      dp_pipeline *from, found *out)
{
    const dp_snapshot_info *info = dp_snapshot_get_info(snapshot);
    const int status = check_digest(path, info, set->digest);
    dp_error err;

    if (status != 0)
        return status;
    out->n_blocks = info->n_blocks;
    snprintf(out->digest, sizeof out->digest, "%s", info->digest != NULL ? info->digest : "");
    return dp_snapshot_check(snapshot, from, &out->damage, &err) == DP_OK
               ? 0
               : cli_fail_error(&err, NULL);
}

static int check_once(const char *path, const settings *set, dp_pipeline *from, bool quiet,
                      found *out)
{
    uint64_t n = 0;
    int status;
    dp_options options = cli_options();
    dp_snapshot *snapshot = NULL;
    dp_error err;

    options.log = quiet ? NULL : say_line;
    options.log_ctx = &n;
    status = dp_snapshot_open(&snapshot, path, &options, &err) == DP_OK
                 ? check_open(snapshot, path, set, from, out)
                 : cli_fail_error(&err, NULL);
    dp_snapshot_close(snapshot);
    if (n > MOST_LINES)
        printf("... and %llu lines more\n", (unsigned long long)(n - MOST_LINES));
    return status;
}

static void say_sealed(const char *path, const found *f)
{
    if (f->digest[0] != '\0')
        printf("%llu of %llu blocks are those of %s.seal\ndigest=%s\n",
               (unsigned long long)(f->n_blocks - f->damage.blocks),
               (unsigned long long)f->n_blocks, path, f->digest);
}

static bool is_damaged(const dp_snapshot_damage *d)
{
    return d->blocks > 0 || d->index || d->footer;
}

/* The seed is the file's. */
static int open_source(settings *set, const char *path)
{
    dp_snapshot *snapshot;
    const int status = snapshot_open(&snapshot, path);

    if (status != 0)
        return status;
    set->seed = (cli_optional){true, dp_snapshot_get_info(snapshot)->seed};
    dp_snapshot_close(snapshot);
    set->session.stream_only = true;
    return session_open(&set->session, set->repair_from, set->seed, (cli_optional){0});
}

static int check_snapshot(settings *set, const char *path)
{
    found before = {.n_blocks = 0}, after = {.n_blocks = 0};
    const dp_snapshot_damage *damage = &before.damage;
    int status = set->repair_from != NULL ? open_source(set, path) : 0;

    if (status == 0)
        status = check_once(path, set, set->session.pipeline, false, &before);
    if (status != 0)
        return status;
    if (!is_damaged(damage)) {
        printf("%s: every byte is as it was written\n", path);
        say_sealed(path, &before);
        return EXIT_YES;
    }
    printf("%s: %llu blocks with %llu records are damaged\n", path,
           (unsigned long long)damage->blocks, (unsigned long long)damage->records);
    if (set->repair_from == NULL) {
        say_sealed(path, &before);
        return EXIT_NO;
    }
    status = check_once(path, set, NULL, true, &after);
    if (status == 0 && is_damaged(&after.damage))
        status = cli_fail(EXIT_NO, "%s: it is still damaged", path);
    if (status != 0)
        return status;
    printf("repaired: every byte is as it was written\n");
    say_sealed(path, &after);
    return EXIT_YES;
}

/* ---- seal ---- */

static int seal_snapshot(const char *path)
{
    dp_snapshot *snapshot;
    char digest[65];
    dp_error err;
    int status = snapshot_open(&snapshot, path);

    if (status != 0)
        return status;
    if (dp_snapshot_seal(snapshot, digest, &err) == DP_OK)
        printf("%s.seal is written\ndigest=%s\n", path, digest);
    else
        status = cli_fail_error(&err, NULL);
    dp_snapshot_close(snapshot);
    return status;
}

/* ---- mirror ---- */

static int copy_snapshot(dp_snapshot *snapshot, const char *path, const char *folder,
                         const char *digest)
{
    const dp_snapshot_info *info = dp_snapshot_get_info(snapshot);
    found f = {.n_blocks = info->n_blocks};
    const char *copy;
    dp_error err;
    const int status = check_digest(path, info, digest);

    if (status != 0)
        return status;
    if (dp_snapshot_mirror(snapshot, folder, &copy, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    snprintf(f.digest, sizeof f.digest, "%s", info->digest != NULL ? info->digest : "");
    printf("%s: every byte is as it was written\n", copy);
    say_sealed(copy, &f);
    return EXIT_YES;
}

static int mirror_snapshot(const char *path, const char *folder, const char *digest)
{
    dp_snapshot *snapshot;
    int status = snapshot_open(&snapshot, path);

    if (status != 0)
        return status;
    status = copy_snapshot(snapshot, path, folder, digest);
    dp_snapshot_close(snapshot);
    return status;
}

/* ---- the command ---- */

/* `cat FILE ...` is the command of that name on the rows of the file. */
static int cat_snapshot(int argc, char **argv)
{
    char **words = xmalloc(((size_t)argc + 1) * sizeof *words);
    char *spec = argc > 2 && argv[2][0] != '-' ? snapshot_text(argv[2], "") : NULL;
    int status;

    for (int i = 1; i <= argc; i++)
        words[i - 1] = argv[i];
    if (spec != NULL)
        words[1] = spec;
    status = cmd_cat(argc - 1, words);
    free(spec);
    free(words);
    return status;
}

static const struct {
    const char *name;
    int n_words;
} verbs[] = {{"write", 3}, {"info", 2}, {"check", 2}, {"seal", 2}, {"mirror", 3}, {"diff", 3}};

static bool is_verb(const char *const words[3])
{
    const int n = words[2] != NULL ? 3 : 2;

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(words[0], verbs[i].name) == 0)
            return n == verbs[i].n_words;
    }
    return false;
}

static int run(settings *set, const char *const words[3])
{
    if (!is_verb(words))
        return cli_fail(EXIT_MALFORMED, "snapshot takes write SPEC OUT, info FILE, check FILE, "
                                        "seal FILE, mirror FILE DIR, cat FILE or diff A B");
    if (strcmp(words[0], "write") == 0)
        return write_snapshot(set, words[1], words[2]);
    if (strcmp(words[0], "info") == 0)
        return snapshot_info(words[1], set->json);
    if (strcmp(words[0], "check") == 0)
        return check_snapshot(set, words[1]);
    if (strcmp(words[0], "seal") == 0)
        return seal_snapshot(words[1]);
    if (strcmp(words[0], "mirror") == 0)
        return mirror_snapshot(words[1], words[2], set->digest);
    return snapshot_diff(words[1], words[2], set->json);
}

static const cli_need needs[] = {{"--compression", {"write"}},
                                 {"--block-size", {"write"}},
                                 {"--shard-size", {"write"}},
                                 {"--batches", {"write"}},
                                 {"--resume", {"write"}},
                                 {"--seed", {"write"}},
                                 {"--repair-from", {"check"}},
                                 {"--digest", {"check", "mirror"}},
                                 {"--json", {"info", "diff"}},
                                 {"--data", {"write", "--repair-from"}},
                                 {"--threads", {"write", "--repair-from"}},
                                 {"--prefetch", {"write", "--repair-from"}},
                                 {"--identities", {"write", "--repair-from"}},
                                 {NULL, {NULL}}};

int cmd_snapshot(int argc, char **argv)
{
    settings set = {.session = SESSION_DEFAULTS};
    const char *words[3] = {NULL, NULL, NULL};
    const cli_option options[] = {
        {"compression", "NAME", "write: none, lz4 or lz4hc (default: none)", CLI_TEXT,
         &set.write.compression},
        {"block-size", "BYTES", "write: size of a block (default: 4K; 64K with compression)",
         CLI_SIZE, &set.write.block_size},
        {"shard-size", "BYTES", "write: size of a shard, 10M, 2G, ... (default: one file)",
         CLI_SIZE, &set.write.shard_size},
        {"batches", "N", "write: the first N batches (default: all)", CLI_POSITIVE,
         &set.write.batches},
        {"resume", NULL, "write: go on where it was stopped", CLI_FLAG, &set.resume},
        {"seed", "N", "write: seed (default: 1, or the recipe's)", CLI_OPTIONAL, &set.seed},
        {"repair-from", "SPEC", "check: make damaged blocks anew from this stream", CLI_TEXT,
         &set.repair_from},
        {"digest", "D", "check, mirror: FILE.seal has to be there and have this digest", CLI_TEXT,
         &set.digest},
        {"json", NULL, "info, diff: print one JSON object", CLI_FLAG, &set.json},
        SESSION_OPTIONS(set.session),
        SESSION_IDENTITIES(set.session),
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {
        "snapshot", "write|mirror|diff A B | info|check|seal|cat FILE", about, options, 2, 3};
    int status;

    if (argc > 1 && strcmp(argv[1], "cat") == 0)
        return cat_snapshot(argc, argv);
    status = cli_parse(&command, argc, argv, words);
    if (status == 0)
        status = cli_check_needs(&command, argv, words[0], needs);
    if (status == 0)
        status = run(&set, words);
    session_close(&set.session);
    return status;
}
