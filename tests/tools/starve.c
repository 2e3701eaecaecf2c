/* starve.c - starve MOST PROGRAM ARGS...: each allocation of a program fails once, a run for each
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where there are more than MOST, so many of them at equal distances; 0: all.  A run ends as it
 * does with memory, or with status 3 and a line; of the files that it makes in `made` there are no
 * others, and what it leaves in `tmp` it names.  PRELOAD names no_memory.so and what goes with it.
 * Prints the failures, then "ALLOCATIONS TRIED"; status 1 where one failed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 60
#define TEXT    (1 << 20)

typedef struct result {
    int status; /* -1 = it took too long */
    char out[TEXT], err[TEXT], made[4096], left[4096];
} result;

static result whole, now;

static void need(int holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(2);
    }
}

static void read_text(const char *path, char text[TEXT])
{
    const int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, TEXT - 1) : -1;

    need(n >= 0 && n < TEXT - 1, path);
    text[n] = '\0';
    close(fd);
}

/* Takes out what two runs print differently: the characters of `set` behind the words. */
static void cut_behind(char *text, const char *words, const char *set)
{
    for (char *at = text; (at = strstr(at, words)) != NULL;) {
        at += strlen(words);
        memmove(at, at + strspn(at, set), strlen(at + strspn(at, set)) + 1);
    }
}

static void cut_times(char *text)
{
    static const char digits[] = "0123456789.e-";

    cut_behind(text, " in ", digits);
    cut_behind(text, "\"seconds\":\t", digits);
    cut_behind(text, "detpipe-verify-",
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, a line each. */
static void list(const char *folder, char text[4096])
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    char *names[64];
    size_t n = 0;

    need(d != NULL, folder);
    while ((e = readdir(d)) != NULL && n < 64) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            names[n++] = strdup(e->d_name);
    }
    closedir(d);
    qsort(names, n, sizeof names[0], by_name);
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        snprintf(text + strlen(text), 4096 - strlen(text), "%s\n", names[i]);
        free(names[i]);
    }
}

static void empty(const char *folder)
{
    char names[4096], path[4200];

    list(folder, names);
    for (char *name = strtok(names, "\n"); name != NULL; name = strtok(NULL, "\n")) {
        snprintf(path, sizeof path, "%s/%s", folder, name);
        need(unlink(path) == 0, path);
    }
}

static void be_the_program(char *const *argv, const char *variable, const char *value)
{
    const int in = open("/dev/null", O_RDONLY);
    const int out = open("out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = open("err.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setenv("LD_PRELOAD", getenv("PRELOAD"), 1);
    setenv(variable, value, 1);
    if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2)
        execv(argv[0], argv);
    _exit(127);
}

static void run(char *const *argv, const char *variable, const char *value, result *r)
{
    const struct timespec most = {SECONDS, 0};
    sigset_t child;
    pid_t pid;
    int status = -1;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    pid = fork();
    need(pid >= 0, "fork");
    if (pid == 0)
        be_the_program(argv, variable, value);
    if (sigtimedwait(&child, NULL, &most) < 0)
        kill(pid, SIGKILL);
    need(waitpid(pid, &status, 0) == pid, "waitpid");
    r->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    read_text("out.txt", r->out);
    read_text("err.txt", r->err);
    list("made", r->made);
    list("tmp", r->left);
    cut_times(r->out);
}

/* Whether each line of a is one of b. */
static int holds_all(const char *b, const char *a)
{
    char line[300];

    for (size_t n; *a != '\0'; a += n) {
        n = strcspn(a, "\n") + 1;
        snprintf(line, sizeof line, "%.*s", (int)n, a);
        if (strstr(b, line) == NULL)
            return 0;
    }
    return 1;
}

/* NULL, or what is wrong with it. */
static const char *judge(void)
{
    char left[4096];

    snprintf(left, sizeof left, "%.*s", (int)strcspn(now.left, "\n"), now.left);
    cut_times(left);
    if (left[0] != '\0' && strstr(now.out, left) == NULL && strstr(now.err, left) == NULL)
        return "something is left in TMPDIR";
    if (now.status == 3)
        return strchr(now.err, '\n') == NULL      ? "no line says why"
               : !holds_all(whole.made, now.made) ? "files are left"
                                                  : NULL;
    if (now.status != whole.status)
        return "another status";
    return strcmp(now.made, whole.made) != 0 ? "other files"
           : strcmp(now.out, whole.out) != 0 ? "it prints something else"
                                             : NULL;
}

static int try(char *const *argv, long k)
{
    char number[24];
    const char *why;

    empty("made");
    snprintf(number, sizeof number, "%ld", k);
    run(argv, "NO_MEMORY_AT", number, &now);
    why = judge();
    if (why != NULL) {
        printf("FAILED: allocation %ld of", k);
        for (int i = 1; argv[i] != NULL; i++)
            printf(" %s", argv[i]);
        printf(": %s: status %d\n%.300s%.300s", why, now.status, now.err, now.out);
    }
    if (now.left[0] != '\0')
        need(system("rm -rf tmp && mkdir tmp") == 0, "tmp");
    return why == NULL;
}

int main(int argc, char **argv)
{
    const long most = argc > 2 ? atol(argv[1]) : 0;
    char count[64];
    long n, step, tried = 0;
    int good = 1;

    empty("made");
    run(argv + 2, "NO_MEMORY_COUNT", "count", &whole);
    need(whole.status >= 0 && whole.status < 3, argv[3]);
    read_text("count", now.out);
    n = atol(now.out);
    step = most > 0 ? (n + most - 1) / most : 1;
    for (long k = 1; k <= n; k += step, tried++)
        good = try(argv + 2, k) && good;
    snprintf(count, sizeof count, "%ld %ld", n, tried);
    puts(count);
    return good ? 0 : 1;
}
