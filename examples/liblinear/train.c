/* train.c - a linear classifier of liblinear (https://www.csie.ntu.edu.tw/~cjlin/liblinear), fed by
 * detpipe
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     train [DATA [careless]]
 * What changed from liblinear's train.c: read_problem takes the rows of a detpipe stream.  Its
 * solver draws its order of the rows from rand(), which has one seed unless the program gives it
 * another: with `careless` it is the time.
 */
#include <detpipe.h>
#include <linear.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 96, FEATURES = 3 * 8 * 8 };

static void need(dp_status status, const dp_error *err)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "train: %s\n", err->message);
    exit(1);
}

/* One batch of all rows is the problem. */
static void read_problem(const char *data, struct problem *out)
{
    static struct feature_node nodes[ROWS][FEATURES + 1], *rows[ROWS];
    static double labels[ROWS];
    char text[1000];
    dp_pipeline *pipeline;
    dp_batch *batch = NULL;
    dp_error err;

    snprintf(text, sizeof text,
             "%s | shuffle | resize size=8 | rescale rescale=1/255 | hwc2chw | batch batch_size=%d",
             data, ROWS);
    need(dp_open(&pipeline, text, 1, NULL, &err), &err);
    need(dp_next(pipeline, &batch, &err), &err);
    const float *image = dp_batch_get(batch, "image")->data;
    const uint32_t *label = dp_batch_get(batch, "label")->data;
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < FEATURES; j++)
            nodes[i][j] = (struct feature_node){j + 1, (double)image[i * FEATURES + j]};
        nodes[i][FEATURES].index = -1;
        rows[i] = nodes[i];
        labels[i] = (double)label[i];
    }
    *out = (struct problem){.l = ROWS, .n = FEATURES, .y = labels, .x = rows, .bias = -1};
    dp_close(pipeline);
}

static void quiet(const char *text) { (void)text; }

int main(int argc, char **argv)
{
    struct problem problem;

    if (argc > 2 && strcmp(argv[2], "careless") == 0) {
        struct timespec now;
        timespec_get(&now, TIME_UTC);
        srand((unsigned)now.tv_nsec);
    }
    set_print_string_function(quiet);
    read_problem(argc > 1 ? argv[1] : "synthetic num_records=512", &problem);
    for (double c = 0.01; c < 20; c *= 10) {
        const struct parameter parameter = {
            .solver_type = L2R_L2LOSS_SVC_DUAL, .C = c, .eps = 0.5, .p = 0.1};
        struct model *model = train(&problem, &parameter);
        double loss = 0, values[10];
        for (int i = 0; i < ROWS; i++) {
            predict_values(model, problem.x[i], values);
            for (int k = 0; k < model->nr_class; k++) {
                const double margin =
                    1 - (model->label[k] == (int)problem.y[i] ? 1 : -1) * values[k];
                loss += margin > 0 ? margin * margin / ROWS : 0;
            }
        }
        printf("C %g loss: %.17g\n", c, loss);
        free_and_destroy_model(&model);
    }
    return 0;
}
