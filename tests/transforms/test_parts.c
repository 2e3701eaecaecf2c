/* test_parts.c - a part of what an image transform makes, from what it says that it reads for it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every transform that `reads` is run for every part of its result, with noise where it says that
 * it does not read: the part is that of the whole.  Those that `makes_parts` leave the rest alone.
 */
#include "base/cpu.h"
#include "base/random/rng.h"
#include "base/tensor.h"
#include "tests/support/test.h"
#include "transforms/rows.h"

#define SIDE  7 /* of an image, at most */
#define BYTES (32 * 32 * 4 * 4)

typedef struct stage {
    const dp_transform *transform;
    dp_arena arena;
    void *params;
    double draws[8];
    dp_column in, out;
    dp_workspace space;
} stage;

static const dp_transform *find(const char *name, size_t n)
{
    const dp_transform *const *t = dp_transforms;

    while (strlen((*t)->info.name) != n || memcmp((*t)->info.name, name, n) != 0)
        t++;
    return *t;
}

/* False: it takes no such image. */
static bool open_stage(stage *s, const char *text, const dp_tensor *type, uint64_t seed)
{
    dp_place place = {.key = seed};
    dp_text parsed;
    size_t n;

    *s = (stage){.transform = find(text, strcspn(text, " ")), .arena.alloc = &dp_libc_allocator};
    s->in = (dp_column){"image", *type, 0};
    s->out = s->in;
    assert_ok(dp_text_parse(text, strlen(text), &s->arena, &parsed, &test_error));
    s->params = dp_arena_alloc(&s->arena, 1, s->transform->info.size);
    assert_ok(dp_params_bind(&s->transform->info, parsed.stages, NULL, &s->arena, s->params,
                             &test_error));
    if (s->transform->plan(s->params, &s->in, &s->out, &s->arena, &test_error) != DP_OK)
        return false;
    n = dp_transform_space(s->transform, s->params);
    s->space = (dp_workspace){.bytes = dp_arena_alloc(&s->arena, n, 1)};
    dp_rng_start(&place.rng, seed, 0, 0);
    if (s->transform->draw != NULL)
        s->transform->draw(s->params, &place, s->draws);
    assert_true(dp_tensor_bytes(&s->in.type) <= BYTES && dp_tensor_bytes(&s->out.type) <= BYTES);
    return true;
}

static void run(stage *s, const void *in, const dp_picture_part *part, void *out)
{
    s->in.type.data = (void *)(uintptr_t)in;
    s->out.type.data = out;
    s->space.part = *part;
    dp_transform_apply(s->transform, s->params, s->draws, &s->in.type, &s->out.type, &s->space);
}

/* Bytes of `from` inside of a part of the image, or outside of it, into `to`. */
static void put(const dp_tensor *type, const dp_picture_part *part, bool inside,
                const uint8_t *from, uint8_t *to)
{
    const size_t pixel = dp_tensor_bytes(type) / (size_t)(type->shape[0] * type->shape[1]);

    for (int64_t y = 0; y < type->shape[0]; y++) {
        for (int64_t x = 0; x < type->shape[1]; x++) {
            const size_t at = (size_t)(y * type->shape[1] + x) * pixel;
            const bool in = y >= part->top && y < part->top + part->height && x >= part->left &&
                            x < part->left + part->width;
            if (in == inside)
                memcpy(to + at, from + at, pixel);
        }
    }
}

/* Bytes that are no image, but numbers in every type of one. */
static const uint8_t *other_noise(void)
{
    static uint8_t noise[BYTES];

    for (size_t i = 0; i < BYTES; i++)
        noise[i] = (uint8_t)(i * 37 % 64 + 1);
    return noise;
}

static void check_part(stage *s, const char *text, const uint8_t *image, const uint8_t *whole,
                       dp_picture_part part)
{
    static uint8_t input[BYTES], made[BYTES], wanted[BYTES];
    const dp_tensor *in = &s->in.type, *out = &s->out.type;
    const size_t n = dp_tensor_bytes(out);
    dp_picture_part read = part;

    s->transform->reads(s->params, s->draws, in, out, &read);
    assert_true(read.height > 0 && read.top >= 0 && read.top + read.height <= in->shape[0]);
    assert_true(read.width > 0 && read.left >= 0 && read.left + read.width <= in->shape[1]);
    memcpy(input, image, dp_tensor_bytes(in));
    put(in, &read, false, other_noise(), input);
    memset(made, 0xA5, n);
    run(s, input, &part, made);
    memset(wanted, 0xA5, n);
    put(out, &part, true, whole, wanted);
    if (!s->transform->makes_parts)
        put(out, &part, false, made, wanted);
    if (memcmp(made, wanted, n) != 0)
        fail_msg("%s of %s on %s: %lldx%lld at %lld,%lld differs", text, dp_tensor_type(in).text,
                 dp_cpu_level_name(s->space.cpu), (long long)part.height, (long long)part.width,
                 (long long)part.top, (long long)part.left);
}

/* Range number i of those of n places: every first place with every length. */
static void range_of(int64_t i, int64_t n, int64_t *first, int64_t *length)
{
    for (*first = 0; i >= n - *first; i -= n - (*first)++)
        continue;
    *length = 1 + i;
}

/* Every range of rows with every range of columns; of many every seventh. */
static void check_parts(stage *s, const char *text, const uint8_t *image)
{
    static uint8_t whole[BYTES];
    const dp_picture_part all = dp_part_whole(&s->out.type);
    const int64_t rows = all.height * (all.height + 1) / 2,
                  columns = all.width * (all.width + 1) / 2;

    run(s, image, &all, whole);
    for (int64_t i = 0; i<rows * columns; i += rows * columns> 200 ? 7 : 1) {
        dp_picture_part part;
        range_of(i / columns, all.height, &part.top, &part.height);
        range_of(i % columns, all.width, &part.left, &part.width);
        check_part(s, text, image, whole, part);
    }
}

static const uint8_t *noise_of(dp_dtype dtype)
{
    static uint8_t bytes[BYTES];
    static float floats[BYTES / 4];

    test_noise(bytes, BYTES);
    for (size_t i = 0; i < BYTES / 4; i++)
        floats[i] = (float)bytes[i] / 7 - 11;
    return dtype == DP_F32 ? (const uint8_t *)floats : bytes;
}

static int check_type(const char *text, const dp_tensor *type, uint64_t seed)
{
    const uint8_t *image = noise_of(type->dtype);
    int n = 0;
    stage s;

    if (open_stage(&s, text, type, seed)) {
        for (int level = DP_CPU_SCALAR; level <= DP_CPU_AVX512; level++) {
            if (!dp_cpu_has((dp_cpu_level)level) || (n > 0 && !s.transform->makes_parts))
                continue;
            s.space.cpu = (dp_cpu_level)level;
            check_parts(&s, text, image);
            n++;
        }
    }
    dp_arena_free(&s.arena);
    return n;
}

/* Every height and width up to SIDE, of every number of channels. */
static void check_sizes(const char *text, dp_dtype dtype)
{
    int n = 0;

    for (int64_t height = 1; height <= SIDE; height++) {
        for (int64_t width = 1; width <= SIDE; width++) {
            const int64_t channels = (height * SIDE + width) % 5;
            const dp_tensor type = {NULL, dtype, channels == 0 ? 2 : 3, {height, width, channels}};
            n += check_type(text, &type, (uint64_t)(height * 100 + width));
        }
    }
    if (n == 0)
        fail_msg("%s: %s", text, test_error.message);
}

static void windows(void **state)
{
    static const char *const texts[] = {
        "crop coordinates=1,2 size=3,2",
        "center_crop size=5,4",
        "center_crop size=4,7 rule=torchvision",
        "random_crop size=4,3 padding=1 padding_mode=reflect",
        "random_crop size=5 padding=2,1,0,2 pad_if_needed=true padding_mode=symmetric",
        "pad padding=2,1,0,3 padding_mode=edge",
        "pad padding=3 fill_value=7",
        "pad_to size=11,10 padding_mode=symmetric",
        "horizontal_flip",
        "vertical_flip",
        "random_horizontal_flip",
        "random_vertical_flip",
        "alternating_flip",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_sizes(texts[i], DP_U8);
        check_sizes(texts[i], DP_F32);
    }
}

static void resampling(void **state)
{
    static const char *const sizes[] = {"1", "3", "4,8", "10,5", "7,9"};
    static const char *const modes[] = {"linear", "nearest", "cubic", "area"};
    char text[200];

    (void)state;
    for (int i = 0; i < 5 * 4; i++) {
        snprintf(text, sizeof text, "resize size=%s interpolation=%s", sizes[i / 4], modes[i % 4]);
        check_sizes(text, DP_U8);
        check_sizes(text, DP_F32);
        snprintf(text, sizeof text, "random_resized_crop size=%s interpolation=%s", sizes[i / 4],
                 modes[i % 3]);
        check_sizes(text, DP_U8);
        check_sizes(text, DP_F32);
    }
}

static void antialiased(void **state)
{
    static const char *const sizes[] = {"1", "2", "3,8", "10,5"};
    static const char *const modes[] = {"linear", "nearest", "cubic", "box", "hamming", "lanczos"};
    static const char *const whose[] = {"true", "pillow13", "torch"};
    char text[200];

    (void)state;
    for (int i = 0; i < 4 * 6 * 3; i++) {
        const char *size = sizes[i / 18], *mode = modes[i / 3 % 6];
        if (i % 3 == 2 && i / 3 % 6 != 0 && i / 3 % 6 != 2)
            continue;
        snprintf(text, sizeof text, "resize size=%s interpolation=%s antialias=%s", size, mode,
                 whose[i % 3]);
        check_sizes(text, DP_U8);
        snprintf(text, sizeof text,
                 "random_resized_crop size=%s interpolation=%s antialias=%s scale=0.5,1", size,
                 mode, whose[i % 3]);
        check_sizes(text, DP_U8);
    }
    check_sizes("resize size=4,5 interpolation=pilcubic", DP_U8);
}

/* Wide enough for what the kernels take at once. */
static void larger(void **state)
{
    static const char *const texts[] = {
        "resize size=20,27",
        "resize size=13,29 interpolation=cubic antialias=true",
        "resize size=5,30 interpolation=lanczos antialias=pillow13",
        "resize size=16,16 interpolation=area",
        "resize size=17",
        "random_resized_crop size=19,26 antialias=torch",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int64_t channels = 1; channels <= 4; channels++) {
            assert_true(check_type(texts[i], &(dp_tensor){NULL, DP_U8, 3, {19, 32, channels}}, 1));
            assert_true(check_type(texts[i], &(dp_tensor){NULL, DP_U8, 3, {31, 17, channels}}, 2));
        }
    }
}

/* No transform that reads parts was forgotten above. */
static void all_of_them(void **state)
{
    static const char known[] = " crop center_crop random_crop pad pad_to horizontal_flip "
                                "vertical_flip random_horizontal_flip random_vertical_flip "
                                "alternating_flip resize random_resized_crop ";

    (void)state;
    for (const dp_transform *const *t = dp_transforms; *t != NULL; t++) {
        char name[80];
        snprintf(name, sizeof name, " %s ", (*t)->info.name);
        assert_int_equal((*t)->reads != NULL, strstr(known, name) != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows), cmocka_unit_test(resampling),  cmocka_unit_test(antialiased),
        cmocka_unit_test(larger),  cmocka_unit_test(all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
