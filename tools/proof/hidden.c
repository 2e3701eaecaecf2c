/* hidden.c - verify --why: processes of a run that may train where nobody sees it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/hidden.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

/* PyTorch, TensorFlow, JAX, MindSpore: how their largest libraries begin. */
static const char *const libraries[] = {"/libtorch_cpu.so",   "/libtensorflow_cc.so",
                                        "/libjax_common.so",  "/xla_extension.so",
                                        "/libmindspore_core", "/_pywrap_tensorflow_internal.so"};

/* What a framework starts for itself, with a path of its own: nothing trains there. */
static const char helper[] = "/torch/_inductor/compile_worker/";

static FILE *open_of(pid_t pid, const char *file)
{
    char path[48];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    return fopen(path, "re");
}

/* ---- what a process has ---- */

static bool has_framework(pid_t pid)
{
    FILE *f = open_of(pid, "maps");
    char *line = NULL;
    size_t size = 0;
    bool has = false;

    while (f != NULL && !has && xgetline(&line, &size, f) > 0) {
        for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
            has = has || strstr(line, libraries[i]) != NULL;
    }
    free(line);
    if (f != NULL)
        fclose(f);
    return has;
}

/* "a:b:c" has b. */
static bool has_folder(const char *paths, const char *folder)
{
    const size_t n = strlen(folder);

    for (const char *at = paths; at != NULL; at = strchr(at, ':')) {
        at += *at == ':';
        if (strncmp(at, folder, n) == 0 && (at[n] == ':' || at[n] == '\0'))
            return true;
    }
    return false;
}

static bool has_environment(const hidden *h, pid_t pid)
{
    static const char folder[] = "DETPIPE_WHY=", path[] = "PYTHONPATH=";
    FILE *f = open_of(pid, "environ");
    bool has_own = false, has_path = false;
    char *entry = NULL;
    size_t size = 0;

    while (f != NULL && xgetdelim(&entry, &size, '\0', f) > 0) {
        has_own = has_own || (strncmp(entry, folder, strlen(folder)) == 0 &&
                              strcmp(entry + strlen(folder), h->folder) == 0);
        has_path = has_path || (strncmp(entry, path, strlen(path)) == 0 &&
                                has_folder(entry + strlen(path), h->path));
    }
    free(entry);
    if (f != NULL)
        fclose(f);
    return has_own && has_path;
}

/* "-Iu": I, E or S before a letter that takes what is behind it.  *takes: that is the next word;
 * *options: there may be more. */
static bool is_isolating(const char *option, bool *takes, bool *options)
{
    const size_t n = strcspn(option, "cmWX");

    *takes = option[n] != '\0' && option[n + 1] == '\0';
    *options = option[n] != 'c' && option[n] != 'm';
    return strcspn(option, "IES") < n;
}

typedef struct command {
    bool isolated; /* a Python that was told to look at no environment, or at no sitecustomize */
    bool helper;
    char words[HIDDEN_TEXT]; /* printable */
} command;

static command command_of(pid_t pid)
{
    FILE *f = open_of(pid, "cmdline");
    bool python = false, options = true, takes = false;
    command c = {.isolated = false};
    char *word = NULL;
    size_t size = 0, n = 0;

    for (int i = 0; f != NULL && xgetdelim(&word, &size, '\0', f) > 0; i++) {
        const char *base = strrchr(word, '/');
        if (i == 0)
            python = strncmp(base != NULL ? base + 1 : word, "python", 6) == 0;
        else if (options && !takes && (options = word[0] == '-' && word[1] != '\0') &&
                 word[1] != '-')
            c.isolated = is_isolating(word + 1, &takes, &options) || c.isolated;
        else
            takes = false;
        c.helper = c.helper || strstr(word, helper) != NULL;
        if (n < HIDDEN_TEXT - 1)
            n += (size_t)snprintf(c.words + n, HIDDEN_TEXT - n, "%s%s", i > 0 ? " " : "", word);
    }
    for (char *at = c.words; *at != '\0'; at++)
        *at = isprint((unsigned char)*at) ? *at : '?';
    free(word);
    if (f != NULL)
        fclose(f);
    c.isolated = c.isolated && python;
    return c;
}

/* ---- which processes ---- */

static bool is_found(const hidden *h, const process *p)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->found[i].pid == p->pid && h->found[i].start == p->start)
            return true;
    }
    return false;
}

static void judge(hidden *h, const process *p)
{
    const command c = command_of(p->pid);

    if (c.helper || is_found(h, p) || h->n == HIDDEN_MOST ||
        (has_environment(h, p->pid) && !c.isolated) || !has_framework(p->pid))
        return;
    if (h->n == 0)
        memcpy(h->first, c.words, sizeof h->first);
    h->found[h->n++] = *p;
}

/* All processes that are there. */
static process *find_all(size_t *n)
{
    DIR *d = opendir("/proc");
    const struct dirent *e;
    process *all = NULL, p;

    *n = 0;
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (!isdigit((unsigned char)e->d_name[0]) || !process_look(atoi(e->d_name), &p))
            continue;
        if ((*n & (*n - 1)) == 0)
            all = xrealloc(all, (*n + *n + 1) * sizeof *all);
        all[(*n)++] = p;
    }
    if (d != NULL)
        closedir(d);
    return all;
}

void hidden_look(hidden *h, pid_t above)
{
    size_t n, n_below = 0;
    process *all = find_all(&n);
    pid_t *below = xmalloc((n + 1) * sizeof *below);

    below[n_below++] = above;
    for (size_t i = 0; i < n_below; i++) {
        for (size_t k = 0; k < n; k++) {
            if (all[k].parent != below[i] || n_below > n)
                continue;
            below[n_below++] = all[k].pid;
            judge(h, &all[k]);
        }
    }
    free(below);
    free(all);
}
