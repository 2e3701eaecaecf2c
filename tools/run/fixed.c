/* fixed.c - the deterministic transforms that do what a random one drew
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/fixed.h"

#include <stdlib.h>
#include <string.h>

/* The number called name of "a=1 b=2", as text in a buffer of 40 bytes. */
static const char *number(const char *drawn, const char *name, char *out)
{
    const size_t length = strlen(name);

    snprintf(out, 40, "0");
    for (const char *at = drawn; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " ")) {
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            snprintf(out, 40, "%.*s", (int)strcspn(at + length + 1, " "), at + length + 1);
    }
    return out;
}

static void open_stage(FILE *f, const char *name, const dp_text_stage *s)
{
    const char *column = text_value(s, "column");

    fprintf(f, " | %s", name);
    if (column != NULL && strcmp(column, "image") != 0)
        fprintf(f, " column=%s", column);
}

static void crop(FILE *f, const dp_text_stage *s, const char *drawn)
{
    char left[40], top[40];

    if (strcmp(text_value(s, "padding"), "0") != 0) {
        open_stage(f, "pad", s);
        fprintf(f, " padding=%s fill_value=%s padding_mode=%s", text_value(s, "padding"),
                text_value(s, "fill_value"), text_value(s, "padding_mode"));
    }
    open_stage(f, "crop", s);
    fprintf(f, " coordinates=%s,%s size=%s", number(drawn, "top", top), number(drawn, "left", left),
            text_value(s, "size"));
}

static void resized_crop(FILE *f, const dp_text_stage *s, const char *drawn)
{
    char a[40], b[40], c[40], d[40];
    const char *size = text_value(s, "size");

    open_stage(f, "crop", s);
    fprintf(f, " coordinates=%s,%s size=%s,%s", number(drawn, "top", a), number(drawn, "left", b),
            number(drawn, "height", c), number(drawn, "width", d));
    open_stage(f, "resize", s);
    fprintf(f, strchr(size, ',') != NULL ? " size=%s" : " size=%s,%s", size, size);
    fprintf(f, " interpolation=%s", text_value(s, "interpolation"));
}

/* One stage whose only parameter is the number drawn. */
static void one(FILE *f, const dp_text_stage *s, const char *drawn, const char *stage,
                const char *parameter, const char *name)
{
    char value[40];

    open_stage(f, stage, s);
    fprintf(f, " %s=%s", parameter, number(drawn, name, value));
}

static void color_adjust(FILE *f, const dp_text_stage *s, const char *drawn)
{
    one(f, s, drawn, "adjust_brightness", "brightness_factor", "brightness");
    one(f, s, drawn, "adjust_contrast", "contrast_factor", "contrast");
    one(f, s, drawn, "adjust_saturation", "saturation_factor", "saturation");
    one(f, s, drawn, "adjust_hue", "hue_factor", "hue");
}

/* A rectangle, cut off at the upper and left edge. */
static void erase(FILE *f, const dp_text_stage *s, long top, long left, long height, long width,
                  const char *value)
{
    height += top < 0 ? top : 0;
    width += left < 0 ? left : 0;
    if (height <= 0 || width <= 0)
        return;
    open_stage(f, "erase", s);
    fprintf(f, " top=%ld left=%ld height=%ld width=%ld value=%s", top < 0 ? 0 : top,
            left < 0 ? 0 : left, height, width, value);
}

static void erasing(FILE *f, const dp_text_stage *s, const char *drawn)
{
    char a[40], b[40], c[40], d[40];

    erase(f, s, atol(number(drawn, "top", a)), atol(number(drawn, "left", b)),
          atol(number(drawn, "height", c)), atol(number(drawn, "width", d)),
          text_value(s, "value"));
}

static void cutout(FILE *f, const dp_text_stage *s, const char *drawn)
{
    const long n = atol(text_value(s, "num_patches")), length = atol(text_value(s, "length"));

    for (long i = 1; i <= n; i++) {
        char top[32] = "top", left[32] = "left", a[40], b[40];
        if (i > 1) {
            snprintf(top, sizeof top, "top%ld", i);
            snprintf(left, sizeof left, "left%ld", i);
        }
        erase(f, s, atol(number(drawn, top, a)), atol(number(drawn, left, b)), length, length, "0");
    }
}

static void rotation(FILE *f, const dp_text_stage *s, const char *drawn)
{
    one(f, s, drawn, "rotate", "degree", "degree");
    fprintf(f, " resample=%s fill_value=%s", text_value(s, "resample"),
            text_value(s, "fill_value"));
}

static void solarize(FILE *f, const dp_text_stage *s, const char *drawn)
{
    char low[40], high[40];

    open_stage(f, "solarize", s);
    fprintf(f, " threshold=%s,%s", number(drawn, "low", low), number(drawn, "high", high));
}

/* A random stage, and a deterministic one that it becomes when `name` is 1, with its parameters. */
static const struct {
    const char *random, *name, *fixed, *parameters[3][2];
} chances[] = {
    {"alternating_flip", "flip", "horizontal_flip", {{NULL, NULL}}},
    {"random_adjust_sharpness", "applied", "adjust_sharpness", {{"degree", "sharpness_factor"}}},
    {"random_auto_contrast",
     "applied",
     "auto_contrast",
     {{"cutoff", "cutoff"}, {"ignore", "ignore"}}},
    {"random_equalize", "applied", "equalize", {{NULL, NULL}}},
    {"random_horizontal_flip", "flip", "horizontal_flip", {{NULL, NULL}}},
    {"random_invert", "applied", "invert", {{NULL, NULL}}},
    {"random_vertical_flip", "flip", "vertical_flip", {{NULL, NULL}}},
};
#define N_CHANCES (sizeof chances / sizeof chances[0])

static bool print_chance(FILE *f, const dp_text_stage *s, const char *drawn)
{
    for (size_t i = 0; i < N_CHANCES; i++) {
        char value[40];
        if (!text_is(s, chances[i].random))
            continue;
        if (strcmp(number(drawn, chances[i].name, value), "1") != 0)
            return true;
        open_stage(f, chances[i].fixed, s);
        for (int p = 0; p < 3 && chances[i].parameters[p][0] != NULL; p++) {
            const char *given = text_value(s, chances[i].parameters[p][0]);
            fprintf(f, given[0] != '\0' ? " %s=%s" : " %s=\"%s\"", chances[i].parameters[p][1],
                    given);
        }
        return true;
    }
    return false;
}

bool fixed_print(FILE *f, const dp_text_stage *s, const char *drawn)
{
    if (print_chance(f, s, drawn))
        return true;
    if (text_is(s, "random_crop") && strcmp(text_value(s, "pad_if_needed"), "false") == 0)
        crop(f, s, drawn);
    else if (text_is(s, "random_resized_crop"))
        resized_crop(f, s, drawn);
    else if (text_is(s, "random_color_adjust"))
        color_adjust(f, s, drawn);
    else if (text_is(s, "random_erasing"))
        erasing(f, s, drawn);
    else if (text_is(s, "cutout"))
        cutout(f, s, drawn);
    else if (text_is(s, "random_rotation"))
        rotation(f, s, drawn);
    else if (text_is(s, "random_posterize"))
        one(f, s, drawn, "posterize", "bits", "bits");
    else if (text_is(s, "random_solarize"))
        solarize(f, s, drawn);
    else if (text_is(s, "random_sharpness"))
        one(f, s, drawn, "adjust_sharpness", "sharpness_factor", "factor");
    else
        return false;
    return true;
}
