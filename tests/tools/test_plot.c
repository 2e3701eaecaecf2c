/* test_plot.c - the curve of a training: where its points are, and what is left out
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "tests/support/test.h"
#include "tools/commands/plot.h"

static const uint8_t blue[3] = {40, 90, 180}, orange[3] = {220, 110, 20};

static bool has(const picture *p, uint32_t x, uint32_t y, const uint8_t rgb[3])
{
    return memcmp(p->pixels + ((size_t)y * p->width + x) * 3, rgb, 3) == 0;
}

static size_t count(const picture *p, const uint8_t rgb[3])
{
    size_t n = 0;

    for (uint32_t i = 0; i < p->width * p->height; i++)
        n += has(p, i % p->width, i / p->width, rgb);
    return n;
}

/* From the top on the left to the bottom on the right, by way of the middle; tests lie above. */
static void corners(void **state)
{
    const uint32_t middle = (PLOT_LEFT + PLOT_RIGHT) / 2, half = (PLOT_TOP + PLOT_BOTTOM) / 2;
    plot p = {0};
    picture out;

    (void)state;
    plot_add(&p.steps, 11, 2.5);
    plot_add(&p.steps, 12, 2.0);
    plot_add(&p.steps, 13, 1.5);
    plot_draw(&p, &out);
    assert_true(has(&out, PLOT_LEFT, PLOT_TOP, blue));
    assert_true(has(&out, middle, half, blue));
    assert_true(has(&out, PLOT_RIGHT, PLOT_BOTTOM, blue));
    assert_false(has(&out, PLOT_RIGHT, PLOT_TOP, blue));
    assert_true(count(&out, blue) >= 2 * (PLOT_RIGHT - PLOT_LEFT));
    assert_int_equal(count(&out, orange), 0);
    picture_free(&out);
    plot_add(&p.tests, 12, 2.0);
    plot_draw(&p, &out);
    assert_true(has(&out, middle, half, orange));
    picture_free(&out);
    plot_free(&p);
}

/* What is not finite neither shows nor moves the frame; one point, or none, is a picture, too. */
static void what_is_not_finite(void **state)
{
    plot p = {0};
    picture out;

    (void)state;
    plot_draw(&p, &out);
    assert_int_equal(count(&out, blue), 0);
    picture_free(&out);
    plot_add(&p.steps, 7, NAN);
    plot_add(&p.steps, 8, 3.0);
    plot_add(&p.steps, 9, INFINITY);
    plot_draw(&p, &out);
    assert_true(has(&out, PLOT_LEFT, PLOT_BOTTOM, blue));
    assert_in_range(count(&out, blue), 1, 2);
    picture_free(&out);
    plot_add(&p.steps, UINT64_MAX, 1e300);
    plot_add(&p.tests, 9, -1e300);
    plot_draw(&p, &out);
    assert_true(has(&out, PLOT_RIGHT, PLOT_TOP, blue));
    picture_free(&out);
    plot_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corners),
        cmocka_unit_test(what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
