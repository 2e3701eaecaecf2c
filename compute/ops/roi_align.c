/* roi_align.c - regions of an image, brought to one size
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: a region (batch, x0, y0, x1, y1) is cut into bins; each bin is the mean of a
 * grid of points, each point bilinear between four places.  All in binary32, as written here:
 * a bin's sum begins at +0 and takes ((w1 v1 + w2 v2) + w3 v3) + w4 v4 point by point in (iy, ix)
 * order, then is divided by their number.  Backward: dx begins at +0 and takes (dy w) / number, in
 * ascending (region, ph, pw, iy, ix), y_low x_low, y_low x_high, y_high x_low, y_high x_high.
 */
#include <string.h>

#include "compute/ops/operator.h"

typedef struct roi_align {
    int64_t pooled_height, pooled_width, sample_num, roi_end_mode;
    double spatial_scale;
    int64_t channels, height, width, samples, regions;
} roi_align;

static const dp_param params[] = {
    DP_INT(roi_align, pooled_height, NULL, 1, 1024, "bins of a region, from top to bottom"),
    DP_INT(roi_align, pooled_width, NULL, 1, 1024, "bins of a region, from left to right"),
    DP_NUMBER(roi_align, spatial_scale, NULL, 0, 1e6, "pixels of the features for one of rois"),
    DP_INT(roi_align, sample_num, "2", 0, 64, "points of a bin on each axis; 0 = by its size"),
    DP_INT(roi_align, roi_end_mode, "1", 0, 1, "what is added to x1 and y1; 0: at least 1 x 1"),
    DP_PARAMS_END,
};

static dp_status fit(roi_align *p, const dp_op_plan *plan, size_t features, dp_tensor *y,
                     dp_error *err)
{
    const dp_tensor *x = &plan->in[features], *rois = &plan->in[features + 1];
    dp_status status = dp_op_expect(plan, features, DP_F32, 4, err);

    if (status == DP_OK)
        status = dp_op_expect(plan, features + 1, DP_F32, 2, err);
    if (status == DP_OK && (dp_tensor_count(x) == 0 || rois->shape[1] != 5))
        status = dp_fail(err, DP_EINVAL, "rois are float32[n, 5] of some features");
    if (status != DP_OK)
        return status;
    p->samples = x->shape[0];
    p->channels = x->shape[1];
    p->height = x->shape[2];
    p->width = x->shape[3];
    p->regions = rois->shape[0];
    *y = (dp_tensor){NULL, DP_F32, 4, {p->regions, p->channels, p->pooled_height, p->pooled_width}};
    return DP_OK;
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    plan->n_out = 1;
    return fit(params_, plan, 0, &plan->out[0], err);
}

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    dp_tensor y;
    const dp_status status = fit(params_, plan, 1, &y, err);

    plan->out[0] = plan->in[1];
    plan->n_out = 1;
    return status == DP_OK ? dp_op_expect_type(plan, 0, &y, err) : status;
}

/* A region on the features. */
typedef struct region {
    int64_t sample;
    float start[2], bin[2]; /* y, x */
    int64_t grid[2];
} region;

static int64_t whole(float v) { return v >= 0.0f && v < 1e9f ? (int64_t)v : 0; }

static region place_region(const roi_align *p, const float *roi)
{
    const float scale = (float)p->spatial_scale, end = (float)p->roi_end_mode;
    const int64_t pooled[2] = {p->pooled_height, p->pooled_width};
    region r = {.sample = whole(roi[0])};

    for (int d = 0; d < 2; d++) {
        const float first = roi[2 - d] * scale, last = (roi[4 - d] + end) * scale;
        float size = last - first;
        if (p->roi_end_mode == 0 && !(size > 1.0f))
            size = 1.0f;
        r.start[d] = first;
        r.bin[d] = size / (float)pooled[d];
        r.grid[d] = p->sample_num > 0 ? p->sample_num : whole(r.bin[d]);
    }
    return r;
}

/* A point between four places; false: too far outside. */
typedef struct point {
    int64_t at[4];
    float w[4];
} point;

static bool clamp_axis(float v, int64_t size, int64_t *low, int64_t *high, float *part)
{
    if (!(v >= -1.0f && v <= (float)size))
        return false;
    v = v <= 0.0f ? 0.0f : v;
    *low = (int64_t)v;
    *high = *low + 1;
    if (*low >= size - 1) {
        *high = *low = size - 1;
        v = (float)*low;
    }
    *part = v - (float)*low;
    return true;
}

static bool place_point(const roi_align *p, const region *r, int64_t ph, int64_t pw, int64_t iy,
                        int64_t ix, point *out)
{
    const float y =
        r->start[0] + (float)ph * r->bin[0] + ((float)iy + 0.5f) * r->bin[0] / (float)r->grid[0];
    const float x =
        r->start[1] + (float)pw * r->bin[1] + ((float)ix + 0.5f) * r->bin[1] / (float)r->grid[1];
    int64_t y0, y1, x0, x1;
    float ly, lx;

    if (!clamp_axis(y, p->height, &y0, &y1, &ly) || !clamp_axis(x, p->width, &x0, &x1, &lx))
        return false;
    *out = (point){{y0 * p->width + x0, y0 * p->width + x1, y1 * p->width + x0, y1 * p->width + x1},
                   {(1.0f - ly) * (1.0f - lx), (1.0f - ly) * lx, ly * (1.0f - lx), ly * lx}};
    return true;
}

/* A bin of a region, of the channel x of a sample; dx not NULL: where its dy goes. */
static float run_bin(const roi_align *p, const region *r, int64_t ph, int64_t pw, const float *x,
                     float dy, float *dx)
{
    const float count = (float)(r->grid[0] * r->grid[1]);
    float sum = 0.0f;
    point at;

    for (int64_t i = 0; i < r->grid[0] * r->grid[1]; i++) {
        if (!place_point(p, r, ph, pw, i / r->grid[1], i % r->grid[1], &at))
            continue;
        if (dx == NULL)
            sum += at.w[0] * x[at.at[0]] + at.w[1] * x[at.at[1]] + at.w[2] * x[at.at[2]] +
                   at.w[3] * x[at.at[3]];
        for (int k = 0; k < 4 && dx != NULL; k++)
            dx[at.at[k]] += dy * at.w[k] / count;
    }
    return count > 0.0f ? sum / count : 0.0f;
}

static dp_status check_regions(const roi_align *p, const float *rois, dp_error *err)
{
    for (int64_t i = 0; i < p->regions; i++) {
        const float sample = rois[5 * i];
        if (!(sample >= 0.0f && sample < (float)p->samples && sample == (float)whole(sample)))
            return dp_fail(err, DP_EINVAL, "region %lld names sample %g; there are %lld",
                           (long long)i, (double)sample, (long long)p->samples);
    }
    return DP_OK;
}

static void pool_region(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const roi_align *p = ((const dp_op_task *)ctx)->params;
    const int64_t bins = p->pooled_height * p->pooled_width, place = p->height * p->width;
    const region r = place_region(p, (const float *)a->in[1].data + 5 * index);
    const float *x = (const float *)a->in[0].data + r.sample * p->channels * place;
    float *y = (float *)a->out[0].data + (int64_t)index * p->channels * bins;

    for (int64_t c = 0; c < p->channels; c++) {
        for (int64_t b = 0; b < bins; b++)
            y[c * bins + b] =
                run_bin(p, &r, b / p->pooled_width, b % p->pooled_width, x + c * place, 0, NULL);
    }
}

static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const roi_align *p = params_;
    dp_op_task task = {params_, a};
    const dp_status status = check_regions(p, a->in[1].data, err);

    if (status == DP_OK)
        dp_workers_run(a->workers, (uint64_t)p->regions, pool_region, &task);
    return status;
}

/* A channel of a sample has one writer, which goes through the regions in their order. */
static void spread_channel(void *ctx, uint64_t index)
{
    const dp_op_run_args *a = ((const dp_op_task *)ctx)->args;
    const roi_align *p = ((const dp_op_task *)ctx)->params;
    const int64_t bins = p->pooled_height * p->pooled_width, place = p->height * p->width;
    const int64_t channel = (int64_t)index % p->channels, sample = (int64_t)index / p->channels;
    float *dx = (float *)a->out[0].data + (int64_t)index * place;

    memset(dx, 0, sizeof *dx * (size_t)place);
    for (int64_t i = 0; i < p->regions; i++) {
        const region r = place_region(p, (const float *)a->in[2].data + 5 * i);
        const float *dy = (const float *)a->in[0].data + (i * p->channels + channel) * bins;
        for (int64_t b = 0; b < bins && r.sample == sample; b++)
            (void)run_bin(p, &r, b / p->pooled_width, b % p->pooled_width, NULL, dy[b], dx);
    }
}

/* dy, features for their shape, rois */
static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const roi_align *p = params_;
    dp_op_task task = {params_, a};
    const dp_status status = check_regions(p, a->in[2].data, err);

    if (status == DP_OK)
        dp_workers_run(a->workers, (uint64_t)(p->samples * p->channels), spread_channel, &task);
    return status;
}

static const float rois[] = {0, 1, 2, 9.5f, 7.25f, 1, -3,   -2, 4,  20,
                             0, 5, 5, 5,    5,     1, 0.5f, 0,  12, 3};
#define EXAMPLE "roi_align pooled_height=3 pooled_width=2 spatial_scale=0.75"
#define X       DP_FLOATS(4, 2, 3, 7, 9)
#define ROIS    DP_GIVEN(rois, DP_F32, 2, 4, 5)
#define Y       DP_FLOATS(4, 4, 3, 3, 2)

const dp_operator dp_operator_roi_align = {
    .info = {{"operator", "roi_align", "regions of an image, brought to one size", 1,
              sizeof(roi_align), params},
             "RoiAlign,RoiAlignGrad",
             "binary32: points in (iy, ix); dx in ascending (region, ph, pw, iy, ix, corner)",
             {{"features,rois", "y"}, {"dy,features,rois", "dx"}}},
    .part = {{plan, run, EXAMPLE, {X, ROIS}}, {plan_backward, run_backward, EXAMPLE, {Y, X, ROIS}}},
};
