/* pass.c - several transforms as one pass over the pixels, with the same bits
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/pass/pass.h"

#include <string.h>

#include "transforms/pass/lines.h"

#define BLOCK 8192 /* bytes of rows that are moved at a time: 4 of the largest */

struct dp_pass {
    const dp_pass_part *moves;
    uint32_t n_moves;
    int32_t height, width; /* of the input */
    int32_t channels;
    bool planes;                     /* the result is <C,H,W> */
    uint8_t *fill;                   /* BLOCK bytes of the pixel around the image */
    float *floats[DP_PASS_CHANNELS]; /* of each byte; NULL = the result is bytes */
    uint8_t *bytes[DP_PASS_CHANNELS];
    bool avx2;
    const dp_line_kernels *kernels; /* NULL = the tables are not what they compute from these */
    struct dp_value k[DP_PASS_CHANNELS];
    bool from_planes; /* so is the input */
    bool leaves;      /* the caches: the result goes into a batch */
};

/* ---- which transforms ---- */

static bool is_pixels(const dp_tensor *t)
{
    return t->rank == 3 && t->shape[0] <= DP_PASS_SIDE && t->shape[1] <= DP_PASS_SIDE &&
           t->shape[2] <= DP_PASS_CHANNELS && dp_tensor_count(t) > 0;
}

static bool is_move(const dp_pass_part *p)
{
    return p->transform->move != NULL && p->in.dtype == DP_U8 && is_pixels(&p->in) &&
           is_pixels(&p->out);
}

static bool is_value(const dp_pass_part *p)
{
    return p->transform->pointwise != NULL && p->transform->draw == NULL &&
           p->transform->pointwise(p->params) && is_pixels(&p->in);
}

/* Moves may not disagree on what stands around the image: all but one keep inside it. */
static bool same_fill(const dp_pass_part *p, uint32_t n, uint8_t fill[DP_PASS_CHANNELS])
{
    bool known = false;

    memset(fill, 0, DP_PASS_CHANNELS);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *other =
            p[i].transform->fill != NULL ? p[i].transform->fill(p[i].params) : NULL;
        if (other == NULL)
            continue;
        if (known && memcmp(fill, other, (size_t)p[i].in.shape[2]) != 0)
            return false;
        memcpy(fill, other, (size_t)p[i].in.shape[2]);
        known = true;
    }
    return true;
}

/* Moves, values, planes, in this order; how many of each. */
typedef struct shape {
    uint32_t moves, values, planes;
} shape;

static shape shape_of(const dp_pass_part *p, uint32_t n)
{
    shape s = {0, 0, 0};
    uint8_t fill[DP_PASS_CHANNELS];

    if (n == 0 || p[0].in.dtype != DP_U8 || !is_pixels(&p[0].in))
        return s;
    while (s.moves < n && is_move(&p[s.moves]) && same_fill(p, s.moves + 1, fill))
        s.moves++;
    while (s.moves + s.values < n && is_value(&p[s.moves + s.values]))
        s.values++;
    if (s.moves + s.values < n && p[s.moves + s.values].transform->makes_planes)
        s.planes = 1;
    return s;
}

uint32_t dp_pass_length(const dp_pass_part *p, uint32_t n)
{
    const shape s = shape_of(p, n);
    const uint32_t length = s.moves + s.values + s.planes;

    if (length < 2)
        return 0;
    return p[length - 1].out.dtype == DP_F32 || p[length - 1].out.dtype == DP_U8 ? length : 0;
}

/* ---- what each byte becomes ---- */

/* A sample of every byte in its pixels, from `first` on, through the values' transforms. */
static const dp_tensor *probe(const dp_pass_part *p, uint32_t n, int first, dp_tensor sample[2])
{
    const size_t channels = (size_t)p[0].in.shape[2];
    const size_t count = (size_t)dp_tensor_count(&p[0].in);
    uint8_t *bytes = sample[0].data;

    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)((size_t)first + i / channels);
    for (uint32_t i = 0; i < n; i++) {
        dp_tensor in = p[i].in, out = p[i].out;
        in.data = sample[i % 2].data;
        out.data = sample[(i + 1) % 2].data;
        p[i].transform->apply(p[i].params, NULL, &in, &out);
    }
    return &sample[n % 2];
}

static void fill_tables(dp_pass *pass, const dp_pass_part *p, uint32_t n, dp_tensor sample[2])
{
    const size_t pixels = (size_t)(p[0].in.shape[0] * p[0].in.shape[1]);
    const size_t channels = (size_t)pass->channels;

    for (size_t first = 0; first < 256; first += pixels) {
        const void *made = probe(p, n, (int)first, sample)->data;
        for (size_t i = 0; i < pixels && first + i < 256; i++) {
            for (size_t c = 0; c < channels; c++) {
                if (pass->floats[c] != NULL)
                    pass->floats[c][first + i] = ((const float *)made)[i * channels + c];
                else
                    pass->bytes[c][first + i] = ((const uint8_t *)made)[i * channels + c];
            }
        }
    }
}

static dp_status make_tables(dp_pass *pass, const dp_pass_part *p, uint32_t n, bool floats,
                             dp_arena *arena, dp_error *err)
{
    dp_arena spare = dp_arena_within(arena);
    dp_tensor sample[2] = {{0}, {0}};
    size_t most = dp_tensor_bytes(&p[0].in); /* what goes in, though nothing changes it (n = 0) */
    bool made = true;

    for (uint32_t i = 0; i < n; i++) {
        const size_t in = dp_tensor_bytes(&p[i].in), out = dp_tensor_bytes(&p[i].out);
        most = in > most ? in : most;
        most = out > most ? out : most;
    }
    for (int i = 0; i < 2; i++) {
        sample[i].data = dp_arena_alloc(&spare, most, 1);
        made = made && sample[i].data != NULL;
    }
    for (int32_t c = 0; c < pass->channels; c++) {
        pass->floats[c] = floats ? dp_arena_alloc(arena, 256, sizeof(float)) : NULL;
        pass->bytes[c] = floats ? NULL : dp_arena_alloc(arena, 256, 1);
        made = made && (floats ? (void *)pass->floats[c] : (void *)pass->bytes[c]) != NULL;
    }
    if (made)
        fill_tables(pass, p, n, sample);
    dp_arena_free(&spare);
    return made ? DP_OK : dp_arena_fail(spare.over ? &spare : arena, err, "a pass over pixels");
}

/* ---- arithmetic in place of the tables ---- */

/* v * a + b by the first, - m and / s by the second; either may be absent. */
static bool find_affine(dp_pass *pass, const dp_pass_part *p, uint32_t n)
{
    if (n == 0 || n > 2 || !pass->planes || pass->floats[0] == NULL ||
        (pass->channels != 1 && pass->channels != 3))
        return false;
    for (int32_t c = 0; c < pass->channels; c++) {
        dp_linear k = {1, 0, 0, 1};
        for (uint32_t i = 0; i < n; i++) {
            if (p[i].transform->affine == NULL)
                return false;
            p[i].transform->affine(p[i].params, c, &k);
        }
        pass->k[c] = (struct dp_value){k.a, k.b, k.m, k.s, 1 / k.s, 0};
    }
    return true;
}

/* All 256 bytes are tried: the tables are right, and so is what agrees with them. */
static bool try_kernels(const dp_pass *pass, const dp_line_kernels *kernels)
{
    uint8_t bytes[256];
    float made[256];
    int32_t row = 0;
    dp_places at = {.height = 1, .width = 256};
    struct dp_lines lines;
    bool same = true;

    for (int i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
        at.cols[i] = i;
    }
    if (!dp_lines_fit(&lines, &at, 256))
        return false;
    lines.rows = &row;
    for (int32_t c = 0; c < pass->channels; c++) {
        kernels->lines(&lines, &pass->k[c], bytes, made);
        same = same && memcmp(made, pass->floats[c], sizeof made) == 0;
    }
    return same;
}

static void plan_kernels(dp_pass *pass, const dp_pass_part *parts, const shape *s, dp_cpu_level cpu)
{
    const dp_line_kernels *kernels = dp_line_kernels_get(cpu);
    const dp_tensor *moved = s->moves > 0 ? &parts[s->moves - 1].out : &parts[0].in;

    if (kernels == NULL || !dp_lines_wide(pass->width, moved->shape[1]) ||
        !find_affine(pass, parts + s->moves, s->values) || !try_kernels(pass, kernels))
        return;
    pass->kernels = kernels;
    for (int32_t c = 0; c < pass->channels; c++)
        pass->k[c].around = pass->floats[c][pass->fill[c]];
}

bool dp_pass_wants_planes(const dp_pass *pass) { return pass->kernels != NULL; }

void dp_pass_take_planes(dp_pass *pass) { pass->from_planes = true; }
void dp_pass_leave_caches(dp_pass *pass) { pass->leaves = true; }

dp_status dp_pass_plan(dp_pass **out, const dp_pass_part *parts, uint32_t n, dp_cpu_level cpu,
                       dp_arena *arena, dp_error *err)
{
    const shape s = shape_of(parts, n);
    dp_pass *pass = dp_arena_alloc(arena, 1, sizeof *pass);
    dp_pass_part *copy = dp_arena_alloc(arena, n, sizeof *copy);
    uint8_t fill[DP_PASS_CHANNELS];
    dp_pass_part same; /* a byte stays one when nothing changes values */

    if (pass == NULL || copy == NULL)
        return dp_arena_fail(arena, err, "a pass over pixels");
    memcpy(copy, parts, n * sizeof *copy);
    pass->moves = copy;
    pass->n_moves = s.moves;
    pass->height = (int32_t)parts[0].in.shape[0];
    pass->width = (int32_t)parts[0].in.shape[1];
    pass->channels = (int32_t)parts[0].in.shape[2];
    pass->planes = s.planes != 0;
    pass->fill = dp_arena_alloc(arena, BLOCK, 1);
    if (pass->fill == NULL)
        return dp_arena_fail(arena, err, "a pass over pixels");
    (void)same_fill(parts, s.moves, fill);
    for (size_t i = 0; i < BLOCK; i++)
        pass->fill[i] = fill[i % (size_t)pass->channels];
    pass->avx2 = cpu == DP_CPU_AVX2 || cpu == DP_CPU_AVX512;
    *out = pass;
    if (s.values > 0) {
        const bool floats = parts[n - 1].out.dtype == DP_F32;
        const dp_status status = make_tables(pass, copy + s.moves, s.values, floats, arena, err);
        if (status == DP_OK)
            plan_kernels(pass, copy, &s, cpu);
        return status;
    }
    same = parts[n - 1 - s.planes];
    same.in = same.out;
    return make_tables(pass, &same, 0, false, arena, err);
}

/* ---- the pass ---- */

/* Neighbours of a row of the result that are neighbours in the input, too. */
typedef struct span {
    int32_t x, n; /* in the result, in pixels */
    int32_t from; /* in the input; -1 = the fill value */
    bool mirrored;
} span;

typedef struct spans {
    int32_t n;
    span span[DP_PASS_SIDE];
} spans;

static bool goes_on(const span *s, int32_t from, bool mirrored)
{
    if (s->from < 0 || from < 0)
        return s->from < 0 && from < 0;
    return from == (mirrored ? s->from - s->n : s->from + s->n);
}

static void find_spans(const dp_places *at, spans *out)
{
    out->n = 0;
    for (int32_t x = 0; x < at->width; x++) {
        const int32_t from = at->cols[x];
        span *s = out->n > 0 ? &out->span[out->n - 1] : NULL;
        if (s != NULL && s->n == 1)
            s->mirrored = goes_on(s, from, true) && !goes_on(s, from, false);
        if (s != NULL && goes_on(s, from, s->mirrored))
            s->n++;
        else
            out->span[out->n++] = (span){x, 1, from, false};
    }
}

/* Pixels one after another, from the last to the first. */
static void copy_mirrored(const dp_pass *p, const uint8_t *last, int32_t n, uint8_t *dst)
{
    const size_t channels = (size_t)p->channels;
    int32_t i = 0;

#if defined(__x86_64__)
    if (p->avx2 && channels == 3)
        i = dp_pass_mirror_avx2(last, n, dst);
#endif
    for (; i < n; i++)
        memcpy(dst + (size_t)i * channels, last - (size_t)i * channels, channels);
}

/* A few dozen bytes: a call of memcpy would take as long again. */
static void copy_bytes(uint8_t *dst, const uint8_t *src, size_t n)
{
    if (n < 16) {
        memcpy(dst, src, n);
        return;
    }
    for (size_t i = 0; i + 16 <= n; i += 16)
        memcpy(dst + i, src + i, 16);
    memcpy(dst + n - 16, src + n - 16, 16);
}

/* A row of the result as bytes, but for the fill value, which is there. */
static void move_row(const dp_pass *p, const spans *s, const uint8_t *row, uint8_t *line)
{
    const size_t channels = (size_t)p->channels;

    for (int32_t i = 0; i < s->n; i++) {
        const span *part = &s->span[i];
        uint8_t *dst = line + (size_t)part->x * channels;
        if (part->from < 0)
            continue;
        if (part->mirrored)
            copy_mirrored(p, row + (size_t)part->from * channels, part->n, dst);
        else
            copy_bytes(dst, row + (size_t)part->from * channels, (size_t)part->n * channels);
    }
}

#define MAP_ROW(type)                                                                              \
    static void map_##type(const uint8_t *pixels, size_t channels, size_t n, const type *table,    \
                           type *dst)                                                              \
    {                                                                                              \
        for (size_t i = 0; i < n; i++, pixels += channels, dst += channels)                        \
            *dst = table[*pixels];                                                                 \
    }
typedef uint8_t byte;
MAP_ROW(byte)
MAP_ROW(float)

/* Pixels of the result from `first` on, as bytes in their order: their values. */
static void put_pixels(const dp_pass *p, size_t first, size_t n, const uint8_t *pixels, void *out)
{
    const size_t channels = (size_t)p->channels;

    for (size_t c = 0; c < channels; c++) {
        const size_t to = first * channels + c;
        if (p->floats[c] == NULL)
            map_byte(pixels + c, channels, n, p->bytes[c], (byte *)out + to);
        else
            map_float(pixels + c, channels, n, p->floats[c], (float *)out + to);
    }
}

/* Rows are moved some at a time: their pixels are one run in the result. */
static void run_pixels(const dp_pass *p, const dp_places *at, const uint8_t *in, void *out)
{
    const size_t row_size = (size_t)p->width * (size_t)p->channels;
    const size_t width = (size_t)at->width, height = (size_t)at->height;
    const size_t line = width * (size_t)p->channels, most = BLOCK / line;
    uint8_t block[BLOCK];
    spans s;

    find_spans(at, &s);
    for (size_t y = 0; y < height; y += most) {
        const size_t n = height - y < most ? height - y : most;
        memcpy(block, p->fill, n * line);
        for (size_t i = 0; i < n; i++) {
            const int32_t from = at->rows[y + i];
            if (from >= 0)
                move_row(p, &s, in + (size_t)from * row_size, block + i * line);
        }
        put_pixels(p, y * width, n * width, block, out);
    }
}

#define MAP_PLANE(type)                                                                            \
    static void map_plane_##type(const dp_pass *p, const dp_places *at, const uint8_t *in,         \
                                 int32_t step, const type *table, type around, type *dst)          \
    {                                                                                              \
        for (int32_t y = 0; y < at->height; y++) {                                                 \
            const uint8_t *row = in + (int64_t)at->rows[y] * p->width * step;                      \
            for (int32_t x = 0; x < at->width; x++) {                                              \
                const bool outside = at->rows[y] < 0 || at->cols[x] < 0;                           \
                *dst++ = outside ? around : table[row[at->cols[x] * step]];                        \
            }                                                                                      \
        }                                                                                          \
    }
MAP_PLANE(byte)
MAP_PLANE(float)

/* Planes of the result one after another. */
static void run_planes(const dp_pass *p, const dp_places *at, const uint8_t *in, void *out)
{
    const int64_t plane_in = (int64_t)p->height * p->width;
    const int64_t plane = (int64_t)at->height * at->width;
    const int32_t step = p->from_planes ? 1 : p->channels;

    for (int32_t c = 0; c < p->channels; c++) {
        const uint8_t *from = in + (p->from_planes ? c * plane_in : c);
        if (p->floats[c] == NULL)
            map_plane_byte(p, at, from, step, p->bytes[c], p->bytes[c][p->fill[c]],
                           (byte *)out + c * plane);
        else
            map_plane_float(p, at, from, step, p->floats[c], p->floats[c][p->fill[c]],
                            (float *)out + c * plane);
    }
}

void dp_pass_run(const dp_pass *p, const double *draws, const void *in, void *out)
{
    struct dp_lines lines;
    dp_places at;

    at.height = p->height;
    at.width = p->width;
    for (int32_t i = 0; i < p->height; i++)
        at.rows[i] = i;
    for (int32_t i = 0; i < p->width; i++)
        at.cols[i] = i;
    for (uint32_t i = 0; i < p->n_moves; i++) {
        const dp_pass_part *m = &p->moves[i];
        at.height = (int32_t)m->out.shape[0];
        at.width = (int32_t)m->out.shape[1];
        m->transform->move(m->params, draws + m->draws, &at);
    }
    if (p->kernels != NULL && dp_lines_fit(&lines, &at, p->width)) {
        lines.streams = p->leaves && dp_lines_stream(&lines, p->channels, out);
        dp_lines_run(p->kernels, &lines, p->k, p->channels, p->height, p->from_planes, in, out);
    } else if (p->planes) {
        run_planes(p, &at, in, out);
    } else {
        run_pixels(p, &at, in, out);
    }
}
