/* cmd_selftest.c - compare this machine and every kernel with the specification
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "detpipe_net.h"
#include "tools/commands/commands.h"
#include "tools/cli/cli.h"

static const char about[] =
    "Checks the arithmetic of this process (rounding, subnormals, fma, exp, log) and compares "
    "the kernels of every instruction set that this machine has with the scalar reference, bit "
    "for bit.\n"
    "Exit status: 0 all equal, 1 something differs.";

static bool report(const char *what, dp_status status, const dp_error *err, bool json)
{
    if (!json)
        printf("%-10s %s\n", what, status == DP_OK ? "equal to the specification" : err->message);
    return status == DP_OK;
}

int cmd_selftest(int argc, char **argv)
{
    bool json = false, numerics, kernels;
    const cli_option options[] = {
        {"json", NULL, "print one JSON object", CLI_FLAG, &json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"selftest", "[OPTIONS]", about, options, 0, 0};
    const char *none;
    uint8_t digest[16];
    dp_error err = {0};
    dp_status status;
    const int parsed = cli_parse(&command, argc, argv, &none);

    if (parsed != 0)
        return parsed;
    status = dp_numeric_check(digest, &err);
    numerics = report("numerics", status, &err, json);
    status = dp_net_selftest(&err);
    if (status != DP_OK && status != DP_ESTATE)
        return cli_fail_error(&err, NULL);
    kernels = report("kernels", status, &err, json);
    if (json) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddBoolToObject(object, "numerics", numerics);
        cJSON_AddBoolToObject(object, "kernels", kernels);
        cJSON_AddStringToObject(object, "digest", cli_hex_of(digest).text);
        if (cli_print_json(object) != EXIT_YES)
            return EXIT_NOT_TRIED;
    }
    return numerics && kernels ? EXIT_YES : EXIT_NO;
}
