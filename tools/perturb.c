/* perturb.c - what must not matter to a program, changed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/perturb.h"

#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli.h"

typedef struct setting {
    const char *name, *value;
} setting;

static bool set_all(const setting *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (setenv(s[i].name, s[i].value, 1) != 0)
            return false;
    }
    return true;
}

/* One thread, or three where one is what there would be. */
static bool vary_threads(const char *folder)
{
    static const char *const names[] = {"OMP_NUM_THREADS",     "OPENBLAS_NUM_THREADS",
                                        "MKL_NUM_THREADS",     "BLIS_NUM_THREADS",
                                        "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS"};
    const char *own = getenv("OMP_NUM_THREADS");
    const bool alone = own != NULL ? strcmp(own, "1") == 0 : sysconf(_SC_NPROCESSORS_ONLN) == 1;

    (void)folder;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setenv(names[i], alone ? "3" : "1", 1) != 0)
            return false;
    }
    return true;
}

/* One with a comma in its numbers, if there is one. */
static bool vary_locale(const char *folder)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8", "de_DE"};
    const char *name = "C.UTF-8";

    (void)folder;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const locale_t l = newlocale(LC_ALL_MASK, names[i], (locale_t)0);
        if (l == (locale_t)0)
            continue;
        name = names[i];
        freelocale(l);
        break;
    }
    return setenv("LC_ALL", name, 1) == 0 && setenv("LANG", name, 1) == 0;
}

/* A new folder with links to all that is in this one. */
static bool vary_cwd(const char *folder)
{
    char here[4096], path[4096 + 300], link[4096 + 300];
    const struct dirent *entry;
    bool done = getcwd(here, sizeof here) != NULL && mkdir(folder, 0700) == 0;
    DIR *d = done ? opendir(here) : NULL;

    if (d == NULL)
        return false;
    while (done && (entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", here, entry->d_name);
        snprintf(link, sizeof link, "%s/%s", folder, entry->d_name);
        done = symlink(path, link) == 0;
    }
    closedir(d);
    return done && chdir(folder) == 0 && setenv("PWD", folder, 1) == 0;
}

/* The stack begins elsewhere, and the time is another one. */
static bool vary_env(const char *folder)
{
    char padding[5000];

    (void)folder;
    memset(padding, 'x', sizeof padding - 1);
    padding[sizeof padding - 1] = '\0';
    return setenv("DETPIPE_VERIFY_PADDING", padding, 1) == 0 && setenv("TZ", "UTC-11:30", 1) == 0 &&
           setenv("COLUMNS", "61", 1) == 0;
}

static bool vary_aslr(const char *folder)
{
    const int now = personality(0xFFFFFFFF);

    (void)folder;
    return now >= 0 && personality((unsigned long)(now ^ ADDR_NO_RANDOMIZE)) >= 0;
}

static bool vary_hashseed(const char *folder)
{
    const char *own = getenv("PYTHONHASHSEED");
    const char *other = own != NULL && strcmp(own, "4242") == 0 ? "17" : "4242";
    const setting settings[] = {{"PYTHONHASHSEED", other}, {"PERL_HASH_SEED", other}};

    (void)folder;
    return set_all(settings, 2);
}

/* Libraries that choose code by what the CPU has are told that it has less. */
static bool vary_cpu(const char *folder)
{
    static const setting settings[] = {
        {"GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-AVX512F_Usable,-AVX2_Usable,"
                           "-FMA_Usable"},
        {"OPENBLAS_CORETYPE", "Nehalem"},
        {"MKL_ENABLE_INSTRUCTIONS", "SSE4_2"},
        {"ONEDNN_MAX_CPU_ISA", "SSE41"},
        {"ATEN_CPU_CAPABILITY", "default"},
        {"DETPIPE_CPU", "scalar"},
    };

    (void)folder;
    return set_all(settings, sizeof settings / sizeof settings[0]);
}

const perturbation perturbations[] = {
    {"threads", "the number of threads (OMP_NUM_THREADS and its kin)", vary_threads},
    {"locale", "the language: decimal commas, the order of letters", vary_locale},
    {"cwd", "the working directory (a new one with links to all that is in it)", vary_cwd},
    {"env", "the size of the environment, the time zone", vary_env},
    {"aslr", "whether addresses are random", vary_aslr},
    {"hashseed", "the seed of hash tables (PYTHONHASHSEED)", vary_hashseed},
    {"cpu", "the instructions that libraries believe to have", vary_cpu},
};
const size_t n_perturbations = sizeof perturbations / sizeof perturbations[0];

int perturb_parse(const char *list, uint32_t *set)
{
    *set = 0;
    for (const char *at = list; *at != '\0';) {
        const size_t n = strcspn(at, ",");
        size_t i = 0;
        while (i < n_perturbations &&
               (strlen(perturbations[i].name) != n || memcmp(perturbations[i].name, at, n) != 0))
            i++;
        if (i == n_perturbations)
            return cli_fail(EXIT_MALFORMED, "verify: --vary takes a list of %s, not '%s'",
                            PERTURB_WORDS, list);
        *set |= (uint32_t)1 << i;
        at += n;
        at += *at == ',';
    }
    return -1;
}

perturb_text perturb_names(uint32_t set)
{
    perturb_text out = {""};

    for (size_t i = 0; i < n_perturbations; i++) {
        if ((set >> i & 1) != 0)
            snprintf(out.text + strlen(out.text), sizeof out.text - strlen(out.text), "%s%s",
                     out.text[0] != '\0' ? "," : "", perturbations[i].name);
    }
    return out;
}

bool perturb_apply(uint32_t set, const char *folder)
{
    for (size_t i = 0; i < n_perturbations; i++) {
        if ((set >> i & 1) != 0 && !perturbations[i].apply(folder))
            return false;
    }
    return true;
}
