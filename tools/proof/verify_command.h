/* verify_command.h - detpipe verify [OPTIONS] -- COMMAND: anybody's trainer, run twice
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_VERIFY_COMMAND_H
#define TOOLS_PROOF_VERIFY_COMMAND_H

/* command: the word after "--" in argv, which ends with NULL. */
int verify_command(int argc, char **argv, int command);

#endif
