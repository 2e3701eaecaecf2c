/* recurrent_op.c - what the operators lstm and gru share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/recurrent_op.h"

dp_status dp_recurrent_fit(const dp_cell *cell, const dp_op_plan *plan, size_t x, size_t w,
                           int64_t leaf, dp_sequence *s, dp_error *err)
{
    const int64_t *shape = plan->in[x].shape;
    dp_status status = dp_op_expect(plan, x, DP_F32, 3, err);

    if (status == DP_OK)
        status = dp_op_expect(plan, w, DP_F32, 2, err);
    if (status != DP_OK)
        return status;
    *s = (dp_sequence){.steps = shape[0],
                       .batch = shape[1],
                       .inputs = shape[2],
                       .hidden = plan->in[w].shape[1] / cell->gates};
    if (dp_tensor_count(&plan->in[x]) == 0 || s->hidden < 1)
        return dp_fail(err, DP_EINVAL, "x or its weight has no element");
    return dp_op_check_leaves(s->batch, leaf, err);
}

dp_sequence_run dp_recurrent_run(const dp_op_run_args *a, size_t x)
{
    return (dp_sequence_run){
        .math = {.kernels = a->kernels, .workers = a->workers, .workspace = a->workspace},
        .x = a->in[x].data};
}

/* Of a backward run: the rows and their gradients, and what is written on the side. */
static size_t lay_out(const dp_cell *cell, const dp_kernels *k, const dp_sequence *s, void *at,
                      dp_sequence_run *r)
{
    const int64_t rows = s->steps * s->batch;
    const size_t own = dp_cell_workspace(cell, s, k);
    int64_t sizes[2 * DP_CELL_MATRICES + 1] = {0};
    float **const places[] = {&r->rows[0], &r->rows[1], &r->drows[0], &r->drows[1],
                              &r->math.workspace};

    for (size_t i = 0; i < cell->n_matrices; i++) {
        const dp_matrix m = dp_cell_matrix(cell, s, i);
        sizes[i] = rows * m.in;
        sizes[2 + i] = rows * m.out;
    }
    sizes[4] = own < SIZE_MAX ? (int64_t)own : INT64_MAX;
    return dp_lay_out(sizes, sizeof sizes / sizeof sizes[0], at, places);
}

size_t dp_recurrent_memory(const dp_cell *cell, const dp_kernels *k, const dp_sequence *s)
{
    dp_sequence_run r;
    return lay_out(cell, k, s, NULL, &r);
}

void dp_recurrent_backward(const dp_cell *cell, const dp_sequence *s, dp_sequence_run *r,
                           int64_t leaf, float *const dw[], float *const db[])
{
    dp_share alone = dp_share_alone(s->batch, leaf);

    lay_out(cell, r->math.kernels, s, r->math.workspace, r);
    r->math.n = s->batch, r->math.leaf = leaf;
    cell->backward(s, r);
    dp_cell_weight_gradients(cell, s, r, &alone, dw, 0, db);
}
