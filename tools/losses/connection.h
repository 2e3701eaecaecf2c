/* connection.h - what stands between a name and its number, and what belongs to the number
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_CONNECTION_H
#define TOOLS_LOSSES_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#define MOST_INSIDE 512 /* bytes looked at inside of tensor(..), <tf.Tensor: ..> */

/* Behind the labels that Prometheus puts behind a name, {rank="0"}, or at. */
const char *loss_pass_labels(const char *at);
/* Behind ": ", " = ", " (step 3): " and the like; *sure: it is more than a blank. */
const char *loss_pass_connection(const char *at, bool *sure);
/* To the number in tensor(2.3 or <tf.Tensor: ..; *depth: brackets that are open. */
const char *loss_pass_wrapping(const char *at, int *depth);
/* Behind what follows the number in tensor(2.3, device='cuda:0'), or at. */
const char *loss_pass_arguments(const char *at);
/* Bytes of an arrow; 0 = there is none. */
size_t loss_arrow(const char *at);

#endif
