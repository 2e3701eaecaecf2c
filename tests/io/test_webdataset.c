/* test_webdataset.c - tar archives of samples: what WebDataset delivers of those of many programs,
 * damage, files that change
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "tests/support/snapshot.h"

#define SHARDS TEST_GOLDEN "/shards"

static char notes[1000];

static void note(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(notes + strlen(notes), sizeof notes - strlen(notes), "%s\n", line);
}

static dp_status open_with(dp_pipeline **p, const char *root, const char *identities,
                           const char *spec)
{
    const dp_options options = {
        .size = sizeof options, .root = root, .threads = 1, .log = note, .identities = identities};

    *p = NULL;
    notes[0] = '\0';
    return dp_open(p, spec, 1, &options, &test_error);
}

static void refuse(const char *root, const char *spec, dp_status wanted, const char *why)
{
    dp_pipeline *p;
    const dp_status status = open_with(&p, root, NULL, spec);

    dp_close(p);
    if (status != wanted || strstr(test_error.message, why) == NULL)
        fail_msg("%s: %d \"%s\", not \"%s\"", spec, status,
                 status == DP_OK ? "" : test_error.message, why);
}

/* ---- what the library delivers ---- */

#define MOST_SAMPLES 32
#define MOST_FIELDS  16

typedef struct sample {
    int n;
    char names[MOST_FIELDS][16], values[MOST_FIELDS][80];
} sample;

typedef struct delivery {
    char file[64];
    int n;
    bool error; /* after them */
    sample samples[MOST_SAMPLES];
} delivery;

/* "KEY name=value name=value" */
static void take_sample(char *line, sample *s)
{
    char *at = strchr(line, ' ');

    memset(s, 0, sizeof *s);
    while (at != NULL && s->n < MOST_FIELDS) {
        char *next = strchr(at + 1, ' '), *equals = strchr(at + 1, '=');
        if (next != NULL)
            *next = '\0';
        snprintf(s->names[s->n], sizeof s->names[0], "%.*s", (int)(equals - at - 1), at + 1);
        snprintf(s->values[s->n++], sizeof s->values[0], "%s", equals + 1);
        at = next;
    }
}

/* One file of the list, and where it goes on. */
static size_t take_delivery(const test_lines *lines, size_t i, delivery *d)
{
    memset(d, 0, sizeof *d);
    assert_int_equal(strncmp(lines->line[i], "file ", 5), 0);
    snprintf(d->file, sizeof d->file, "%s", lines->line[i++] + 5);
    for (; i < lines->n && strncmp(lines->line[i], "file ", 5) != 0; i++) {
        if (strcmp(lines->line[i], "error") == 0)
            d->error = true;
        else
            take_sample(lines->line[i], &d->samples[d->n++]);
        assert_true(d->n < MOST_SAMPLES);
    }
    return i;
}

/* The names of all fields, `first` before the others; false when there are no more than it. */
static size_t list_names(const delivery *d, char names[][16])
{
    size_t n = 0;

    for (int i = 0; i < d->n; i++) {
        for (int k = 0; k < d->samples[i].n; k++) {
            size_t known = 0;
            while (known < n && strcmp(names[known], d->samples[i].names[k]) != 0)
                known++;
            if (known == n)
                snprintf(names[n++], 16, "%s", d->samples[i].names[k]);
            assert_true(n < MOST_FIELDS);
        }
    }
    return n;
}

static const char *value_of(const sample *s, const char *name)
{
    for (int k = 0; k < s->n; k++) {
        if (strcmp(s->names[k], name) == 0)
            return s->values[k];
    }
    return NULL;
}

/* As make_webdataset.py shows bytes. */
static void show(const dp_tensor *t, char out[80])
{
    const size_t n = test_bytes(t);

    if (n <= 40)
        snprintf(out, 80, "%s", test_hex_of(t->data, n).text);
    else
        snprintf(out, 80, "sha256:%s", test_sha256(t->data, n).text);
}

/* Of each sample the field `names[first]`, or the first other one that it has. */
static void compare(const delivery *d, char names[][16], size_t n_names, size_t first)
{
    char spec[600];
    dp_batch *b = NULL;
    dp_pipeline *p;
    int n = snprintf(spec, sizeof spec, "webdataset file=%s fields=x:%s", d->file, names[first]);

    for (size_t k = 0; k < n_names; k++)
        n += k == first ? 0 : snprintf(spec + n, sizeof spec - (size_t)n, ";%s", names[k]);
    snprintf(spec + n, sizeof spec - (size_t)n, ":bytes");
    assert_ok(open_with(&p, test_shard("shards"), NULL, spec));
    assert_int_equal(dp_length(p), d->n);
    for (int i = 0; i < d->n; i++) {
        const char *wanted = value_of(&d->samples[i], names[first]);
        char got[80];
        for (size_t k = 0; wanted == NULL; k++)
            wanted = value_of(&d->samples[i], names[k]);
        assert_ok(dp_next(p, &b, &test_error));
        show(dp_batch_get(b, "x"), got);
        if (strcmp(got, wanted) != 0)
            fail_msg("%s, sample %d, %s: %s, not %s", d->file, i, names[first], got, wanted);
    }
    dp_close(p);
}

static void as_the_library(void **state)
{
    test_lines lines = test_lines_read(test_shard("webdataset.txt"));
    delivery *d = malloc(sizeof *d);
    int n_samples = 0, n_errors = 0;

    (void)state;
    assert_non_null(d);
    for (size_t i = 0; i < lines.n;) {
        char names[MOST_FIELDS][16];
        size_t n;
        i = take_delivery(&lines, i, d);
        n = list_names(d, names);
        n_errors += d->error;
        n_samples += d->n;
        for (size_t k = 0; k < n && !d->error; k++)
            compare(d, names, n, k);
    }
    assert_int_equal(n_errors, 2);
    assert_true(n_samples > 100);
    refuse(SHARDS, "webdataset file=twice.tar fields=x:txt", DP_ECORRUPT,
           "sample 1 of " SHARDS "/twice.tar (b) has txt twice");
    refuse(SHARDS, "webdataset file=own-name.tar fields=x:txt", DP_ECORRUPT,
           "(b) has __key__ twice");
    refuse(SHARDS, "webdataset file=nothing.tar fields=x:txt", DP_ECORRUPT, "has no sample");
    free(d);
    test_lines_free(&lines);
}

/* ---- types ---- */

static void columns(void **state)
{
    static const float array[6] = {0, 3, 6, 9, 12, 15};
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    assert_ok(open_with(&p, SHARDS, NULL,
                        "webdataset file=writer.tar fields=image:jpg,label:cls,a:npy:float32:2:3,"
                        "n:cls:int16,f:cls:float64,j:json | subset_sampler indices=3"));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_batch_get(b, "label")->dtype, DP_U32);
    assert_int_equal(*(const uint32_t *)dp_batch_get(b, "label")->data, 1);
    assert_int_equal(*(const int16_t *)dp_batch_get(b, "n")->data, 1);
    assert_true(*(const double *)dp_batch_get(b, "f")->data == 1.0);
    assert_int_equal(dp_batch_get(b, "a")->rank, 2);
    assert_memory_equal(dp_batch_get(b, "a")->data, array, sizeof array);
    assert_memory_equal(dp_batch_get(b, "j")->data, "{\"i\": 3, \"text\": \"xxx\"}", 23);
    assert_int_equal(*(const int64_t *)dp_batch_get(b, "id")->data, 3);
    dp_close(p);
    /* the largest label is 8, so one_hot knows at open that 9 are enough, and 8 are not */
    assert_ok(open_with(&p, SHARDS, NULL,
                        "webdataset file=writer.tar | one_hot column=label num_classes=9"));
    dp_close(p);
    refuse(SHARDS, "webdataset file=writer.tar | one_hot column=label num_classes=8", DP_ESPEC,
           "8");
    assert_ok(open_with(&p, SHARDS, NULL,
                        "webdataset file=names.tar fields=x:txt;h;a.b.c;f.g;"
                        "hidden.txt;.txt;"));
    assert_string_equal(notes, "warning: webdataset: 7 entries of 1 files belong to no sample: "
                               "left out\n");
    dp_close(p);
}

static void fields_that_are_not(void **state)
{
    (void)state;
    refuse(SHARDS, "webdataset file=writer.tar fields=x:png", DP_ECORRUPT,
           "sample 0 of " SHARDS "/writer.tar (train/0000) has no png, but cls jpg json npy");
    assert_int_equal(test_error.record, 0);
    refuse(SHARDS, "webdataset file=writer.tar fields=x:json:uint8", DP_ECORRUPT,
           "has in json no number of uint8");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:jpg:uint8", DP_ECORRUPT,
           "has in jpg no number of uint8");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:cls:float16", DP_ESPEC, "has no such type");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:npy:float32:3:2", DP_ECORRUPT,
           "an array of another type than float32[3, 2]");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:cls:uint8:2", DP_ECORRUPT,
           "has in cls no array: it is not an .npy array");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:json:picture", DP_ECORRUPT,
           "(train/0000) is not a JPEG or PNG picture");
    refuse(SHARDS, "webdataset file=writer.tar fields=x", DP_ESPEC, "is not COLUMN:PART");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:jpg,x:cls", DP_ESPEC, "two columns 'x'");
    refuse(SHARDS, "webdataset file=writer.tar fields=id:cls", DP_ESPEC, "two columns 'id'");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:jpg:bytes:3", DP_ESPEC, "has sizes");
    refuse(SHARDS, "webdataset file=writer.tar fields=a:b,b:b,c:b,d:b,e:b,f:b,g:b,h:b,i:b",
           DP_ESPEC, "more than 8 fields");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:npy | decode column=x", DP_ESPEC, "decode");
}

/* ---- damage ---- */

static test_bytes_of golden(const char *name)
{
    char path[300];

    snprintf(path, sizeof path, SHARDS "/%s", name);
    return test_read_file(path);
}

#define TEXT "webdataset file=x.tar fields=x:txt;cls;txt2"

/* Wherever an archive is cut before its end, and whatever byte of a header is another one. */
static void damage(void **state)
{
    static const char *const names[] = {"gnu.tar", "python-pax.tar", "ustar.tar"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        test_bytes_of f = golden(names[i]);
        size_t last = f.size;
        dp_pipeline *p;
        while (f.bytes[last - 1] == 0)
            last--;
        last = (last + 511) / 512 * 512;
        for (size_t n = 0; n <= last; n += n % 512 == 0 ? 100 : 412) {
            test_write(test_work, "x.tar", f.bytes, n);
            if (open_with(&p, test_work, NULL, TEXT) != DP_ECORRUPT)
                fail_msg("%s is taken for whole at byte %zu", names[i], n);
        }
        test_write(test_work, "x.tar", f.bytes, last + 512);
        assert_ok(open_with(&p, test_work, NULL, TEXT));
        dp_close(p);
        for (size_t at = 0; at < 512; at++) {
            f.bytes[at] ^= 0x11;
            test_write(test_work, "x.tar", f.bytes, f.size);
            if (open_with(&p, test_work, NULL, TEXT) != DP_ECORRUPT)
                fail_msg("%s: byte %zu of a header may be any", names[i], at);
            f.bytes[at] ^= 0x11;
        }
        free(f.bytes);
    }
}

/* A header in the middle that is damaged ends nothing silently; the message says where. */
static void a_header_in_the_middle(void **state)
{
    test_bytes_of f = golden("back.tar");

    (void)state;
    f.bytes[4 * 512 + 2]++;
    test_write(test_work, "x.tar", f.bytes, f.size);
    refuse(test_work, TEXT, DP_ECORRUPT,
           "x.tar is damaged: the header at byte 2048 is wrong (behind 1 samples)");
    assert_int_equal(test_error.record, 1);
    f.bytes[4 * 512 + 2]--;
    memset(f.bytes + 4 * 512, 0, 512);
    test_write(test_work, "x.tar", f.bytes, f.size);
    refuse(test_work, TEXT, DP_ECORRUPT, "x.tar has something behind its end at byte 2048");
    free(f.bytes);
}

static void what_is_no_archive(void **state)
{
    (void)state;
    test_write(test_work, "x.tar", "version https://git-lfs.github.com/spec/v1\n", 43);
    refuse(test_work, TEXT, DP_ECORRUPT, "Git LFS pointer");
    test_write(test_work, "x.tar", "", 0);
    refuse(test_work, TEXT, DP_ECORRUPT, "(it is an empty file)");
    refuse(test_work, "webdataset file={a,b}.tar", DP_EIO, "a.tar");
    refuse(test_work, "webdataset file={a,b.tar", DP_ESPEC, "has no partner");
    refuse(test_work, "webdataset file=@list", DP_EIO, "list");
    refuse(SHARDS, "webdataset file=part-000.tar | batch batch_size=2", DP_ESPEC,
           "put decode and resize size=height,width before it");
    refuse(SHARDS, "webdataset file=writer.tar fields=x:json | batch batch_size=2", DP_ESPEC,
           "put project (without it) before it");
}

static void put_header(uint8_t *h, const char *name, const char *size, char type)
{
    unsigned sum = 0;

    memset(h, 0, 512);
    memcpy(h, name, strlen(name));
    memcpy(h + 124, size, strlen(size));
    h[156] = (uint8_t)type;
    memcpy(h + 257, "ustar\00000", 8);
    memset(h + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
}

/* One header of a type, `bytes` behind it, and then a file a.txt and the end. */
static void write_odd(const char *name, const char *size, char type, const char *bytes)
{
    static uint8_t archive[6 * 512];
    char octal[13];

    snprintf(octal, sizeof octal, "%o", (unsigned)strlen(bytes));
    memset(archive, 0, sizeof archive);
    put_header(archive, name, size != NULL ? size : octal, type);
    memcpy(archive + 512, bytes, strlen(bytes));
    put_header(archive + 1024, "a.txt", "1", '0');
    archive[1536] = 'x';
    test_write(test_work, "x.tar", archive, sizeof archive);
}

/* What archives may hold besides files, and what is refused. */
static void odd_headers(void **state)
{
    static const struct {
        const char *size; /* in octal; NULL = of the bytes */
        char type;
        const char *bytes, *why; /* NULL = one sample */
    } cases[] = {
        {NULL, 'x', "7 a=bc\n", NULL},
        {NULL, 'X', "7 a=bc\n", NULL},
        {NULL, 'g', "21 comment=something\n", NULL},
        {NULL, 'x', "12 path=a.b\n", NULL},
        {NULL, 'g', "12 path=a.b\n", "one pax header of name or size for all files"},
        {NULL, 'x', "10 size=1\n", NULL},
        {NULL, 'x', "13 size=99999\n", "the pax header before byte 1024 is wrong"},
        {NULL, 'x', "14 size=99999\n", "ends in the middle of a.txt"},
        {NULL, 'x', "11 size=-1\n", "the pax header before byte 1024 is wrong"},
        {NULL, 'x', "8 ab=c\nx", "the pax header before byte 1024 is wrong"},
        {NULL, 'x', "99 ab=c\n", "the pax header before byte 1024 is wrong"},
        {NULL, 'x', "-8 ab=c\n", "the pax header before byte 1024 is wrong"},
        {NULL, 'x', "8 abc d\n", "the pax header before byte 1024 is wrong"},
        {NULL, 'x', "22 GNU.sparse.major=1\n", "holds a file with holes"},
        {NULL, 'S', "x", "holds a file with holes"},
        {"200001", 'L', "x", "has a header of 65537 bytes: at most 65536"},
        {NULL, 'L', "b.txt", NULL},
        {NULL, 'K', "b.txt", NULL},
        {NULL, 'V', "x", NULL},
        {NULL, '9', "x", NULL},
        {"77", '1', "", "has something behind its end at byte 512"},
        {NULL, '0', "x", NULL},
        {"z", '0', "", "the header at byte 0 is wrong"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dp_pipeline *p;
        write_odd("nodot", cases[i].size, cases[i].type, cases[i].bytes);
        if (cases[i].why != NULL) {
            refuse(test_work, "webdataset file=x.tar fields=x:txt;b",
                   cases[i].size != NULL && cases[i].type == 'L' ? DP_ELIMIT : DP_ECORRUPT,
                   cases[i].why);
            continue;
        }
        if (open_with(&p, test_work, NULL, "webdataset file=x.tar fields=x:txt;b") != DP_OK)
            fail_msg("case %zu: %s", i, test_error.message);
        assert_int_equal(dp_length(p), 1);
        dp_close(p);
    }
}

/* ---- files that change while they are used ---- */

static void copy(const char *from, const char *to)
{
    test_bytes_of f = golden(from);

    test_write(test_work, to, f.bytes, f.size);
    free(f.bytes);
}

/* What says that it is endless is refused before it is looked at. */
static void endless(void **state)
{
    char path[300];
    dp_pipeline *p;

    (void)state;
    copy("back.tar", "x.tar");
    snprintf(path, sizeof path, "%s/x.tar", test_work);
    if (truncate(path, ((off_t)1 << 40) + 1) != 0) { /* a hole */
        print_message("not tried: a file of 1 TiB\n");
        skip();
    }
    assert_int_equal(open_with(&p, test_work, NULL, "webdataset file=x.tar fields=x:txt"),
                     DP_ELIMIT);
    assert_non_null(strstr(test_error.message, "x.tar has more than 1 TiB"));
}

static void in_use(void **state)
{
    char path[300];
    dp_batch *b = NULL;
    dp_pipeline *p;
    dp_state s;

    (void)state;
    snprintf(path, sizeof path, "%s/x.tar", test_work);
    copy("back.tar", "x.tar");
    assert_ok(open_with(&p, test_work, NULL, "webdataset file=x.tar fields=x:txt,y:cls:int32"));
    assert_ok(dp_next(p, &b, &test_error));
    test_write_at(path, 512, "8", 1);
    assert_ok(dp_seek(p, 0, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "x.tar changed since it was first read"));
    assert_int_equal(dp_get_state(p, &s, &test_error), DP_ESTATE);
    assert_ok(dp_seek(p, 1, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    test_write_at(path, 11 * 512, "99", 2); /* of the last sample: above all that were seen */
    assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "sample 2 of "));
    assert_non_null(strstr(test_error.message, "changed since it was opened: cls"));
    assert_int_equal(truncate(path, 9 * 512), 0);
    assert_ok(dp_seek(p, 2, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "is cut"));
    assert_int_equal(test_error.record, 2);
    dp_close(p);
}

/* More files than stay open: all are read, and one that was replaced is known. */
static void many_files(void **state)
{
    enum { N = 300 };
    dp_batch *b = NULL;
    dp_pipeline *p;
    dp_state s;
    int n = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        char name[20];
        snprintf(name, sizeof name, "%03d.tar", i);
        copy("back.tar", name);
    }
    assert_ok(open_with(&p, test_work, NULL, "webdataset file={000..299}.tar fields=x:txt"));
    assert_int_equal(dp_length(p), 3 * N);
    for (; dp_next(p, &b, &test_error) == DP_OK; n++)
        assert_int_equal(*(const uint8_t *)dp_batch_get(b, "x")->data, '0' + n % 3 * 2);
    assert_int_equal(n, 3 * N);
    assert_ok(dp_get_state(p, &s, &test_error));
    for (int other = 0; other < 2; other++) {
        char path[300];
        snprintf(path, sizeof path, "%s/299.tar", test_work);
        assert_int_equal(unlink(path), 0);
        copy("back.tar", "299.tar");
        if (other)
            test_write_at(path, 9 * 512, "x", 1);
        assert_ok(dp_seek(p, 3 * N - 1, &test_error));
        assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
        assert_non_null(strstr(test_error.message, "299.tar changed since it was opened"));
        assert_int_equal(test_error.record, 3 * N - 1);
        /* a file of the same content is taken for the one that was there */
        assert_int_equal(dp_get_state(p, &s, &test_error), other ? DP_ESTATE : DP_OK);
    }
    dp_close(p);
}

/* ---- the index that is kept ---- */

static void only_index(char path[300])
{
    char command[700];
    FILE *f;

    snprintf(command, sizeof command, "ls %s/ids.shards/*", test_work);
    f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(path, 300, f));
    path[strcspn(path, "\n")] = '\0';
    assert_null(fgets(command, sizeof command, f));
    pclose(f);
}

static void sign(test_bytes_of *f)
{
    const uint64_t check = dp_hash64(f->bytes, f->size - 8);

    for (int i = 0; i < 8; i++)
        f->bytes[f->size - 8 + (size_t)i] = (uint8_t)(check >> (8 * i));
}

/* The first byte of the first record. */
static int first_byte(void)
{
    dp_batch *b = NULL;
    dp_pipeline *p;
    int byte;

    assert_ok(open_with(&p, test_work, "ids", "webdataset file=x.tar fields=x:txt"));
    assert_ok(dp_next(p, &b, &test_error));
    byte = *(const uint8_t *)dp_batch_get(b, "x")->data;
    dp_close(p);
    return byte;
}

/* It is believed as long as the archive has its size and times, if its own check is right. */
static void a_kept_index(void **state)
{
    const size_t first = 16 + 16 + 5 * 8 + 6 * 8; /* the place of the first piece */
    const struct timespec times[2] = {{1000, 0}, {1000, 7}};
    char path[300], archive[300];
    test_bytes_of f;

    (void)state;
    snprintf(archive, sizeof archive, "%s/x.tar", test_work);
    copy("back.tar", "x.tar");
    assert_int_equal(first_byte(), '0');
    only_index(path);
    f = test_read_file(path);
    assert_int_equal(f.size, first + 3 * 12 + 8);
    f.bytes[first + 1] += 4; /* at 1024 more: the file behind it */
    sign(&f);
    test_write_at(path, 0, f.bytes, f.size);
    assert_int_equal(first_byte(), '1');
    for (size_t i = 0; i < f.size; i++) { /* damaged: looked at anew, and kept anew */
        const uint8_t other = f.bytes[i] ^ 1;
        test_write_at(path, 0, f.bytes, f.size);
        test_write_at(path, i, &other, 1);
        assert_int_equal(first_byte(), '0');
        only_index(path);
    }
    test_write_at(path, 0, f.bytes, f.size);
    f.bytes[first + 7] = 0x7F; /* a place outside of the archive */
    sign(&f);
    test_write_at(path, 0, f.bytes, f.size);
    assert_int_equal(first_byte(), '0');
    f.bytes[first + 7] = 0;
    sign(&f);
    test_write_at(path, 0, f.bytes, f.size);
    assert_int_equal(first_byte(), '1');
    assert_int_equal(truncate(path, (off_t)f.size - 1), 0);
    assert_int_equal(first_byte(), '0');
    test_write_at(path, 0, f.bytes, f.size);
    assert_int_equal(utimensat(AT_FDCWD, archive, times, 0), 0);
    assert_int_equal(first_byte(), '0'); /* the archive changed */
    only_index(path);
    free(f.bytes);
}

/* The first byte of the first record of each of three archives of three. */
static void first_bytes(char out[4])
{
    dp_batch *b = NULL;
    dp_pipeline *p;

    memset(out, 0, 4);
    assert_ok(open_with(&p, test_work, "three", "webdataset file=m-{0..2}.tar fields=x:txt"));
    for (int i = 0; i < 9; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        if (i % 3 == 0)
            out[i / 3] = *(const char *)dp_batch_get(b, "x")->data;
    }
    dp_close(p);
}

/* Each entry of the index says that its first record is where the second one is: of an archive
 * whose entry is believed the first byte is 1, else 0. */
static void mislead(size_t entries)
{
    const size_t first = 16 + 16 + 5 * 8 + 6 * 8, size = first + 3 * 12 + 8;
    char command[700], path[300];
    FILE *f;

    snprintf(command, sizeof command, "ls %s/three.shards/*", test_work);
    f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(path, sizeof path, f));
    assert_null(fgets(command, sizeof command, f)); /* one file of all */
    pclose(f);
    path[strcspn(path, "\n")] = '\0';
    test_bytes_of all = test_read_file(path);
    assert_int_equal(all.size, entries * size);
    for (size_t i = 0; i < entries; i++) {
        test_bytes_of entry = {all.bytes + i * size, size};
        entry.bytes[first + 1] += 4;
        sign(&entry);
    }
    test_write_at(path, 0, all.bytes, all.size);
    free(all.bytes);
}

/* Of several archives there is one index; one that changed is looked at, and no other.  What was
 * looked at before one that is damaged is not looked at again. */
static void an_index_of_several(void **state)
{
    static const char *const names[] = {"m-0.tar", "m-1.tar", "m-2.tar"};
    const struct timespec times[2] = {{1000, 0}, {1000, 7}};
    char path[300], got[4];
    dp_pipeline *p;

    (void)state;
    for (int i = 0; i < 3; i++)
        copy("back.tar", names[i]);
    test_write(test_work, names[2], "no archive", 10);
    assert_int_equal(open_with(&p, test_work, "three", "webdataset file=m-{0..2}.tar fields=x:txt"),
                     DP_ECORRUPT);
    mislead(2);
    copy("back.tar", names[2]);
    first_bytes(got);
    assert_string_equal(got, "110");
    snprintf(path, sizeof path, "%s/m-0.tar", test_work);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    first_bytes(got);
    assert_string_equal(got, "010");
    first_bytes(got);
    assert_string_equal(got, "010");
}

/* Two texts of one archive have an index each; an index that cannot be written is an error. */
static void other_fields(void **state)
{
    char path[300], text[300];
    dp_pipeline *p;

    (void)state;
    copy("back.tar", "x.tar");
    assert_int_equal(first_byte(), '0');
    assert_ok(open_with(&p, test_work, "ids", "webdataset file=x.tar fields=y:cls"));
    dp_close(p);
    assert_ok(open_with(&p, test_work, "ids", "webdataset file=x.tar fields=z:txt"));
    dp_close(p); /* the column's name is not in it */
    snprintf(text, sizeof text, "test $(ls %s/ids.shards | wc -l) = 2", test_work);
    assert_int_equal(system(text), 0);
    test_write(test_work, "no.shards", "", 0);
    snprintf(path, sizeof path, "%s/no.shards", test_work);
    assert_int_equal(open_with(&p, test_work, "no", "webdataset file=x.tar fields=y:cls"), DP_EIO);
    assert_non_null(strstr(test_error.message, "no.shards"));
}

/* ---- whatever is asked for ---- */

static const char stream[] = "webdataset file=part-{000..002}.tar | shuffle | decode | "
                             "random_resized_crop size=20 | batch batch_size=2 | repeat count=3";

static test_hex digest_from(uint32_t threads, const char *cpu, uint64_t from, dp_state *s)
{
    const dp_options options = {.size = sizeof options,
                                .root = SHARDS,
                                .threads = threads,
                                .prefetch = threads - 1,
                                .cpu = cpu};
    dp_pipeline *p;
    test_hex digest;

    assert_ok(dp_open(&p, stream, 1, &options, &test_error));
    assert_ok(dp_seek(p, from, &test_error));
    if (s != NULL && from > 0)
        assert_ok(dp_get_state(p, s, &test_error));
    else if (s != NULL)
        assert_ok(dp_set_state(p, s, &test_error));
    digest = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return digest;
}

static void equal_digests(void **state)
{
    const test_hex all = digest_from(1, NULL, 0, NULL);
    dp_state s;
    test_hex rest;

    (void)state;
    assert_string_equal(digest_from(2, NULL, 0, NULL).text, all.text);
    assert_string_equal(digest_from(7, NULL, 0, NULL).text, all.text);
    assert_string_equal(digest_from(2, "scalar", 0, NULL).text, all.text);
    rest = digest_from(1, NULL, 4, &s);
    assert_string_not_equal(rest.text, all.text);
    assert_string_equal(digest_from(7, NULL, 0, &s).text, rest.text);
}

static int stop(void *calls, const char *what, uint64_t done, uint64_t total)
{
    assert_string_equal(what, "shards");
    assert_true(done <= total);
    return ++*(int *)calls == 2;
}

/* The look at the files is told of, and may be ended. */
static void progress(void **state)
{
    int calls = 0;
    const dp_options options = {.size = sizeof options,
                                .root = SHARDS,
                                .threads = 1,
                                .progress = stop,
                                .progress_ctx = &calls};
    dp_pipeline *p = NULL;

    (void)state;
    assert_int_equal(dp_open(&p, "webdataset file=part-{000..002}.tar", 1, &options, &test_error),
                     DP_ECANCEL);
    assert_string_equal(
        test_error.message,
        "webdataset: shards: cancelled by dp_options.progress after 40960 of 51200");
}

/* Unpacked when it is opened; a gzip file of several members, whole. */
static void packed(void **state)
{
    static const char *const texts[] = {"webdataset file=part-000.tar", "webdataset file=x.tar"};
    char command[700];
    test_hex digests[2];

    (void)state;
    snprintf(
        command, sizeof command,
        "head -c 700 %s/part-000.tar | gzip > %s/x.tar; tail -c +701 %s/part-000.tar | gzip >> "
        "%s/x.tar",
        SHARDS, test_work, SHARDS, test_work);
    assert_int_equal(system(command), 0);
    for (int i = 0; i < 2; i++) {
        dp_pipeline *p;
        assert_ok(open_with(&p, i == 0 ? SHARDS : test_work, NULL, texts[i]));
        digests[i] = test_stream_digest(p, UINT64_MAX);
        dp_close(p);
    }
    assert_string_equal(digests[0].text, digests[1].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_library),
        cmocka_unit_test(columns),
        cmocka_unit_test(fields_that_are_not),
        cmocka_unit_test_setup_teardown(damage, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(a_header_in_the_middle, test_work_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_archive, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(odd_headers, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(in_use, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(many_files, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(endless, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(a_kept_index, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(an_index_of_several, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(other_fields, test_work_set_up, test_work_tear_down),
        cmocka_unit_test(equal_digests),
        cmocka_unit_test(progress),
        cmocka_unit_test_setup_teardown(packed, test_work_set_up, test_work_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
