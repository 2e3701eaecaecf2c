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

/* PMIx itself says no number: srun does, of the tasks of its step. */
unsigned long ranks_started(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};
    unsigned long most = 1;

    for (size_t i = 0; is_launched() && i < sizeof names / sizeof names[0]; i++) {
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

/* ---- MPI_Init and MPI_Finalize, which wait for every rank for ever ---- */

static const char *late;
static uint32_t patience; /* seconds, 0 = for ever */

static void give_up(int signal)
{
    (void)signal;
    (void)!write(STDERR_FILENO, late, strlen(late));
    _exit(EXIT_NOT_TRIED);
}

/* Until the next call of it, with NULL. */
static void bound(const char *words)
{
    const struct sigaction ending = {.sa_handler = give_up};
    static struct sigaction before;

    late = words;
    if (words != NULL)
        sigaction(SIGALRM, &ending, &before);
    alarm(words != NULL ? patience : 0);
    if (words == NULL)
        sigaction(SIGALRM, &before, NULL);
}

int ranks_join(dp_group **group, uint64_t timeout)
{
    dp_error err;
    dp_status status;

    *group = NULL;
    if (!is_launched())
        return 0;
    patience = timeout > UINT32_MAX ? UINT32_MAX : (uint32_t)timeout;
    bound("detpipe: the other ranks have not joined in the time of --rank-timeout: each must run "
          "detpipe with the same command and recipe\n");
    status = dp_mpi_open(group, &err);
    bound(NULL);
    if (status != DP_OK)
        return cli_fail_error(&err, NULL);
    dp_mpi_set_timeout(*group, patience);
    return 0;
}

bool ranks_leads(const dp_group *group) { return group == NULL || group->rank == 0; }

int ranks_leave(dp_group *group, int status)
{
    if (group == NULL)
        return status;
    if (status != EXIT_YES) {
        cli_fail(status, "rank %u of %u ends the run", group->rank, group->ranks);
        fflush(NULL);
        bound("detpipe: this rank has ended, the others have not in the time of --rank-timeout\n");
        dp_mpi_abort(group, status);
    }
    fflush(NULL);
    bound("detpipe: this rank has ended, the others have not in the time of --rank-timeout\n");
    dp_mpi_close(group);
    bound(NULL);
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
