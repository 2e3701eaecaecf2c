/* test_pass.c - one pass over the pixels against the transforms one by one, bit for bit
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * DETPIPE_CPU=scalar runs every transform by itself: that is the specification.
 */
#include "pipeline/pipeline.h"
#include "tests/support/test.h"

#define MOST_SIDE 40
#define N_IMAGES  3

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

typedef struct image_size {
    uint32_t height, width, channels;
} image_size;

/* A stage that moves pixels; the size behind it. */
static void add_move(char *text, size_t size, image_size *s)
{
    const size_t n = strlen(text);
    const uint32_t h = 1 + below(s->height), w = 1 + below(s->width);
    const uint32_t pad = below(5), fill = below(256);
    static const char *const modes[] = {"constant", "edge", "reflect", "symmetric"};
    const char *mode = modes[below(4)];
    const bool small = pad >= s->height || pad >= s->width; /* reflect needs more */

    switch (below(8)) {
    case 0:
        snprintf(text + n, size - n, " | crop coordinates=%u,%u size=%u,%u",
                 below(s->height - h + 1), below(s->width - w + 1), h, w);
        *s = (image_size){h, w, s->channels};
        break;
    case 1:
        snprintf(text + n, size - n, " | center_crop size=%u,%u", h, w);
        *s = (image_size){h, w, s->channels};
        break;
    case 2:
        snprintf(text + n, size - n, " | pad padding=%u fill_value=%u padding_mode=%s", pad, fill,
                 small ? "constant" : mode);
        *s = (image_size){s->height + 2 * pad, s->width + 2 * pad, s->channels};
        break;
    case 3:
        snprintf(text + n, size - n,
                 " | random_crop size=%u,%u padding=%u fill_value=%u padding_mode=%s", h, w, pad,
                 fill, small ? "constant" : mode);
        *s = (image_size){h, w, s->channels};
        break;
    case 4: snprintf(text + n, size - n, " | horizontal_flip"); break;
    case 5: snprintf(text + n, size - n, " | random_vertical_flip"); break;
    case 6: snprintf(text + n, size - n, " | alternating_flip"); break;
    default: snprintf(text + n, size - n, " | random_horizontal_flip prob=0.7"); break;
    }
}

static void add_value(char *text, size_t size, uint32_t channels, bool *floats)
{
    const size_t n = strlen(text);
    const uint32_t v = below(256);

    switch (below(*floats ? 3 : 7)) {
    case 0: snprintf(text + n, size - n, " | rescale rescale=0.%03u1 shift=-0.%u", v, v); break;
    case 1: snprintf(text + n, size - n, " | rescale rescale=1/255"); break;
    case 2:
        if (channels == 3)
            snprintf(text + n, size - n, " | normalize mean=0.4914,0.%u,3 std=0.2023,%u.7,0.2010",
                     v, v % 9);
        else
            snprintf(text + n, size - n, " | normalize mean=0.%u std=0.3%u", v, v);
        break;
    case 3: snprintf(text + n, size - n, " | invert"); return;
    case 4: snprintf(text + n, size - n, " | posterize bits=%u", v % 9); return;
    case 5: snprintf(text + n, size - n, " | solarize threshold=%u", v); return;
    default: snprintf(text + n, size - n, " | type_cast data_type=float32"); break;
    }
    *floats = true;
}

/* All images, one column, as they are delivered; 0 bytes when the text cannot be (a padding that is
 * too large). */
static size_t deliver(const char *text, const dp_array *arrays, const char *cpu, uint8_t *out,
                      size_t most)
{
    const dp_options options = {
        .size = sizeof options, .root = FIXTURE, .threads = 1, .arrays = arrays};
    dp_pipeline *p;
    dp_batch *b = NULL;
    dp_status status;
    size_t n = 0;

    if (cpu != NULL)
        setenv("DETPIPE_CPU", cpu, 1);
    else
        unsetenv("DETPIPE_CPU");
    status = dp_open(&p, text, 5, &options, &test_error);
    unsetenv("DETPIPE_CPU");
    if (status == DP_ESPEC)
        return 0;
    assert_ok(status);
    while (dp_next(p, &b, &test_error) == DP_OK) {
        const dp_tensor *t = dp_batch_get(b, "image");
        assert_true(n + test_bytes(t) <= most);
        memcpy(out + n, t->data, test_bytes(t));
        n += test_bytes(t);
    }
    dp_close(p);
    return n;
}

static uint32_t n_tried;

static void check_chain(const char *text, const dp_array *arrays)
{
    enum { MOST = 15 * 80 * 80 * 3 * 4 };
    static uint8_t plain[MOST], pass[MOST];
    const size_t n = deliver(text, arrays, "scalar", plain, MOST);

    n_tried += n > 0;
    assert_int_equal(deliver(text, arrays, NULL, pass, MOST), n);
    if (memcmp(plain, pass, n) != 0)
        fail_msg("%s: the pass has other bits", text);
#if defined(__x86_64__)
    assert_int_equal(deliver(text, arrays, "sse2", pass, MOST), n);
    if (memcmp(plain, pass, n) != 0)
        fail_msg("%s: the pass without AVX2 has other bits", text);
#endif
}

static void every_chain_has_the_same_bits(void **state)
{
    static uint8_t pixels[N_IMAGES * MOST_SIDE * MOST_SIDE * 3];

    (void)state;
    random_state = test_seed();
    for (int i = 0; n_tried < 1000; i++) {
        image_size s = {1 + below(MOST_SIDE), 1 + below(MOST_SIDE), below(3) == 0 ? 1 : 3};
        const dp_array arrays[] = {
            {"image",
             {pixels, DP_U8, 4, {N_IMAGES, (int64_t)s.height, (int64_t)s.width, s.channels}}},
            {0}};
        char text[1024] = "memory";
        bool floats = false;
        for (size_t b = 0; b < sizeof pixels; b++)
            pixels[b] = (uint8_t)below(256);
        for (uint32_t n = below(4); n > 0; n--)
            add_move(text, sizeof text, &s);
        for (uint32_t n = below(4); n > 0; n--)
            add_value(text, sizeof text, s.channels, &floats);
        if (below(3) > 0)
            strcat(text, " | hwc2chw");
        check_chain(text, arrays);
        assert_true(i < 4 * 1000); /* not every text opens, but most do */
    }
}

/* Its reader gives planes, but not to a stream whose rows are from another one, too. */
static void planes_from_the_reader_have_the_same_bits(void **state)
{
    (void)state;
    random_state = test_seed();
    n_tried = 0;
    for (int i = 0; n_tried < 200; i++) {
        image_size s = {32, 32, 3};
        char text[1024] = SMALL_CIFAR " usage=test | take count=3";
        bool floats = false;
        if (below(4) == 0)
            strcat(text,
                   " | concat with=\"synthetic num_records=2 | project columns=image,label,id\"");
        for (uint32_t n = below(4); n > 0; n--)
            add_move(text, sizeof text, &s);
        for (uint32_t n = below(3); n > 0; n--)
            add_value(text, sizeof text, s.channels, &floats);
        strcat(text, " | hwc2chw | repeat count=3");
        check_chain(text, NULL);
        assert_true(i < 4 * 200);
    }
}

/* Images that are written past the caches, in and out of batches, and that could not be; and what
 * is changed behind the pass, which is not. */
static void large_images(void **state)
{
    static const char *const ends[] = {
        "",
        " | batch batch_size=2",
        " | normalize mean=0.1,0.2,0.3 std=2,3,4 is_hwc=false | batch batch_size=2",
    };
    static const char *const levels[] = {"sse2", "avx2", "avx512", "neon"};
    enum { MOST = 2 * 3 * 240 * 240 * 4 };
    static uint8_t plain[MOST], pass[MOST];

    (void)state;
    for (int i = 0; i < 3 * 4; i++) {
        static const char *const sizes[] = {"224,224", "150,160", "160,150", "240,227"};
        char text[400];
        size_t n;
        snprintf(text, sizeof text,
                 SMALL_CIFAR " | take count=2 | resize size=%s | random_horizontal_flip | rescale "
                             "rescale=1/255 | normalize mean=0.5,0.4,0.3 std=0.25,0.2,0.3 | "
                             "hwc2chw | project columns=image%s",
                 sizes[i / 3], ends[i % 3]);
        n = deliver(text, NULL, "scalar", plain, MOST);
        assert_true(n > 0);
        for (size_t k = 0; k < sizeof levels / sizeof levels[0]; k++) {
            dp_cpu_level level;
            if (dp_cpu_level_get(levels[k], &level, NULL) != DP_OK)
                continue;
            memset(pass, 0, n);
            assert_int_equal(deliver(text, NULL, levels[k], pass, MOST), n);
            if (memcmp(plain, pass, n) != 0)
                fail_msg("%s: the pass with %s has other bits", text, levels[k]);
        }
    }
}

/* The usual texts do run in one pass. */
static void usual_texts_are_one_pass(void **state)
{
    static const struct {
        const char *spec;
        uint32_t passed;
    } texts[] = {
        {" | random_crop size=32 padding=4 | random_horizontal_flip | rescale rescale=1/255 | "
         "normalize mean=0.5 std=0.25 | hwc2chw",
         4},
        {" | resize size=40 | rescale rescale=1/255 | normalize mean=0.5 std=0.25 | hwc2chw", 2},
        {" | random_crop size=32 padding=4 | random_horizontal_flip", 1},
        {" | crop coordinates=0,0 size=8,8 | type_cast column=label data_type=int32 | hwc2chw", 1},
        {" | random_apply transforms=\"random_vertical_flip\" | rescale rescale=1/255", 0},
        {" | rescale rescale=1/255 | random_crop size=20", 0},
        {" | hwc2chw", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[512];
        uint32_t passed = 0;
        dp_pipeline *p;
        snprintf(text, sizeof text, SMALL_CIFAR "%s", texts[i].spec);
        p = test_open(text, 1, 0);
        for (uint32_t s = 0; s < p->graph.n_steps; s++)
            passed += p->graph.steps[s].passed;
        if (passed != texts[i].passed)
            fail_msg("%s: %u steps are passed over, not %u", text, passed, texts[i].passed);
        dp_close(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chain_has_the_same_bits),
        cmocka_unit_test(planes_from_the_reader_have_the_same_bits),
        cmocka_unit_test(large_images),
        cmocka_unit_test(usual_texts_are_one_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
