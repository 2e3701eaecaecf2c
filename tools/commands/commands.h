/* commands.h - the commands by name: each gets its own words, and returns the exit status
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMMANDS_COMMANDS_H
#define TOOLS_COMMANDS_COMMANDS_H

#define DP_COMMAND(name, group, summary) int cmd_##name(int argc, char **argv);
#include "tools/commands/commands.def"
#undef DP_COMMAND

#endif
