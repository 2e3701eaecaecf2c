/* ranks.c - a command that mpirun or srun started on several ranks
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/ranks.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* MPI takes a while to begin: only where a launcher says that there is one.  Open MPI, PMIx, PMI.
 */
static bool is_launched(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (getenv(names[i]) != NULL)
            return true;
    }
    return false;
}

unsigned long ranks_started(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
    unsigned long most = 1;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = getenv(names[i]);
        const unsigned long n = text != NULL ? strtoul(text, NULL, 10) : 1;
        most = n > most ? n : most;
    }
    return most;
}

/* unsetenv() closes the gap, so the next one stands in the same place. */
void ranks_forget(void)
{
    static const char *const prefixes[] = {"OMPI_", "PMIX_", "PMI_"};

    for (size_t i = 0; environ[i] != NULL;) {
        char name[256];
        bool of_launcher = false;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(environ[i], "="), environ[i]);
        for (size_t k = 0; k < sizeof prefixes / sizeof prefixes[0]; k++)
            of_launcher = of_launcher || strncmp(name, prefixes[k], strlen(prefixes[k])) == 0;
        if (!of_launcher || unsetenv(name) != 0)
            i++;
    }
}

#define WAIT_SECONDS 300 /* thousands of ranks that read one slow disk are there by then */

static void give_up(int signal)
{
    static const char text[] =
        "detpipe: the other ranks have not joined (DETPIPE_RANKS_WAIT seconds, 300 if not set): "
        "each must run detpipe with the same command and recipe\n";

    (void)signal;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(EXIT_NOT_TRIED);
    _exit(EXIT_NOT_TRIED);
}

/* MPI_Init waits for ever for a process that never calls it (mpirun -n 1 train : -n 1 digest). */
int ranks_join(dp_group **group)
{
    const char *text = getenv("DETPIPE_RANKS_WAIT");
    const unsigned long seconds = text != NULL ? strtoul(text, NULL, 10) : WAIT_SECONDS;
    struct sigaction ending = {.sa_handler = give_up}, before;
    dp_error err;
    dp_status status;

    *group = NULL;
    if (!is_launched())
        return 0;
    sigaction(SIGALRM, &ending, &before);
    alarm((unsigned)seconds);
    status = dp_mpi_open(group, &err);
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
    return status == DP_OK ? 0 : cli_fail_error(&err, NULL);
}

bool ranks_leads(const dp_group *group) { return group == NULL || group->rank == 0; }

int ranks_leave(dp_group *group, int status)
{
    if (group == NULL)
        return status;
    if (status != EXIT_YES) {
        cli_fail(status, "rank %u of %u ends the run", group->rank, group->ranks);
        fflush(NULL);
        dp_mpi_abort(group, status);
    }
    dp_mpi_close(group);
    return status;
}

int ranks_command(const char *argv[RANKS_MAX_WORDS], const char *ranks, const char *program)
{
    int n = 0;

    argv[n++] = "mpirun";
    argv[n++] = "-n";
    argv[n++] = ranks;
    argv[n++] = "--oversubscribe"; /* more ranks than cores change no bit */
    argv[n++] = "--bind-to";
    argv[n++] = "none"; /* each rank has its own threads */
    if (geteuid() == 0)
        argv[n++] = "--allow-run-as-root";
    argv[n++] = program;
    return n;
}
