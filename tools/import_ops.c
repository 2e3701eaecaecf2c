/* import_ops.c - the operations of a MindSpore map, as stages
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/import_ops.h"

#include <string.h>

#include "tools/cli.h"

/* How a parameter is carried over. */
typedef enum how {
    END,
    NUMBER,   /* as it is */
    BOOLEAN,
    TEXT,
    LIST,
    REVERSED, /* a list, last number first */
    WORD,     /* a number, into a word of `words` */
    FIXED     /* must be the value of `words`, and is not carried over */
} how;

typedef struct carried {
    how how;
    const char *key, *words;
} carried;

typedef struct operation {
    const char *name, *stage;
    enum { PLAIN, RANDOM, UNKNOWN_DRAWS } kind; /* UNKNOWN_DRAWS: there is no replay */
    carried parameters[9];
} operation;

#define BORDERS "constant,edge,reflect,symmetric"
#define MODES   "linear,nearest,cubic,area,pilcubic"
#define COLORS  "rgb2rgba,,,,rgb2bgr,,bgr2gray,rgb2gray"

static const operation operations[] = {
    {"AdjustBrightness", "adjust_brightness", PLAIN, {{NUMBER, "brightness_factor", NULL}}},
    {"AdjustContrast", "adjust_contrast", PLAIN, {{NUMBER, "contrast_factor", NULL}}},
    {"AdjustGamma",
     "adjust_gamma",
     PLAIN,
     {{NUMBER, "gamma", NULL}, {NUMBER, "gain", NULL}}},
    {"AdjustHue", "adjust_hue", PLAIN, {{NUMBER, "hue_factor", NULL}}},
    {"AdjustSaturation", "adjust_saturation", PLAIN, {{NUMBER, "saturation_factor", NULL}}},
    {"AdjustSharpness", "adjust_sharpness", PLAIN, {{NUMBER, "sharpness_factor", NULL}}},
    {"AutoContrast",
     "auto_contrast",
     PLAIN,
     {{NUMBER, "cutoff", NULL}, {LIST, "ignore", NULL}}},
    {"CenterCrop", "center_crop", PLAIN, {{LIST, "size", NULL}}},
    {"ConvertColor", "convert_color", PLAIN, {{WORD, "convert_mode", COLORS}}},
    {"Crop",
     "crop",
     PLAIN,
     {{REVERSED, "coordinates", NULL}, {LIST, "size", NULL}}},
    {"CutOut",
     "cutout",
     RANDOM,
     {{NUMBER, "length", NULL},
      {NUMBER, "num_patches", NULL},
      {FIXED, "is_hwc", "true"}}},
    {"Equalize", "equalize", PLAIN, {{END, NULL, NULL}}},
    {"Erase",
     "erase",
     PLAIN,
     {{NUMBER, "top", NULL},
      {NUMBER, "left", NULL},
      {NUMBER, "height", NULL},
      {NUMBER, "width", NULL},
      {LIST, "value", NULL}}},
    {"GaussianBlur",
     "gaussian_blur",
     PLAIN,
     {{LIST, "kernel_size", NULL}, {LIST, "sigma", NULL}}},
    {"HorizontalFlip", "horizontal_flip", PLAIN, {{END, NULL, NULL}}},
    {"HwcToChw", "hwc2chw", PLAIN, {{END, NULL, NULL}}},
    {"Invert", "invert", PLAIN, {{END, NULL, NULL}}},
    {"Normalize",
     "normalize",
     PLAIN,
     {{LIST, "mean", NULL}, {LIST, "std", NULL}, {BOOLEAN, "is_hwc", NULL}}},
    {"OneHot",
     "one_hot",
     PLAIN,
     {{NUMBER, "num_classes", NULL}, {NUMBER, "smoothing_rate", NULL}}},
    {"Pad",
     "pad",
     PLAIN,
     {{LIST, "padding", NULL},
      {LIST, "fill_value", NULL},
      {WORD, "padding_mode", BORDERS}}},
    {"Posterize", "posterize", PLAIN, {{NUMBER, "bits", NULL}}},
    {"RandomColorAdjust",
     "random_color_adjust",
     UNKNOWN_DRAWS,
     {{LIST, "brightness", NULL},
      {LIST, "contrast", NULL},
      {LIST, "saturation", NULL},
      {LIST, "hue", NULL}}},
    {"RandomCrop",
     "random_crop",
     RANDOM,
     {{LIST, "size", NULL},
      {LIST, "padding", NULL},
      {BOOLEAN, "pad_if_needed", NULL},
      {LIST, "fill_value", NULL},
      {WORD, "padding_mode", BORDERS}}},
    {"RandomHorizontalFlip", "random_horizontal_flip", RANDOM, {{NUMBER, "prob", NULL}}},
    {"RandomResizedCrop",
     "random_resized_crop",
     RANDOM,
     {{LIST, "size", NULL},
      {LIST, "scale", NULL},
      {LIST, "ratio", NULL},
      {WORD, "interpolation", MODES},
      {NUMBER, "max_attempts", NULL}}},
    {"RandomRotation",
     "random_rotation",
     UNKNOWN_DRAWS,
     {{LIST, "degrees", NULL},
      {WORD, "resample", "linear,nearest"},
      {FIXED, "expand", "false"},
      {FIXED, "center", ""},
      {REVERSED, "fill_value", NULL}}},
    {"RandomVerticalFlip", "random_vertical_flip", RANDOM, {{NUMBER, "prob", NULL}}},
    {"Rescale",
     "rescale",
     PLAIN,
     {{NUMBER, "rescale", NULL}, {NUMBER, "shift", NULL}}},
    {"Resize",
     "resize",
     PLAIN,
     {{LIST, "size", NULL}, {WORD, "interpolation", MODES}}},
    {"Rotate",
     "rotate",
     PLAIN,
     {{NUMBER, "degree", NULL},
      {WORD, "resample", "linear,nearest"},
      {BOOLEAN, "expand", NULL},
      {FIXED, "center", ""},
      {REVERSED, "fill_value", NULL}}},
    {"Solarize", "solarize", PLAIN, {{LIST, "threshold", NULL}}},
    {"ToTensor", "to_tensor", PLAIN, {{END, NULL, NULL}}},
    {"TypeCast", "type_cast", PLAIN, {{TEXT, "data_type", NULL}}},
    {"VerticalFlip", "vertical_flip", PLAIN, {{END, NULL, NULL}}},
};
#define N_OPERATIONS (sizeof operations / sizeof operations[0])

static void put_word(import *im, FILE *f, const cJSON *params, const carried *c)
{
    const double index = import_number(im, params, c->key);
    const char *word = c->words;

    for (double i = 0; i < index && word != NULL; i++) {
        word = strchr(word, ',');
        word += word != NULL;
    }
    if (word == NULL || index < 0 || *word == ',' || *word == '\0') {
        import_fail(im, "not a known value:", c->key);
        return;
    }
    fprintf(f, "%.*s", (int)strcspn(word, ","), word);
}

static void put_reversed(import *im, FILE *f, const cJSON *params, const carried *c)
{
    const cJSON *list = import_item(im, params, c->key);

    for (int i = cJSON_GetArraySize(list); i-- > 0;) {
        const cJSON *item = cJSON_GetArrayItem(list, i);
        if (!cJSON_IsNumber(item))
            import_fail(im, "not a list of numbers:", c->key);
        else
            import_print_number(f, item->valuedouble);
        fputs(i > 0 ? "," : "", f);
    }
}

/* What has no counterpart must be what it is here. */
static void check_fixed(import *im, const cJSON *params, const carried *c)
{
    const cJSON *item = import_item(im, params, c->key);
    const bool as_here = c->words[0] == '\0' ? cJSON_GetArraySize(item) == 0
                         : c->words[0] == 't' ? cJSON_IsTrue(item)
                                              : cJSON_IsFalse(item);

    if (!as_here)
        import_fail(im, "has no counterpart:", c->key);
}

static void put_parameter(import *im, FILE *f, const cJSON *params, const carried *c)
{
    if (c->how == FIXED) {
        check_fixed(im, params, c);
        return;
    }
    if (c->how == LIST) {
        import_list(im, f, params, c->key, c->key);
        return;
    }
    fprintf(f, " %s=", c->key);
    if (c->how == NUMBER)
        import_print_number(f, import_number(im, params, c->key));
    else if (c->how == BOOLEAN)
        fputs(import_bool(im, params, c->key) ? "true" : "false", f);
    else if (c->how == WORD)
        put_word(im, f, params, c);
    else if (c->how == REVERSED)
        put_reversed(im, f, params, c);
    else if (strpbrk(import_text(im, params, c->key), " |\"=") == NULL)
        fputs(import_text(im, params, c->key), f);
    else
        import_fail(im, "not a word:", c->key);
}

static void put_stage(FILE *f, const char *stage, const char *column)
{
    fputs(stage, f);
    if (strcmp(column, "image") != 0)
        fprintf(f, " column=%s", column);
}

/* RandomApply and RandomChoice: the text of what they hold. */
static void put_holder(import *im, FILE *f, const cJSON *params, const char *name, const char *column)
{
    const bool all = strcmp(name, "RandomApply") == 0;
    const cJSON *op;
    bool some = false;

    put_stage(f, all ? "random_apply" : "random_choice", column);
    fputs(" transforms=\"", f);
    cJSON_ArrayForEach(op, import_item(im, params, "transforms"))
    {
        fputs(some ? " | " : "", f);
        import_operation(im, f, op, column);
        some = true;
    }
    fputc('"', f);
    if (all) {
        fputs(" prob=", f);
        import_print_number(f, import_number(im, params, "prob"));
    }
    if (im->replay)
        fprintf(f, "%s workers=%d", im->order, im->workers);
}

static void put_operation(import *im, FILE *f, const cJSON *params, const operation *o,
                          const char *column)
{
    put_stage(f, o->stage, column);
    for (const carried *c = o->parameters; c->how != END; c++)
        put_parameter(im, f, params, c);
    if (o->kind == RANDOM && im->replay)
        fprintf(f, "%s workers=%d", im->order, im->workers);
    if (o->kind == UNKNOWN_DRAWS && im->replay)
        import_comment(im, "%s: MindSpore's draws are not known, so they are detpipe's own%s",
                       o->name, "");
}

void import_operation(import *im, FILE *f, const cJSON *op, const char *column)
{
    const char *name = import_text(im, op, "tensor_op_name");
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(op, "tensor_op_params");

    if (im->status >= 0)
        return;
    if (strcmp(name, "RandomApply") == 0 || strcmp(name, "RandomChoice") == 0) {
        if (!im->held) {
            im->held = true;
            put_holder(im, f, params, name, column);
            im->held = false;
            return;
        }
        import_fail(im, "stands inside another transform:", name);
        return;
    }
    for (size_t i = 0; i < N_OPERATIONS; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            put_operation(im, f, params, &operations[i], column);
            return;
        }
    }
    import_fail(im, "there is no operation", name);
}
