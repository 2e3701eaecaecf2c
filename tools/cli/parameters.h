/* parameters.h - the parameters of a stage or operator, printed and as JSON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_CLI_PARAMETERS_H
#define TOOLS_CLI_PARAMETERS_H

#include "tools/cli/cli.h"

void parameters_print(const dp_stage_info *);
cJSON *parameters_json(const dp_stage_info *);

#endif
