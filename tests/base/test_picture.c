/* test_picture.c - pictures of every kind against the pixels of the real libraries, parts against
 * the whole, and damage
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * tests/golden/pictures.txt is what Pillow, OpenCV, MindSpore, TensorFlow, torchvision and DALI
 * made of the files.  The program runs twice: with libjpeg's SIMD code and without, where the files
 * that leave the range of values (loud*) are refused, and so is decoder=tensorflow.
 */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include <jpeglib.h>

#include "base/hash.h"
#include "base/picture/picture.h"
#include "tests/support/jpeg.h"
#include "tests/support/test.h"

typedef struct picture {
    char path[300];
    uint8_t *bytes;
    size_t n;
    dp_picture_room room;
    dp_picture_head head;
} picture;

static void open_room(dp_picture_room *room)
{
    const dp_arena like = {.alloc = &dp_libc_allocator};

    assert_ok(dp_picture_room_open(room, &like, 50, 50, &test_error));
}

static void load(picture *p, const char *name)
{
    test_bytes_of file;

    snprintf(p->path, sizeof p->path, TEST_GOLDEN "/%s", name);
    file = test_read_file(p->path);
    p->bytes = file.bytes;
    p->n = file.size;
    open_room(&p->room);
}

static void unload(picture *p)
{
    dp_picture_room_close(&p->room);
    free(p->bytes);
}

/* The whole picture, or why not. */
static dp_status decode(picture *p, const dp_picture_how *how, int64_t size[2], uint8_t **out)
{
    const dp_encoded from = {p->path, p->bytes, p->n, NULL, 0, 0};
    dp_status status = dp_picture_look(&from, how, &p->room, &p->head, &test_error);

    *out = NULL;
    if (status != DP_OK)
        return status;
    dp_picture_size(&p->head, how, size);
    *out = malloc((size_t)(size[0] * size[1] * how->channels));
    assert_non_null(*out);
    return dp_picture_decode(&from, how, &p->head, &(dp_picture_part){0, 0, size[0], size[1]},
                             &p->room, *out, &test_error);
}

static int32_t word(const char *words, const char *wanted)
{
    int32_t at = 0;

    for (; strncmp(words, wanted, strlen(wanted)) != 0; words = strchr(words, ',') + 1)
        at++;
    return at;
}

/* Whether this machine's libjpeg has the SIMD code that the libraries have. */
static bool saturates(void)
{
    dp_arena arena = {.alloc = &dp_libc_allocator};
    dp_picture_how how = {.channels = 3};

    assert_ok(dp_picture_ready(&how, &arena, &test_error));
    dp_arena_free(&arena);
    return how.saturates;
}

/* As a stage does it. */
static dp_status get_ready_and_decode(picture *p, dp_picture_how *how, int64_t size[2],
                                      uint8_t **out)
{
    const dp_status status = dp_picture_ready(how, &p->room.arena, &test_error);

    *out = NULL;
    return status != DP_OK ? status : decode(p, how, size, out);
}

/* What this machine cannot decode as the libraries do, and what it says of it; NULL = it can. */
static const char *refusal(const char *name, const char *decoder)
{
    if (saturates())
        return NULL;
    if (strcmp(decoder, "tensorflow") == 0)
        return "decoder=tensorflow needs the SIMD code of libjpeg-turbo";
    return strncmp(name, "loud", 4) == 0 ? "its values leave the range by far" : NULL;
}

static void check_line(const char *line)
{
    char name[80], path[100], decoder[20], rest[100], seen[100] = "refused";
    const char *why;
    int channels;
    picture p;
    uint8_t *pixels;
    int64_t size[2];
    dp_picture_how how = {0, 0, DP_TURN_AS_DECODER, false, DP_EDGES_EXACT};

    assert_int_equal(sscanf(line, "%79s %19s %d %99[^\n]", name, decoder, &channels, rest), 4);
    how.channels = channels;
    how.decoder = word(DP_DECODERS, decoder);
    why = refusal(name, decoder);
    snprintf(path, sizeof path, "%s/%s", strstr(name, ".png") != NULL ? "png_kinds" : "jpeg", name);
    load(&p, path);
    if (get_ready_and_decode(&p, &how, size, &pixels) == DP_OK)
        snprintf(seen, sizeof seen, "%lldx%lld %s", (long long)size[0], (long long)size[1],
                 test_sha256(pixels, (size_t)(size[0] * size[1] * channels)).text);
    else if (strstr(test_error.message, why != NULL ? why : name) == NULL)
        fail_msg("%s is not named: %s", name, test_error.message);
    if (strcmp(seen, why != NULL ? "refused" : rest) != 0)
        fail_msg("%s: seen %s%s%s", line, seen, pixels == NULL ? ": " : "",
                 pixels == NULL ? test_error.message : "");
    free(pixels);
    unload(&p);
}

static void goldens(void **state)
{
    char line[300];
    int n = 0;
    FILE *f = fopen(TEST_GOLDEN "/pictures.txt", "r");

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        if (line[0] == '#')
            continue;
        check_line(line);
        n++;
    }
    fclose(f);
    assert_true(n > 800);
}

/* ---- parts ---- */

/* Inside of the part what the whole has there. */
static void check_part(picture *p, const dp_picture_how *how, const int64_t size[2],
                       const dp_picture_part *part, const uint8_t *whole)
{
    const dp_encoded from = {p->path, p->bytes, p->n, NULL, 0, 0};
    const size_t channels = (size_t)how->channels, row = (size_t)size[1] * channels;
    uint8_t *pixels = malloc((size_t)size[0] * row);

    assert_non_null(pixels);
    memset(pixels, 0xA5, (size_t)size[0] * row);
    dp_picture_room_empty(&p->room);
    assert_ok(dp_picture_decode(&from, how, &p->head, part, &p->room, pixels, &test_error));
    for (int64_t y = part->top; y < part->top + part->height; y++) {
        const size_t at = (size_t)y * row + (size_t)part->left * channels;
        if (memcmp(pixels + at, whole + at, (size_t)part->width * channels) != 0)
            fail_msg("%s: %lldx%lld at %lld,%lld differs", p->path, (long long)part->height,
                     (long long)part->width, (long long)part->top, (long long)part->left);
    }
    free(pixels);
}

/* All columns of a few rows, and all rows of a few columns. */
static void check_parts(picture *p, const dp_picture_how *how)
{
    uint8_t *whole;
    int64_t size[2];

    if (decode(p, how, size, &whole) == DP_OK) {
        for (int d = 0; d < 2; d++) {
            const int64_t n = size[d], m = size[1 - d];
            for (int64_t at = 0; at < n; at++) {
                for (int64_t k = 1; at + k <= n; k += k < 6 ? 1 : 9) {
                    const int64_t other = (at * 7 + k) % m, rest = 1 + (at + 3 * k) % (m - other);
                    const dp_picture_part part = d == 1 ? (dp_picture_part){other, at, rest, k}
                                                        : (dp_picture_part){at, other, k, rest};
                    check_part(p, how, size, &part, whole);
                }
            }
        }
    }
    free(whole);
}

static void parts(void **state)
{
    DIR *dir = opendir(TEST_GOLDEN "/jpeg");
    const struct dirent *entry;
    int n = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        picture p;
        char path[100];
        if (strstr(entry->d_name, ".jpg") == NULL || strncmp(entry->d_name, "no-end", 6) == 0)
            continue; /* a part may end before what is missing */
        snprintf(path, sizeof path, "jpeg/%.80s", entry->d_name);
        load(&p, path);
        check_parts(&p, &(dp_picture_how){3, DP_AS_MINDSPORE, DP_TURN_APPLY, true, DP_EDGES_EXACT});
        check_parts(&p, &(dp_picture_how){1, n % 6, DP_TURN_AS_DECODER, true, DP_EDGES_EXACT});
        unload(&p);
        n++;
    }
    closedir(dir);
    assert_true(n > 50);
}

/* "FILE LIBRARY TOP LEFT HEIGHT WIDTH SHA256"; how many bytes of the whole picture's part differ.
 */
static size_t check_part_of(const char *line)
{
    char name[80], path[100], library[20], wanted[80];
    long long top, left, height, width;
    dp_picture_how how = {3, 0, DP_TURN_IGNORE, true, DP_EDGES_LIBRARY};
    uint8_t *whole, *pixels, *part;
    int64_t size[2];
    size_t differ = 0, n, row;
    picture p;

    assert_int_equal(sscanf(line, "%79s %19s %lld %lld %lld %lld %79s", name, library, &top, &left,
                            &height, &width, wanted),
                     7);
    how.decoder = word(DP_DECODERS, library);
    snprintf(path, sizeof path, "jpeg/%s", name);
    load(&p, path);
    assert_ok(decode(&p, &how, size, &whole));
    n = (size_t)(size[0] * size[1] * 3), row = (size_t)width * 3;
    pixels = malloc(n), part = malloc(n);
    assert_true(pixels != NULL && part != NULL);
    assert_ok(dp_picture_decode(&(dp_encoded){p.path, p.bytes, p.n, NULL, 0, 0}, &how, &p.head,
                                &(dp_picture_part){top, left, height, width}, &p.room, pixels,
                                &test_error));
    for (long long y = 0; y < height; y++) {
        const size_t at = (size_t)((top + y) * size[1] + left) * 3;
        memcpy(part + (size_t)y * row, pixels + at, row);
        differ += memcmp(pixels + at, whole + at, row) != 0;
    }
    if (strcmp(test_sha256(part, (size_t)height * row).text, wanted) != 0)
        fail_msg("%s", line);
    free(whole), free(pixels), free(part);
    unload(&p);
    return differ;
}

/* What TensorFlow and MindSpore make of a part alone: at its edges not what is there in the whole.
 */
static void parts_of_libraries(void **state)
{
    test_lines lines = test_lines_read("parts.txt");
    size_t differ = 0;

    (void)state;
    for (size_t i = 0; i < lines.n && saturates(); i++) {
        if (lines.line[i][0] != '#')
            differ += check_part_of(lines.line[i]);
    }
    assert_true(lines.n > 100 && (differ > 200 || !saturates()));
    test_lines_free(&lines);
}

/* ---- values that leave the range by far ---- */

/* MindSpore's libjpeg has no SIMD code; detpipe's bytes are those of all others. */
static void loud_as_others(void **state)
{
    static const char *const names[] = {"jpeg/loud8.jpg", "jpeg/loud255.jpg"};

    (void)state;
    for (size_t i = 0; i < 2 && saturates(); i++) {
        uint8_t *pixels[2];
        int64_t size[2];
        for (int k = 0; k < 2; k++) {
            const dp_picture_how how = {3, k == 0 ? DP_AS_MINDSPORE : DP_AS_TORCHVISION,
                                        DP_TURN_IGNORE, true, DP_EDGES_EXACT};
            picture p;
            load(&p, names[i]);
            assert_ok(decode(&p, &how, size, &pixels[k]));
            unload(&p);
        }
        assert_memory_equal(pixels[0], pixels[1], (size_t)(size[0] * size[1] * 3));
        free(pixels[0]), free(pixels[1]);
    }
}

/* A gray JPEG of one block with these coefficients; quantization is 8. */
static size_t encode_block(const int16_t *coefficients, uint8_t *out, size_t room)
{
    struct jpeg_compress_struct c = {0};
    struct jpeg_error_mgr errors;
    jvirt_barray_ptr blocks[1];
    unsigned long n = room;
    unsigned quantization[64];

    for (int i = 0; i < 64; i++)
        quantization[i] = 8;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out, &n);
    c.image_width = c.image_height = 8;
    c.input_components = 1;
    c.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    jpeg_add_quant_table(&c, 0, quantization, 100, TRUE);
    c.optimize_coding = TRUE;
    blocks[0] = c.mem->request_virt_barray((j_common_ptr)&c, JPOOL_IMAGE, TRUE, 1, 1, 1);
    c.mem->realize_virt_arrays((j_common_ptr)&c);
    memcpy(c.mem->access_virt_barray((j_common_ptr)&c, blocks[0], 0, 1, TRUE)[0][0], coefficients,
           64 * sizeof *coefficients);
    jpeg_write_coefficients(&c, blocks);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    return n;
}

#define BLOCKS 3000

/* Random blocks, each `seed` more or less loud; its pixels' hash, 0 = refused. */
static uint64_t hash_of_block(uint64_t seed)
{
    const dp_picture_how how = {1, DP_AS_MINDSPORE, DP_TURN_IGNORE, saturates(), DP_EDGES_EXACT};
    dp_picture_room room;
    int16_t coefficients[64] = {0};
    uint8_t file[4000], pixels[64];
    const size_t most = 1 + seed % 8, loudest = (size_t)4 << seed % 8;
    dp_encoded from = {"a block", file, 0, NULL, 0, 0};
    dp_picture_head head = {8, 8, 1};
    dp_status status;

    for (size_t i = 0; i < most; i++) {
        const uint64_t at[2] = {seed, i}, r = dp_hash64(at, sizeof at);
        coefficients[r % 64] = (int16_t)((int64_t)(r / 64 % (2 * loudest)) - (int64_t)loudest);
    }
    from.size = encode_block(coefficients, file, sizeof file);
    open_room(&room);
    status = dp_picture_decode(&from, &how, &head, &(dp_picture_part){0, 0, 8, 8}, &room, pixels,
                               &test_error);
    dp_picture_room_close(&room);
    if (status != DP_OK)
        assert_non_null(strstr(test_error.message, "its values leave the range by far"));
    return status == DP_OK ? dp_hash64(pixels, sizeof pixels) : 0;
}

/* A file without the scan of its last component. */
static void range_of_nothing(void **state)
{
    dp_picture_how how = {3, DP_AS_MINDSPORE, DP_TURN_IGNORE, true, DP_EDGES_EXACT};
    uint8_t *pixels[2];
    int64_t size[2];
    picture p;
    size_t last = 0;

    (void)state;
    load(&p, "jpeg/scans.jpg");
    for (size_t i = 0; i + 1 < p.n; i++)
        last = p.bytes[i] == 0xFF && p.bytes[i + 1] == 0xDA ? i : last;
    p.bytes[last + 1] = 0xD9;
    p.n = last + 2;
    for (int i = 0; i < 2; i++, how.saturates = false)
        assert_ok(decode(&p, &how, size, &pixels[i]));
    assert_memory_equal(pixels[0], pixels[1], (size_t)(size[0] * size[1] * 3));
    free(pixels[0]), free(pixels[1]);
    unload(&p);
}

/* What is delivered without SIMD code is what is with it: the first run leaves its hashes. */
static void range(void **state)
{
    const char *path = getenv("TEST_PICTURE_HASHES");
    FILE *f = fopen(path, getenv("JSIMD_FORCENONE") == NULL ? "wb" : "rb");
    size_t refused = 0;

    (void)state;
    assert_non_null(f);
    for (uint64_t i = 0; i < BLOCKS; i++) {
        const uint64_t hash = hash_of_block(i);
        uint64_t other;
        if (getenv("JSIMD_FORCENONE") == NULL) {
            assert_int_equal(fwrite(&hash, sizeof hash, 1, f), 1);
            continue;
        }
        assert_int_equal(fread(&other, sizeof other, 1, f), 1);
        refused += hash == 0;
        if (hash != 0 && hash != other)
            fail_msg("block %llu differs without SIMD code", (unsigned long long)i);
    }
    fclose(f);
    if (getenv("JSIMD_FORCENONE") != NULL)
        assert_in_range(refused, BLOCKS / 8, BLOCKS / 2);
}

/* ---- damage ---- */

/* Cut anywhere, or with any byte turned: an error that names the file, or pixels. */
static void damage(void **state)
{
    static const char *const names[] = {"jpeg/420e.jpg", "jpeg/progressive.jpg", "jpeg/exif6.jpg",
                                        "jpeg/arithmetic.jpg"};

    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        const dp_picture_how how = {3, (int32_t)k % 6, DP_TURN_APPLY, k % 2 == 0, DP_EDGES_EXACT};
        picture p;
        size_t n;
        load(&p, names[k]);
        n = p.n;
        for (size_t i = 0; i < 2 * n; i++) {
            int64_t size[2];
            uint8_t *pixels;
            const bool cut = i < n;
            if (cut)
                p.n = i;
            else
                p.bytes[i - n] ^= (uint8_t)(1 << i % 8);
            if (decode(&p, &how, size, &pixels) != DP_OK &&
                strstr(test_error.message, names[k]) == NULL)
                fail_msg("%s", test_error.message);
            if (!cut)
                p.bytes[i - n] ^= (uint8_t)(1 << i % 8);
            p.n = n;
            free(pixels);
            dp_picture_room_empty(&p.room);
        }
        unload(&p);
    }
}

static size_t frame_of(const picture *p)
{
    size_t at = 2;

    while (p->bytes[at + 1] != 0xC0 && p->bytes[at + 1] != 0xC2)
        at += 2 + (size_t)(p->bytes[at + 2] << 8 | p->bytes[at + 3]);
    return at;
}

static void expect(picture *p, dp_status wanted, const char *message)
{
    static const dp_picture_how how = {3, DP_AS_MINDSPORE, DP_TURN_IGNORE, true, DP_EDGES_EXACT};
    int64_t size[2];
    uint8_t *pixels;

    assert_int_equal(decode(p, &how, size, &pixels), wanted);
    if (strstr(test_error.message, message) == NULL)
        fail_msg("%s", test_error.message);
    free(pixels);
}

/* A header may say anything: nothing is taken for it. */
static void limits(void **state)
{
    picture p;
    size_t frame;

    (void)state;
    load(&p, "jpeg/420.jpg");
    frame = frame_of(&p);
    p.room.arena.limit = 1 << 16;
    memset(p.bytes + frame + 5, 0x7F, 4);
    expect(&p, DP_ELIMIT, "is 32639x32639 (height x width): a side has at most 16384 pixels");
    unload(&p);

    load(&p, "jpeg/progressive.jpg"); /* its coefficients are kept */
    frame = frame_of(&p);
    memcpy(p.bytes + frame + 5, "\x10\x00\x01\x00", 4);
    p.room.arena.limit = 1 << 20;
    expect(&p, DP_ELIMIT, "progressive.jpg");
    unload(&p);
}

/* Pictures that are not what their header was at open. */
static void other_sizes(void **state)
{
    static const char *const names[] = {"jpeg/420.jpg", "png/a/rgb8.png"};
    static const dp_picture_how how = {3, DP_AS_MINDSPORE, DP_TURN_APPLY, true, DP_EDGES_EXACT};

    (void)state;
    for (int i = 0; i < 2; i++) {
        uint8_t pixels[64 * 64 * 3];
        picture p;
        dp_encoded from;
        load(&p, names[i]);
        from = (dp_encoded){p.path, p.bytes, p.n, NULL, 0, 0};
        assert_ok(dp_picture_look(&from, &how, &p.room, &p.head, &test_error));
        p.head.width++;
        assert_int_equal(dp_picture_decode(&from, &how, &p.head, &(dp_picture_part){0, 0, 1, 1},
                                           &p.room, pixels, &test_error),
                         DP_ESTATE);
        assert_non_null(strstr(test_error.message, "changed since it was opened: it is "));
        unload(&p);
    }
}

/* A progressive file with more scans than any encoder makes: each costs a pass over the picture. */
static void scans(void **state)
{
    picture p;
    size_t last = 0;
    uint8_t scan[4000];
    size_t size;

    (void)state;
    load(&p, "jpeg/progressive.jpg");
    for (size_t i = 0; i + 1 < p.n; i++)
        last = p.bytes[i] == 0xFF && p.bytes[i + 1] == 0xDA ? i : last;
    size = p.n - 2 - last;
    memcpy(scan, p.bytes + last, size);
    p.bytes = realloc(p.bytes, p.n + 600 * size);
    assert_non_null(p.bytes);
    p.n -= 2;
    for (int i = 0; i < 600; i++, p.n += size)
        memcpy(p.bytes + p.n, scan, size);
    memcpy(p.bytes + p.n, "\xFF\xD9", 2);
    p.n += 2;
    expect(&p, DP_ECORRUPT, "it has more than 500 scans");
    unload(&p);
}

/* ---- rooms ---- */

/* The pixels' hash, or the reason why not. */
static uint64_t hash_in(dp_picture_room *room, const uint8_t *bytes, size_t n)
{
    static const dp_picture_how how = {3, DP_AS_MINDSPORE, DP_TURN_APPLY, true, DP_EDGES_EXACT};
    const dp_encoded from = {"it", bytes, n, NULL, 0, 0};
    dp_picture_head head;
    int64_t size[2];
    uint8_t *pixels;
    uint64_t hash;
    dp_status status = dp_picture_look(&from, &how, room, &head, &test_error);

    dp_picture_room_empty(room);
    if (status != DP_OK)
        return dp_hash64(test_error.message, strlen(test_error.message));
    dp_picture_size(&head, &how, size);
    pixels = calloc((size_t)(size[0] * size[1]), 3);
    assert_non_null(pixels);
    status = dp_picture_decode(&from, &how, &head, &(dp_picture_part){0, 0, size[0], size[1]}, room,
                               pixels, &test_error);
    hash = status == DP_OK ? dp_hash64(pixels, (size_t)(size[0] * size[1] * 3))
                           : dp_hash64(test_error.message, strlen(test_error.message));
    free(pixels);
    dp_picture_room_empty(room);
    return hash;
}

/* In a room of its own, which takes no more memory than it did when it was opened for a picture of
 * this size. */
static uint64_t hash_alone(const uint8_t *bytes, size_t n, int64_t height, int64_t width)
{
    test_allocator counter;
    dp_arena like;
    dp_picture_room room;
    unsigned long taken;
    uint64_t hash;

    test_allocator_init(&counter);
    like = (dp_arena){.alloc = &counter.hooks};
    assert_ok(dp_picture_room_open(&room, &like, height, width, &test_error));
    taken = counter.n;
    hash = hash_in(&room, bytes, n);
    assert_int_equal(counter.n, taken);
    dp_picture_room_close(&room);
    assert_int_equal(counter.live, 0);
    return hash;
}

/* Without its segments of a marker; how many bytes are left. */
static size_t leave_out(const picture *p, uint8_t marker, uint8_t *out)
{
    size_t n = 2, at = 2;

    memcpy(out, p->bytes, 2);
    while (p->bytes[at + 1] != 0xDA) {
        const size_t length = 2 + (size_t)(p->bytes[at + 2] << 8 | p->bytes[at + 3]);
        if (p->bytes[at + 1] != marker) {
            memcpy(out + n, p->bytes + at, length);
            n += length;
        }
        at += length;
    }
    memcpy(out + n, p->bytes + at, p->n - at);
    return n + p->n - at;
}

/* Nothing of a picture is left for the next one, be it damaged, or without tables of its own. */
static void one_after_another(void **state)
{
    static const char *const pairs[] = {"420.jpg", "progressive.jpg", "arithmetic.jpg", "cut.jpg"};
    DIR *dir = opendir(TEST_GOLDEN "/jpeg");
    const struct dirent *entry;
    dp_picture_room room;

    (void)state;
    assert_non_null(dir);
    open_room(&room);
    while ((entry = readdir(dir)) != NULL) {
        char path[100];
        picture p;
        if (strstr(entry->d_name, ".jpg") == NULL)
            continue;
        snprintf(path, sizeof path, "jpeg/%.80s", entry->d_name);
        load(&p, path);
        assert_true(hash_in(&room, p.bytes, p.n) == hash_alone(p.bytes, p.n, 50, 50));
        for (uint8_t marker = 0xDB; marker >= 0xC4; marker -= 0xDB - 0xC4) { /* DQT, DHT */
            for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
                uint8_t bytes[1 << 16];
                picture without;
                snprintf(path, sizeof path, "jpeg/%s", pairs[i]);
                load(&without, path);
                without.n = leave_out(&without, marker, bytes);
                (void)hash_in(&room, p.bytes, p.n);
                assert_true(hash_in(&room, bytes, without.n) ==
                            hash_alone(bytes, without.n, 50, 50));
                unload(&without);
            }
        }
        unload(&p);
    }
    closedir(dir);
    dp_picture_room_close(&room);
}

/* What is taken at first is enough for pictures of every kind. */
static void large_ones(void **state)
{
    (void)state;
    test_error = (dp_error){0};
    for (int i = 0; i < 4; i++) {
        uint8_t *bytes;
        const size_t n = test_jpeg(500, 700, i % 2 == 0 ? 3 : 4, i >= 2, &bytes);
        assert_true(hash_alone(bytes, n, 500, 700) != 0);
        assert_string_equal(test_error.message, "");
        free(bytes);
    }
}

/* ---- another libjpeg ---- */

boolean __real_jpeg_start_decompress(struct jpeg_decompress_struct *d);
boolean __wrap_jpeg_start_decompress(struct jpeg_decompress_struct *d);
static int fault;

boolean __wrap_jpeg_start_decompress(struct jpeg_decompress_struct *d)
{
    if (fault == 1)
        d->dct_method = JDCT_IFAST;
    if (fault == 2)
        d->do_fancy_upsampling = FALSE;
    return __real_jpeg_start_decompress(d);
}

static void canary(void **state)
{
    dp_arena arena = {.alloc = &dp_libc_allocator};

    (void)state;
    for (fault = 0; fault < 3; fault++) {
        dp_picture_how how = {.channels = 3};
        assert_int_equal(dp_picture_ready(&how, &arena, &test_error),
                         fault == 0 ? DP_OK : DP_ESTATE);
    }
    fault = 0;
    assert_non_null(strstr(test_error.message, "decodes to other bytes"));
    dp_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goldens),
        cmocka_unit_test(parts),
        cmocka_unit_test(parts_of_libraries),
        cmocka_unit_test(loud_as_others),
        cmocka_unit_test(range),
        cmocka_unit_test(range_of_nothing),
        cmocka_unit_test(damage),
        cmocka_unit_test(one_after_another),
        cmocka_unit_test(large_ones),
        cmocka_unit_test(limits),
        cmocka_unit_test(scans),
        cmocka_unit_test(canary),
        cmocka_unit_test(other_sizes),
    };
    char hashes[] = "/tmp/test_picture_XXXXXX";
    int failures;

    if (getenv("TEST_PICTURE_HASHES") == NULL) {
        close(mkstemp(hashes));
        setenv("TEST_PICTURE_HASHES", hashes, 1);
    }
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    if (failures != 0 || getenv("JSIMD_FORCENONE") != NULL) {
        unlink(getenv("TEST_PICTURE_HASHES"));
        return failures;
    }
    setenv("JSIMD_FORCENONE", "1", 1);
    execl("/proc/self/exe", "test_picture", (char *)NULL);
    return 1;
}
