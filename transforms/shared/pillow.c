/* pillow.c - Pillow's Image.resize, byte for byte, of 8-bit images
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rows that are resampled across wait in a ring for the output rows that they are near, so a row is
 * made once, and what is held fits a cache.
 */
#include "transforms/shared/pillow.h"

#include <string.h>

#include "base/number/num.h"
#include "transforms/shared/resample.h"

#define PI   0x1.921fb54442d18p1
#define LINE 64                  /* bytes of a cache line */
#define MOST ((uint64_t)1 << 30) /* bytes of tables and space */

/* ---- filters ---- */

static double sinc(double x) { return x == 0.0 ? 1.0 : dp_sin_d(x * PI) / (x * PI); }

static double cubic(double x)
{
    const double a = -0.5;

    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

static double hamming(double x)
{
    if (x == 0.0)
        return 1.0;
    return x < 1.0 ? dp_sin_d(x * PI) / (x * PI) * (0.54f + 0.46f * dp_cos_d(x * PI)) : 0.0;
}

/* The two that are not even at their ends come first. */
static double weight_of(int32_t interpolation, double x)
{
    if (interpolation == DP_BOX)
        return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
    if (interpolation == DP_LANCZOS)
        return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
    x = x < 0.0 ? -x : x;
    if (interpolation == DP_LINEAR)
        return x < 1.0 ? 1.0 - x : 0.0;
    return interpolation == DP_HAMMING ? hamming(x) : cubic(x);
}

/* The width of a filter, on the output's grid. */
static int32_t width_of(int32_t interpolation)
{
    switch (interpolation) {
    case DP_NEAREST:
    case DP_BOX: return 1;
    case DP_LINEAR:
    case DP_HAMMING: return 2;
    case DP_LANCZOS: return 6;
    default: return 4;
    }
}

/* ---- planning ---- */

/* The filter's weights, divided by their sum. */
static int32_t plan_place(dp_pillow_axis *axis, int32_t interpolation, int64_t d, double *exact)
{
    const double scale = (double)axis->src / (double)axis->dst, wide = scale < 1.0 ? 1.0 : scale;
    const double reach = width_of(interpolation) * 0.5 * wide, inverse = 1.0 / wide;
    const double center = ((double)d + 0.5) * scale;
    const int64_t low = (int64_t)(center - reach + 0.5), high = (int64_t)(center + reach + 0.5);
    const int64_t first = low < 0 ? 0 : low, end = high > axis->src ? axis->src : high;
    double sum = 0.0;

    for (int64_t i = first; i < end; i++) {
        exact[i - first] = weight_of(interpolation, ((double)i - center + 0.5) * inverse);
        sum += exact[i - first];
    }
    for (int64_t i = 0; i < end - first && sum != 0.0; i++)
        exact[i] /= sum;
    axis->places[d].first = (int32_t)first;
    return (int32_t)(end - first);
}

/* The place of the nearest; it is summed up, not multiplied, as the library does. */
static int32_t plan_nearest(dp_pillow_axis *axis, int64_t d, double *at, double *exact)
{
    const double scale = (double)axis->src / (double)axis->dst;

    *at = d == 0 ? scale * 0.5 : *at + scale;
    axis->places[d].first = (int32_t)((int64_t)*at < axis->src ? (int64_t)*at : axis->src - 1);
    exact[0] = 1.0;
    return 1;
}

/* PyTorch's: as many as leave the largest weight in 16 bits. */
static int32_t plan_bits(dp_pillow_axis *axis, int32_t interpolation, double *exact)
{
    double most = 0.0;
    int32_t bits = 0;

    for (int64_t d = 0; d < axis->dst; d++) {
        const int32_t n = plan_place(axis, interpolation, d, exact);
        for (int32_t i = 0; i < n; i++)
            most = exact[i] > most ? exact[i] : most;
    }
    while (bits < DP_PILLOW_BITS && (int32_t)(0.5 + most * (1 << (bits + 1))) < 1 << 15)
        bits++;
    return bits;
}

static void put_weight(const dp_pillow_axis *axis, int32_t at, double exact)
{
    const double w = exact * (1 << axis->bits);
    const int32_t weight = (int32_t)(exact < 0 ? -0.5 + w : 0.5 + w);

    axis->weights[at] = weight;
    axis->high[at] = (int16_t)((weight + (1 << (DP_PILLOW_LOW - 1))) >> DP_PILLOW_LOW);
    axis->low[at] = (int16_t)(weight - axis->high[at] * (1 << DP_PILLOW_LOW));
}

/* The weights of all places one behind the other. */
static void plan_weights(dp_pillow_axis *axis, dp_pillow_how how, double *exact)
{
    int32_t at = 0;
    double nearest = 0.0;

    axis->bits =
        how.antialias == DP_TORCH ? plan_bits(axis, how.interpolation, exact) : DP_PILLOW_BITS;
    for (int64_t d = 0; d < axis->dst; d++) {
        const int32_t n = how.interpolation == DP_NEAREST
                              ? plan_nearest(axis, d, &nearest, exact)
                              : plan_place(axis, how.interpolation, d, exact);
        const int32_t whole = (n + axis->group - 1) / axis->group * axis->group;
        for (int32_t i = 0; i < whole; i++)
            put_weight(axis, at + i, i < n ? exact[i] : 0.0);
        axis->places[d].count = n;
        axis->places[d].at = at;
        at += whole;
    }
}

/* ---- memory ---- */

static uint64_t lines(uint64_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

/* Of an axis and a filter: source places that all output places have together, without zeros, but
 * for two of each. */
static uint64_t taps(const dp_pillow *p, int axis)
{
    const int64_t src = p->axis[axis].src, dst = p->axis[axis].dst;
    return (uint64_t)width_of(p->how.interpolation) * (uint64_t)(src > dst ? src : dst);
}

static uint64_t weights_of(const dp_pillow *p, int axis)
{
    return taps(p, axis) + (uint64_t)(p->axis[axis].dst * (p->axis[axis].group + 2));
}

/* Of one output place. */
static uint64_t exact_of(const dp_pillow *p, int axis)
{
    return taps(p, axis) / (uint64_t)p->axis[axis].dst + 4;
}

static uint64_t axis_tables(const dp_pillow *p, int axis)
{
    return 8 * exact_of(p, axis) + sizeof(dp_pillow_place) * (uint64_t)p->axis[axis].dst +
           8 * weights_of(p, axis) + 5 * LINE;
}

size_t dp_pillow_tables(const dp_pillow *p)
{
    return (size_t)lines(axis_tables(p, 0) + axis_tables(p, 1));
}

/* Bytes of a row of the source, and of one that is held, with what is read behind it. */
static uint64_t source_row(const dp_pillow *p)
{
    return lines((uint64_t)(p->axis[1].src * p->channels) + 16);
}
static uint64_t held_row(const dp_pillow *p)
{
    const int64_t src = p->axis[1].src, dst = p->axis[1].dst;
    const bool widest = p->alpha && p->how.antialias == DP_PILLOW_13 && src > dst;

    return lines((uint64_t)((widest ? src : dst) * p->channels) + 16);
}

/* Rows that are held: those of an output row, and those that were made ahead with the last of them;
 * two more are for sides that follow from others, cut to whole pixels. */
static uint64_t space_of(const dp_pillow *p)
{
    const uint64_t held = held_row(p) + LINE, dst = (uint64_t)p->axis[0].dst;

    return 8 * (taps(p, 0) / dst + 8) + DP_PILLOW_ROWS * (source_row(p) + LINE) +
           taps(p, 0) * held / dst + (4 + DP_PILLOW_ROWS) * held + LINE;
}

size_t dp_pillow_space(const dp_pillow *p) { return (size_t)lines(space_of(p)); }

/* Source rows of an output row, at most; rows that are held, for it and made ahead; where the lines
 * of the source and the ring begin, behind the pointers to rows. */
typedef struct layout {
    uint64_t most, held, lines, ring;
} layout;

static layout lay_out(const dp_pillow *p)
{
    layout l = {.most = taps(p, 0) / (uint64_t)p->axis[0].dst + 3};

    l.held = l.most + DP_PILLOW_ROWS - 1;
    l.lines = lines((l.most + 1) * sizeof(uint8_t *));
    l.ring = l.lines + DP_PILLOW_ROWS * source_row(p);
    return l;
}

size_t dp_pillow_used(const dp_pillow *p)
{
    const layout l = lay_out(p);
    return (size_t)(l.ring + l.held * held_row(p));
}

/* Source places that 16 bytes hold, which is what a kernel takes at once. */
static int32_t group_of(int64_t channels)
{
    return channels == 3 ? 4 : channels <= 4 ? (int32_t)(16 / channels) : 1;
}

dp_status dp_pillow_start(dp_pillow *p, dp_pillow_how how, int64_t channels, const int64_t src[2],
                          const int64_t dst[2], dp_error *err)
{
    p->how = how;
    p->channels = channels;
    p->alpha = (channels == 2 || channels == 4) && how.antialias != DP_TORCH &&
               how.interpolation != DP_NEAREST && how.interpolation != DP_PILCUBIC;
    for (int i = 0; i < 2; i++)
        p->axis[i] = (dp_pillow_axis){
            .src = src[i], .dst = dst[i], .group = i == 0 ? 2 : group_of(channels)};
    if (weights_of(p, 0) > MOST / 8 || weights_of(p, 1) > MOST / 8 || space_of(p) > MOST)
        return dp_fail(err, DP_ELIMIT, "%lldx%lld to %lldx%lld takes more than 1 GiB beside both",
                       (long long)src[0], (long long)src[1], (long long)dst[0], (long long)dst[1]);
    return DP_OK;
}

static uint8_t *plan_axis(dp_pillow *p, int i, uint8_t *tables)
{
    dp_pillow_axis *axis = &p->axis[i];
    double *exact = (double *)(void *)tables;

    tables += lines(8 * exact_of(p, i));
    axis->places = (void *)tables;
    tables += lines((uint64_t)axis->dst * sizeof *axis->places);
    axis->weights = (void *)tables;
    tables += lines(4 * weights_of(p, i));
    axis->high = (void *)tables;
    axis->low = (void *)(tables + lines(2 * weights_of(p, i)));
    plan_weights(axis, p->how, exact);
    return tables + 2 * lines(2 * weights_of(p, i));
}

void dp_pillow_plan(dp_pillow *p, const int64_t src[2], void *tables)
{
    dp_pillow_axis *v = &p->axis[0], *h = &p->axis[1];

    v->src = src[0];
    h->src = src[1];
    plan_axis(p, 1, plan_axis(p, 0, tables));
    p->columns_first = p->how.antialias == DP_PILLOW_13 && h->src != h->dst && v->src > v->dst &&
                       v->src - v->dst > 2 * (h->src - h->dst);
}

/* ---- the specification ---- */

static uint8_t rounded(int32_t sum, int32_t bits)
{
    const int32_t v = sum >> bits;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void across_row(const dp_pillow_axis *axis, int64_t channels, const uint8_t *row,
                       uint8_t *out)
{
    for (int64_t x = 0; x < axis->dst; x++) {
        const dp_pillow_taps t = dp_pillow_at(axis, x);
        for (int64_t k = 0; k < channels; k++) {
            const uint8_t *from = row + t.first * channels + k;
            int32_t sum = 1 << (t.bits - 1);
            for (int32_t i = 0; i < t.count; i++, from += channels)
                sum += *from * t.weights[i];
            *out++ = rounded(sum, t.bits);
        }
    }
}

static void across(const dp_pillow_axis *axis, int64_t channels, const uint8_t *const rows[], int n,
                   uint8_t *const out[])
{
    for (int i = 0; i < n; i++)
        across_row(axis, channels, rows[i], out[i]);
}

static void down(const dp_pillow_taps *t, const uint8_t *const rows[], size_t n, uint8_t *out)
{
    for (size_t x = 0; x < n; x++) {
        int32_t sum = 1 << (t->bits - 1);
        for (int32_t i = 0; i < t->count; i++)
            sum += rows[i][x] * t->weights[i];
        out[x] = rounded(sum, t->bits);
    }
}

const dp_pillow_kernels dp_pillow_scalar = {across, down};

const dp_pillow_kernels *dp_pillow_kernels_get(dp_cpu_level cpu, int64_t channels)
{
#if defined(__x86_64__)
    if (channels <= 4 && (cpu == DP_CPU_AVX2 || cpu == DP_CPU_AVX512))
        return &dp_pillow_avx2;
#endif
    (void)cpu, (void)channels;
    return &dp_pillow_scalar;
}

/* ---- alpha ---- */

static void multiply_row(const uint8_t *from, int64_t channels, int64_t n, uint8_t *to)
{
    for (int64_t i = 0; i < n; i++, from += channels, to += channels) {
        for (int64_t k = 0; k < channels - 1; k++) {
            const uint32_t t = (uint32_t)from[k] * from[channels - 1] + 128;
            to[k] = (uint8_t)(((t >> 8) + t) >> 8);
        }
        to[channels - 1] = from[channels - 1];
    }
}

static void divide_row(uint8_t *at, int64_t channels, int64_t n)
{
    for (int64_t i = 0; i < n; i++, at += channels) {
        const uint32_t alpha = at[channels - 1];
        for (int64_t k = 0; k < channels - 1 && alpha != 0; k++) {
            const uint32_t v = 255u * at[k] / alpha;
            at[k] = (uint8_t)(v > 255 ? 255 : v);
        }
    }
}

/* ---- running ---- */

typedef struct run {
    const dp_pillow *p;
    const dp_pillow_source *source;
    const dp_pillow_kernels *kernels;
    dp_pillow_axis axis[2]; /* of the part that is made */
    int64_t left, width;    /* columns that are read of the image */
    const uint8_t **rows;   /* of an output row */
    uint8_t *lines;         /* as wide as the source: DP_PILLOW_ROWS */
    uint8_t *ring;          /* rows that are held */
    uint64_t n_held, held_row;
    int64_t next; /* row that is the next to be held */
} run;

static uint8_t *held(const run *r, int64_t row)
{
    return r->ring + (uint64_t)row % r->n_held * r->held_row;
}

static const uint8_t *source(const run *r, int64_t row)
{
    return r->source->first + (size_t)row * r->source->row;
}

/* A source row, where 16 bytes behind it can be read. */
static const uint8_t *fetch(const run *r, int64_t row, int slot)
{
    const dp_pillow *p = r->p;
    const size_t n = (size_t)(p->axis[1].src * p->channels);
    const uint8_t *from = source(r, row);
    uint8_t *copy = r->lines + (uint64_t)slot * source_row(p);

    if (!p->alpha && (size_t)(r->source->end - from) >= n + 16)
        return from;
    if (p->alpha)
        multiply_row(from, p->channels, p->axis[1].src, copy);
    else
        memcpy(copy, from, n);
    memset(copy + n, 0, 16);
    return copy;
}

/* The row behind those that are needed for output row y, and without a gap for some after it. */
static int64_t needed_end(const dp_pillow_axis *axis, int64_t y, int64_t enough)
{
    int64_t end = axis->places[y].first + axis->places[y].count;

    for (y++; y < axis->dst && end < enough && axis->places[y].first <= end; y++) {
        const int64_t own = axis->places[y].first + axis->places[y].count;
        end = own > end ? own : end;
    }
    return end;
}

/* Some of the next rows across, for output row y. */
static void make_rows(run *r, int64_t y)
{
    const dp_pillow *p = r->p;
    const int64_t end = needed_end(&r->axis[0], y, r->next + DP_PILLOW_ROWS);
    const uint8_t *rows[DP_PILLOW_ROWS];
    uint8_t *out[DP_PILLOW_ROWS];
    int n = 0;

    for (; n < DP_PILLOW_ROWS && r->next < end; n++, r->next++) {
        rows[n] = fetch(r, r->next, n);
        out[n] = held(r, r->next);
    }
    if (p->axis[1].src != p->axis[1].dst) {
        r->kernels->across(&r->axis[1], p->channels, rows, n, out);
        return;
    }
    for (int i = 0; i < n; i++)
        memcpy(out[i], rows[i] + r->left * p->channels, (size_t)(r->width * p->channels));
}

static void hold_rows(run *r, const dp_pillow_taps *t, int64_t y)
{
    const dp_pillow *p = r->p;

    r->next = r->next < t->first ? t->first : r->next;
    while (r->next < t->first + t->count) {
        if (!p->columns_first) {
            make_rows(r, y);
        } else {
            multiply_row(source(r, r->next) + r->left * p->channels, p->channels, r->width,
                         held(r, r->next));
            r->next++;
        }
    }
}

/* Output row y of sums down, n bytes of it. */
static void down_row(run *r, int64_t y, size_t n, uint8_t *out)
{
    const dp_pillow_taps t = dp_pillow_at(&r->axis[0], y);
    const bool direct = r->p->columns_first && !r->p->alpha;

    if (!direct)
        hold_rows(r, &t, y);
    for (int32_t i = 0; i < t.count; i++)
        r->rows[i] =
            direct ? source(r, t.first + i) + r->left * r->p->channels : held(r, t.first + i);
    r->rows[t.count] = r->rows[0];
    if (t.count == 1 && t.weights[0] == 1 << t.bits)
        memcpy(out, r->rows[0], n);
    else
        r->kernels->down(&t, r->rows, n, out);
}

static void run_columns_first(run *r, uint8_t *dst, size_t row)
{
    const dp_pillow *p = r->p;
    const size_t from = (size_t)(r->left * p->channels), n = (size_t)(r->width * p->channels);
    const uint8_t *rows[DP_PILLOW_ROWS];
    uint8_t *out[DP_PILLOW_ROWS];

    for (int64_t y = 0; y < r->axis[0].dst;) {
        int i = 0;
        for (; i < DP_PILLOW_ROWS && y < r->axis[0].dst; i++, y++, dst += row) {
            uint8_t *line = r->lines + (uint64_t)i * source_row(p);
            down_row(r, y, n, line + from);
            memset(line + from + n, 0, 16);
            rows[i] = line;
            out[i] = dst;
        }
        r->kernels->across(&r->axis[1], p->channels, rows, i, out);
    }
}

/* The axis with the places of a part alone. */
static dp_pillow_axis part_of(const dp_pillow_axis *axis, int64_t first, int64_t n)
{
    dp_pillow_axis part = *axis;

    part.places += first;
    part.dst = n;
    return part;
}

/* Places grow along an axis, so those of the first and of the last are enough. */
static void reads_axis(const dp_pillow_axis *axis, int64_t *first, int64_t *n)
{
    const dp_pillow_place *a = &axis->places[*first], *b = &axis->places[*first + *n - 1];

    *first = a->first;
    *n = b->first + b->count - a->first;
}

void dp_pillow_reads(const dp_pillow *p, dp_picture_part *part)
{
    reads_axis(&p->axis[0], &part->top, &part->height);
    reads_axis(&p->axis[1], &part->left, &part->width);
}

void dp_pillow_run(const dp_pillow *p, const dp_pillow_source *from, const dp_tensor *out,
                   const dp_picture_part *part, void *space, dp_cpu_level cpu)
{
    const layout l = lay_out(p);
    const size_t row = (size_t)(p->axis[1].dst * p->channels),
                 n = (size_t)(part->width * p->channels);
    uint8_t *bytes = space, *dst = (uint8_t *)out->data + (size_t)part->top * row +
                                   (size_t)(part->left * p->channels);
    run r = {.p = p,
             .source = from,
             .kernels = dp_pillow_kernels_get(cpu, p->channels),
             .axis = {part_of(&p->axis[0], part->top, part->height),
                      part_of(&p->axis[1], part->left, part->width)},
             .left = part->left,
             .width = part->width,
             .rows = space,
             .lines = bytes + l.lines,
             .ring = bytes + l.ring,
             .n_held = l.held,
             .held_row = held_row(p)};

    if (p->columns_first) {
        reads_axis(&p->axis[1], &r.left, &r.width);
        run_columns_first(&r, dst, row);
    }
    for (int64_t y = 0; y < part->height && !p->columns_first; y++)
        down_row(&r, y, n, dst + (size_t)y * row);
    for (int64_t y = 0; y < part->height && p->alpha; y++)
        divide_row(dst + (size_t)y * row, p->channels, part->width);
}
