/* cells.h - the line of a table in cells
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_CELLS_H
#define TOOLS_LOSSES_CELLS_H

#include "tools/losses/reader.h"

typedef struct loss_cell {
    const char *at;
    size_t n;
} loss_cell;

/* By a separator: ',' ';' '\t' '|', ' ' for blanks, 'w' for two blanks and more; the number of
 * cells, LOSS_COLUMNS + 1 when there are more. */
int loss_cut(const char *text, char separator, loss_cell out[LOSS_COLUMNS]);
/* By where the columns begin and end; 0 = something stands between two. */
int loss_cut_columns(const char *text, const loss_table *, loss_cell out[LOSS_COLUMNS]);
/* The words that end where the names of the columns do, 0 bytes where none does; and what stands
 * behind the last one, if anything. */
int loss_cut_ends(const char *text, const loss_table *, loss_cell out[LOSS_COLUMNS]);

#endif
