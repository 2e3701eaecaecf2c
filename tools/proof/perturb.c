/* perturb.c - what must not matter to a program: changed, or held fast
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/perturb.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/proof/links.h"

#define PATH_SIZE 4200

__attribute__((format(printf, 2, 3))) static void note(perturb_place *p, const char *format, ...)
{
    const size_t n = strlen(p->note);
    va_list args;

    va_start(args, format);
    if (n > 0)
        snprintf(p->note + n, p->size - n, "; ");
    vsnprintf(p->note + strlen(p->note), p->size - strlen(p->note), format, args);
    va_end(args);
}

/* ---- variables of the environment ---- */

static bool set_value(const perturb_change *c, perturb_place *p)
{
    const char *own = getenv(c->name);

    if (own != NULL && strcmp(own, c->value) == 0)
        note(p, "%s is %s already", c->name, own);
    return setenv(c->name, c->value, 1) == 0;
}

/* Behind what is there already. */
static bool append(const char *name, char between, const char *value)
{
    const char *own = getenv(name);
    char text[PATH_SIZE];

    if (own == NULL || own[0] == '\0')
        return setenv(name, value, 1) == 0;
    if (snprintf(text, sizeof text, "%s%c%s", own, between, value) >= (int)sizeof text) {
        errno = E2BIG;
        return false;
    }
    return setenv(name, text, 1) == 0;
}

static bool append_flag(const perturb_change *c, perturb_place *p)
{
    (void)p;
    return append(c->name, ' ', c->value);
}

static bool set_hash_seed(const perturb_change *c, perturb_place *p)
{
    const char *own = getenv(c->name);

    (void)p;
    return setenv(c->name, own != NULL && strcmp(own, c->value) == 0 ? "17" : c->value, 1) == 0;
}

static bool set_switch(const perturb_change *c, perturb_place *p)
{
    const char *own = getenv(c->name);

    (void)p;
    return setenv(c->name, own != NULL && strcmp(own, "0") == 0 ? "1" : "0", 1) == 0;
}

/* The stack begins elsewhere. */
static bool pad(const perturb_change *c, perturb_place *p)
{
    char padding[5000];

    (void)p;
    memset(padding, 'x', sizeof padding - 1);
    padding[sizeof padding - 1] = '\0';
    return setenv(c->name, padding, 1) == 0;
}

/* ---- threads ---- */

static const char *const thread_counts[] = {
    "OMP_NUM_THREADS",        "MKL_NUM_THREADS",        "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",       "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",      "RAYON_NUM_THREADS",      "LOKY_MAX_CPU_COUNT",
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"};

/* One thread, or three where one is what there would be. */
static bool set_threads(const perturb_change *c, perturb_place *p)
{
    const char *own = getenv(c->name), *omp = getenv("OMP_NUM_THREADS");
    cpu_set_t cpus;
    const bool alone = own != NULL && strcmp(own, "1") == 0;
    const bool single = own == NULL && omp == NULL &&
                        sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) == 1;

    (void)p;
    return setenv(c->name, alone || single ? "3" : "1", 1) == 0;
}

/* The first CPU of those that are allowed: reaches all who ask for the number of CPUs. */
static bool one_cpu(perturb_place *p)
{
    cpu_set_t cpus, one;
    int first = 0;

    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) {
        note(p, "the CPUs are left as they are: %s", strerror(errno));
        return true;
    }
    while (first < CPU_SETSIZE - 1 && !CPU_ISSET(first, &cpus))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}

static bool set_affinity(const perturb_change *c, perturb_place *p)
{
    cpu_set_t cpus;

    (void)c;
    if (sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) == 1)
        note(p, "there is one CPU in both runs");
    return one_cpu(p);
}

/* ---- places ---- */

/* One with a comma in its numbers, if there is one. */
static bool vary_locale(const perturb_change *c, perturb_place *p)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8", "de_DE"};
    const char *name = NULL;

    (void)c;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && name == NULL; i++) {
        const locale_t l = newlocale(LC_ALL_MASK, names[i], (locale_t)0);
        if (l != (locale_t)0) {
            name = names[i];
            freelocale(l);
        }
    }
    if (name == NULL)
        note(p, "locale C.UTF-8: the machine has none with decimal commas");
    name = name != NULL ? name : "C.UTF-8";
    return setenv("LC_ALL", name, 1) == 0 && setenv("LANG", name, 1) == 0;
}

static bool vary_cwd(const perturb_change *c, perturb_place *p)
{
    char folder[PATH_SIZE];

    (void)c;
    snprintf(folder, sizeof folder, "%s.cwd", p->here);
    return links_enter(folder, NULL);
}

static bool vary_left(const perturb_change *c, perturb_place *p)
{
    char folder[PATH_SIZE];

    (void)c;
    snprintf(folder, sizeof folder, "%s.left", p->here);
    return links_enter(folder, p->left);
}

static bool vary_tmp(const perturb_change *c, perturb_place *p)
{
    char folder[PATH_SIZE];

    (void)c;
    snprintf(folder, sizeof folder, "%s.tmp", p->here);
    return mkdir(folder, 0700) == 0 && setenv("TMPDIR", folder, 1) == 0 &&
           setenv("TMP", folder, 1) == 0 && setenv("TEMP", folder, 1) == 0;
}

/* ---- namespaces ---- */

static bool write_text(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return done;
}

/* As root at once, else as root of a user namespace in which the user is still the user. */
static bool enter(int namespaces)
{
    char text[64];
    const uid_t uid = geteuid();
    const gid_t gid = getegid();

    if (unshare(namespaces) == 0)
        return true;
    if (unshare(namespaces | CLONE_NEWUSER) != 0)
        return false;
    snprintf(text, sizeof text, "%u %u 1\n", (unsigned)uid, (unsigned)uid);
    if (!write_text("/proc/self/uid_map", text))
        return false;
    snprintf(text, sizeof text, "%u %u 1\n", (unsigned)gid, (unsigned)gid);
    return write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/gid_map", text);
}

static bool vary_host(const perturb_change *c, perturb_place *p)
{
    static const char name[] = "detpipe-other-host";

    (void)c;
    if (!enter(CLONE_NEWUTS) || sethostname(name, sizeof name - 1) != 0)
        note(p, "host: HOSTNAME alone, this system permits no host name of its own");
    return setenv("HOSTNAME", name, 1) == 0 && setenv("HOST", name, 1) == 0;
}

/* Goes on in a child; this process ends as the child does. */
static bool go_on_in_a_child(void)
{
    const pid_t self = getpid(), child = fork();
    int status;

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        return getppid() == self || getppid() == 0; /* 0: it lives in another namespace */
    }
    if (child < 0)
        return false;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            _exit(EXIT_NOT_TRIED);
    }
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    _exit(WEXITSTATUS(status));
}

/* Numbers are given in turn: many are taken. */
static bool vary_pid(const perturb_change *c, perturb_place *p)
{
    (void)c, (void)p;
    for (int i = 0; i < 97; i++) {
        const pid_t pid = fork();
        if (pid == 0)
            _exit(EXIT_YES);
        if (pid < 0 || waitpid(pid, NULL, 0) != pid)
            return false;
    }
    return go_on_in_a_child();
}

/* ---- the clock ---- */

/* Where distributions put it; DETPIPE_FAKETIME names another place, "" none. */
bool perturb_faketime(char path[PERTURB_PATH])
{
    static const char *const places[] = {"/usr/lib64/faketime/libfaketimeMT.so.1",
                                         "/usr/lib/faketime/libfaketimeMT.so.1",
                                         "/usr/local/lib/faketime/libfaketimeMT.so.1"};
    const char *own = getenv("DETPIPE_FAKETIME");
    struct utsname system;

    if (own != NULL) {
        snprintf(path, PERTURB_PATH, "%s", own);
        return own[0] != '\0' && access(path, R_OK) == 0;
    }
    snprintf(path, PERTURB_PATH, "/usr/lib/%s-linux-gnu/faketime/libfaketimeMT.so.1",
             uname(&system) == 0 ? system.machine : "");
    for (size_t i = 0; i < sizeof places / sizeof places[0] && access(path, R_OK) != 0; i++)
        snprintf(path, PERTURB_PATH, "%s", places[i]);
    return access(path, R_OK) == 0;
}

/* "+SECONDS", or a moment at which the clock stands. */
static bool fake_clock(const char *time)
{
    char library[PERTURB_PATH];

    return perturb_faketime(library) && append("LD_PRELOAD", ':', library) &&
           setenv("FAKETIME", time, 1) == 0 && setenv("DONT_FAKE_MONOTONIC", "1", 1) == 0 &&
           setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1) == 0 &&
           setenv("NO_FAKE_STAT", "1", 1) == 0;
}

/* 400 days, 5 hours, 7 minutes and 11 seconds on: another year, month, day, hour, minute. */
static bool vary_time(const perturb_change *c, perturb_place *p)
{
    char library[PERTURB_PATH];

    (void)c;
    if (perturb_faketime(library))
        return fake_clock("+34578431");
    note(p, "time: another second only, for faketime (Debian: faketime) is not installed");
    return true;
}

static bool vary_aslr(const perturb_change *c, perturb_place *p)
{
    const int now = personality(0xFFFFFFFF);

    (void)c, (void)p;
    return now >= 0 && personality((unsigned long)(now ^ ADDR_NO_RANDOMIZE)) >= 0;
}

/* ---- the words, and what they change ---- */

const perturb_word perturb_words[] = {
    {"threads", "the number of threads and of CPUs"},
    {"locale", "the language: decimal commas, the order of letters"},
    {"cwd", "the working directory (a new one with links to all that is in it)"},
    {"left", "what run 1 left here (a new working directory with links to all else)"},
    {"env", "the size of the environment, the time zone"},
    {"aslr", "whether addresses are random"},
    {"hashseed", "the seed of hash tables (PYTHONHASHSEED)"},
    {"cpu", "the instructions that libraries believe to have"},
    {"time", "the clock"},
    {"pid", "the process's number"},
    {"host", "the name of the machine"},
    {"tmp", "the folder for temporary files"},
};
const size_t n_perturb_words = sizeof perturb_words / sizeof perturb_words[0];

/* NumPy says nothing of words that it does not know: those of 1.x and of 2.x stand here. */
#define NUMPY_FEATURES                                                                             \
    "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V3 "    \
    "X86_V4"
#define GLIBC_HWCAPS "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-AVX512F_Usable,-AVX2_Usable,-FMA_Usable"

const perturb_change perturb_changes[] = {
    {"threads", "OMP_NUM_THREADS", set_threads, NULL},
    {"threads", "MKL_NUM_THREADS", set_threads, NULL},
    {"threads", "OPENBLAS_NUM_THREADS", set_threads, NULL},
    {"threads", "BLIS_NUM_THREADS", set_threads, NULL},
    {"threads", "VECLIB_MAXIMUM_THREADS", set_threads, NULL},
    {"threads", "NUMEXPR_NUM_THREADS", set_threads, NULL},
    {"threads", "NUMBA_NUM_THREADS", set_threads, NULL},
    {"threads", "RAYON_NUM_THREADS", set_threads, NULL},
    {"threads", "LOKY_MAX_CPU_COUNT", set_threads, NULL},
    {"threads", "TF_NUM_INTRAOP_THREADS", set_threads, NULL},
    {"threads", "TF_NUM_INTEROP_THREADS", set_threads, NULL},
    {"threads", "the number of CPUs", set_affinity, NULL},
    {"locale", "LC_ALL", vary_locale, NULL},
    {"cwd", "the working directory", vary_cwd, NULL},
    {"left", "what run 1 left", vary_left, NULL},
    {"env", "the size of the environment", pad, NULL},
    {"env", "TZ", set_value, "UTC-11:30"},
    {"env", "COLUMNS", set_value, "61"},
    {"aslr", "the addresses", vary_aslr, NULL},
    {"hashseed", "PYTHONHASHSEED", set_hash_seed, "4242"},
    {"hashseed", "PERL_HASH_SEED", set_hash_seed, "4242"},
    {"cpu", "ATEN_CPU_CAPABILITY", set_value, "default"},
    {"cpu", "ONEDNN_MAX_CPU_ISA", set_value, "SSE41"},
    {"cpu", "MKL_CBWR", set_value, "COMPATIBLE"},
    {"cpu", "MKL_ENABLE_INSTRUCTIONS", set_value, "SSE4_2"},
    {"cpu", "OPENBLAS_CORETYPE", set_value, "Nehalem"},
    {"cpu", "NPY_DISABLE_CPU_FEATURES", set_value, NUMPY_FEATURES},
    {"cpu", "GLIBC_TUNABLES", set_value, GLIBC_HWCAPS},
    {"cpu", "XLA_FLAGS", append_flag, "--xla_cpu_max_isa=SSE4_2"},
    {"cpu", "TF_ENABLE_ONEDNN_OPTS", set_switch, NULL},
    {"cpu", "DETPIPE_CPU", set_value, "scalar"},
    {"time", "the clock", vary_time, NULL},
    {"pid", "the process's number", vary_pid, NULL},
    {"host", "the host's name", vary_host, NULL},
    {"tmp", "TMPDIR", vary_tmp, NULL},
};
const size_t n_perturb_changes = sizeof perturb_changes / sizeof perturb_changes[0];

/* ---- pins ---- */

static bool pin_hash_seed(perturb_place *p)
{
    (void)p;
    return setenv("PYTHONHASHSEED", "0", 1) == 0 && setenv("PERL_HASH_SEED", "0", 1) == 0 &&
           setenv("PERL_PERTURB_KEYS", "0", 1) == 0;
}

static bool pin_threads(perturb_place *p)
{
    for (size_t i = 0; i < sizeof thread_counts / sizeof thread_counts[0]; i++) {
        if (setenv(thread_counts[i], "1", 1) != 0)
            return false;
    }
    return one_cpu(p);
}

/* A thread that runs is interrupted by no other one for 0.1 s, so a program that starts threads
 * whatever it is told runs one behind the other. */
static bool pin_turns(perturb_place *p)
{
    const struct sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_RR)};
    return pin_threads(p) && sched_setscheduler(0, SCHED_RR, &lowest) == 0;
}

/* Root may, and where there is another CPU, nobody else waits for this one. */
static bool may_take_turns(void)
{
    const struct sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_RR)};
    const struct sched_param none = {.sched_priority = 0};
    cpu_set_t cpus;

    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1 &&
           sched_getscheduler(0) == SCHED_OTHER && sched_setscheduler(0, SCHED_RR, &lowest) == 0 &&
           sched_setscheduler(0, SCHED_OTHER, &none) == 0;
}

static bool pin_addresses(perturb_place *p)
{
    const int now = personality(0xFFFFFFFF);

    (void)p;
    return now >= 0 && personality((unsigned long)(now | ADDR_NO_RANDOMIZE)) >= 0;
}

static bool has_faketime(void)
{
    char library[PERTURB_PATH];
    return perturb_faketime(library);
}

static bool pin_clock(perturb_place *p)
{
    (void)p;
    return fake_clock("2026-01-02 03:04:05");
}

/* Process 2 of a namespace, whose /proc shows it so. */
static bool pin_pid(perturb_place *p)
{
    (void)p;
    return enter(CLONE_NEWPID | CLONE_NEWNS) && go_on_in_a_child() &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 &&
           go_on_in_a_child();
}

const perturb_pin perturb_pins[] = {
    {"the seed of hash tables", "with PYTHONHASHSEED=0", pin_hash_seed, NULL, false},
    {"addresses", "without random addresses (setarch -R)", pin_addresses, NULL, false},
    {"a race of threads", "with one thread on one CPU", pin_threads, NULL, false},
    {"threads that interrupt each other", "on one CPU, one behind the other (SCHED_RR)", pin_turns,
     may_take_turns, true},
    {"the clock", "with a clock that stands (faketime)", pin_clock, has_faketime, false},
    {"the process's number", "with the same process number", pin_pid, NULL, false},
};
const size_t n_perturb_pins = sizeof perturb_pins / sizeof perturb_pins[0];

/* ---- sets of them ---- */

int perturb_parse(const char *list, uint32_t *set)
{
    *set = 0;
    if (list[0] == '\0') /* a script's empty variable */
        return cli_fail(EXIT_MALFORMED, "verify: --vary '' varies nothing: leave it out");
    for (const char *at = list; *at != '\0';) {
        const size_t n = strcspn(at, ",");
        size_t i = 0;
        while (i < n_perturb_words &&
               (strlen(perturb_words[i].name) != n || memcmp(perturb_words[i].name, at, n) != 0))
            i++;
        if (i == n_perturb_words)
            return cli_fail(EXIT_MALFORMED, "verify: --vary takes a list of %s, not '%s'",
                            PERTURB_WORDS, list);
        *set |= (uint32_t)1 << i;
        at += n;
        at += *at == ',';
    }
    return 0;
}

perturb_text perturb_names(uint32_t set)
{
    perturb_text out = {""};

    for (size_t i = 0; i < n_perturb_words; i++) {
        if ((set >> i & 1) != 0)
            snprintf(out.text + strlen(out.text), sizeof out.text - strlen(out.text), "%s%s",
                     out.text[0] != '\0' ? "," : "", perturb_words[i].name);
    }
    return out;
}

static bool has_word(uint32_t set, const char *word)
{
    for (size_t i = 0; i < n_perturb_words; i++) {
        if ((set >> i & 1) != 0 && strcmp(perturb_words[i].name, word) == 0)
            return true;
    }
    return false;
}

static bool has_pin(uint32_t set, bool (*apply)(perturb_place *))
{
    for (size_t i = 0; i < n_perturb_pins; i++) {
        if ((set >> i & 1) != 0 && perturb_pins[i].apply == apply)
            return true;
    }
    return false;
}

bool perturb_needs_clock(const perturb_plan *plan)
{
    return has_pin(plan->pins, pin_clock) || has_word(plan->words, "time");
}

bool perturb_may_hang(const perturb_plan *plan)
{
    char library[PERTURB_PATH];

    return has_pin(plan->pins, pin_turns) ||
           (perturb_needs_clock(plan) && perturb_faketime(library));
}

bool perturb_apply(const perturb_plan *plan, perturb_place *p)
{
    for (size_t i = 0; i < n_perturb_changes; i++) {
        const perturb_change *c = &perturb_changes[i];
        if (plan->own_clock && c->apply == vary_time) {
            note(p, "time: another second only, for the command fails under faketime");
            continue;
        }
        if ((c == plan->one || has_word(plan->words, c->word)) && !c->apply(c, p))
            return false;
    }
    for (size_t i = 0; i < n_perturb_pins; i++) {
        const bool left = plan->own_clock && perturb_pins[i].apply == pin_clock;
        if ((plan->pins >> i & 1) != 0 && !left && !perturb_pins[i].apply(p))
            return false;
    }
    return true;
}
