/* test_pad_to.c - pad_to against the pad that it is, which MindSpore's outputs hold
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

static test_hex digest_of(const char *stages)
{
    char spec[200];
    dp_pipeline *p;
    test_hex digest;

    snprintf(spec, sizeof spec, SMALL_CIFAR " | %s", stages);
    p = test_open(spec, 1, 0);
    digest = test_stream_digest(p, 10);
    dp_close(p);
    return digest;
}

/* padding is left,top,right,bottom. */
static void it_is_a_pad(void **state)
{
    static const char *const cases[][2] = {
        {"pad_to size=40,37", "pad padding=2,4,3,4"},
        {"pad_to size=33", "pad padding=0,0,1,1"},
        {"pad_to size=32", "horizontal_flip | horizontal_flip"},
        {"pad_to size=40,37 offset=8,0 fill_value=1,20,255",
         "pad padding=0,8,5,0 fill_value=1,20,255"},
        {"pad_to size=50,39 offset=5 fill_value=7", "pad padding=5,5,2,13 fill_value=7"},
        {"pad_to size=90,101 padding_mode=edge", "pad padding=34,29,35,29 padding_mode=edge"},
        {"pad_to size=90,101 offset=0,69 padding_mode=reflect",
         "pad padding=69,0,0,58 padding_mode=reflect"},
        {"pad_to size=40 padding_mode=symmetric", "pad padding=4 padding_mode=symmetric"},
        {"rescale rescale=1/255 | pad_to size=40 fill_value=3",
         "rescale rescale=1/255 | pad padding=4 fill_value=3"},
        {"pad_to size=40 | random_crop size=32 | hwc2chw",
         "pad padding=4 | random_crop size=32 | hwc2chw"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strcmp(digest_of(cases[i][0]).text, digest_of(cases[i][1]).text) != 0)
            fail_msg("%s is not %s", cases[i][0], cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_a_pad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
