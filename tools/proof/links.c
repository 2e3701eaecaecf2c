/* links.c - a new working directory that is like the old one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/links.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4600

/* Where both folders are, and what of the old one is left out; `at` = in this folder, "" or "a/".
 */
typedef struct links {
    char from[PATH_SIZE], to[PATH_SIZE];
    const written *without;
    char at[PATH_SIZE];
} links;

static bool is_left_out(const written *w, const char *name)
{
    return written_has(w, name) && w->v[written_place(w, name)].fresh;
}

/* Whether something in the folder of that name, which ends in '/', is left out. */
static bool is_thinned(const written *w, const char *name)
{
    const size_t n = strlen(name);

    for (size_t i = written_place(w, name); i < w->n && strncmp(w->v[i].name, name, n) == 0; i++) {
        if (w->v[i].fresh)
            return true;
    }
    return false;
}

static bool link_all(links *l);

/* One that stands in the folder `at`. */
static bool link_one(links *l, const char *entry)
{
    const size_t n = strlen(l->at);
    char from[2 * PATH_SIZE], to[2 * PATH_SIZE];
    struct stat s;
    bool done = true;

    snprintf(l->at + n, sizeof l->at - n, "%s", entry);
    snprintf(from, sizeof from, "%s/%s", l->from, l->at);
    snprintf(to, sizeof to, "%s/%s", l->to, l->at);
    if (lstat(from, &s) == 0 && S_ISDIR(s.st_mode))
        snprintf(l->at + n, sizeof l->at - n, "%s/", entry);
    if (!is_left_out(l->without, l->at))
        done = l->at[strlen(l->at) - 1] == '/' && is_thinned(l->without, l->at)
                   ? mkdir(to, 0777) == 0 && link_all(l)
                   : symlink(from, to) == 0;
    l->at[n] = '\0';
    return done;
}

static bool link_all(links *l)
{
    char path[2 * PATH_SIZE];
    const struct dirent *entry;
    bool done = true;
    DIR *d;

    snprintf(path, sizeof path, "%s/%s", l->from, l->at);
    d = opendir(path);
    if (d == NULL)
        return false;
    while (done && (entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            done = link_one(l, entry->d_name);
    }
    closedir(d);
    return done;
}

static const written nothing;

/* "../data" is the same, too, as far as one may see it. */
static bool link_parent(const char *cwd, const char *folder)
{
    links l = {.without = &nothing};

    snprintf(l.from, sizeof l.from, "%.4000s/..", cwd);
    snprintf(l.to, sizeof l.to, "%s", folder);
    return mkdir(folder, 0700) == 0 && (access(l.from, R_OK) != 0 || link_all(&l));
}

bool links_enter(const char *folder, const written *without)
{
    links l = {.without = without != NULL ? without : &nothing};

    snprintf(l.to, sizeof l.to, "%s/" LINKS_HERE, folder);
    return getcwd(l.from, sizeof l.from) != NULL && link_parent(l.from, folder) &&
           mkdir(l.to, 0700) == 0 && link_all(&l) && chdir(l.to) == 0 &&
           setenv("PWD", l.to, 1) == 0;
}
