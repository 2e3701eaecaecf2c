/* main.c - the table of commands
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands/commands.h"
#include "tools/cli/cli.h"
#include "tools/cli/memory.h"
#include "tools/cli/output.h"

typedef enum group { GROUP_prove, GROUP_run, GROUP_look, GROUP_files, N_GROUPS } group;
static const char *const headings[N_GROUPS] = {
    [GROUP_prove] = "prove that runs are equal, or find what differs",
    [GROUP_run] = "run a recipe",
    [GROUP_look] = "look at a stream, or at the language",
    [GROUP_files] = "files: weights, snapshots, MindSpore's pipelines",
};

static const struct {
    const char *name;
    group group;
    int (*run)(int, char **);
    const char *summary;
} commands[] = {
#define DP_COMMAND(name, group, summary) {#name, GROUP_##group, cmd_##name, summary},
#include "tools/commands/commands.def"
#undef DP_COMMAND
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static int usage(FILE *out, int status)
{
    fputs("detpipe " DETPIPE_VERSION ": training runs that are reproducible to the last bit\n\n"
          "usage: detpipe COMMAND [OPTIONS]\n\n",
          out);
    for (int g = 0; g < N_GROUPS; g++) {
        fprintf(out, "%s%s\n", g > 0 ? "\n" : "", headings[g]);
        for (size_t i = 0; i < N_COMMANDS; i++) {
            if (commands[i].group == (group)g)
                fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
        }
    }
    fputs("\n`detpipe COMMAND --help` says more.  Try `detpipe verify`: it needs no file.\n"
          "Exit status: 0 yes, 1 no, 2 the question is malformed, 3 it could not be tried.\n",
          out);
    return status;
}

static int run(int argc, char **argv)
{
    dp_nearest near = {argv[1], NULL, 0};

    if (argc < 2)
        return usage(stderr, EXIT_MALFORMED);
    if (strcmp(argv[1], "help") == 0 && argc == 3) { /* help COMMAND is COMMAND --help */
        char *turned[] = {argv[0], argv[2], "--help", NULL};

        return run(3, turned);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return usage(stdout, EXIT_YES);
    if (strcmp(argv[1], "--version") == 0) {
        printf("detpipe %s\n", dp_version());
        return EXIT_YES;
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
        dp_nearest_look(&near, commands[i].name);
    }
    return cli_no_such("command", &near, "detpipe --help");
}

int main(int argc, char **argv)
{
    int status;

    output_hold_streams();
    memory_begin();
    output_survive_limits();
    status = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        return cli_fail(EXIT_NOT_TRIED, "cannot write to standard output: %s", strerror(errno));
    return status == CLI_HELPED ? EXIT_YES : status;
}
