/* child.c - a command in a process of its own, and all that it starts
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/child.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/proof/process.h"

#define TERM_SECONDS 2.0 /* between asking a command to end and killing it */
#define KILL_SECONDS 5.0 /* after which a process that does not die is left alone */
#define LEFT_SECONDS 2.0 /* for what is left behind to end by itself */
#define LOOK_SECONDS 0.1 /* between two looks at what runs, and */
#define LOOK_PART    50  /* at most one part of the time in so many */
#define MOST_WAITS   5   /* for another second, of at most one second each */

/* ---- signals ---- */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGPIPE};

static bool ends_a_run(int signal)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends[i] == signal)
            return true;
    }
    return false;
}

static bool is_ignored(int signal)
{
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

/* Where nohup ignores hanging up, it stays ignored. */
sigset_t child_ends(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        sigaddset(&set, ends[i]);
    if (is_ignored(SIGHUP))
        sigdelset(&set, SIGHUP);
    return set;
}

void child_on_ends(void (*handler)(int))
{
    const sigset_t set = child_ends();
    const struct sigaction action = {.sa_handler = handler, .sa_mask = set};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (sigismember(&set, ends[i]))
            sigaction(ends[i], &action, NULL);
    }
}

/* What verify and the keeper wait for.  Where a shell without job control ignores stopping, it
 * stays ignored. */
static sigset_t signals_to_take(void)
{
    sigset_t set = child_ends();

    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGCONT);
    if (!is_ignored(SIGTSTP))
        sigaddset(&set, SIGTSTP);
    return set;
}

/* ---- the keeper ---- */

typedef struct channel {
    int from, to; /* a pipe, a file; from -1: at its end, or not ours */
    uint64_t n;
} channel;

typedef struct keeper {
    const child *job;
    child_result *result;
    sigset_t before; /* the mask that the command has */
    pid_t command;
    int signals;
    bool ended, said;                /* the command itself; that something is waited for */
    bool stopping;                   /* by us, while verify is stopped */
    double start, ended_at, look_at; /* look_at: when the next look at what runs is due */
    channel streams[2];
} keeper;

/* Sends the signal to each child of the keeper, adopted or not, and the command's group; the
 * number of children, and the name of one.  A child of a child is adopted when its parent dies. */
static unsigned signal_all(const keeper *k, int signal, char name[32])
{
    DIR *d = opendir("/proc");
    const struct dirent *entry;
    unsigned n = 0;

    if (!k->ended)
        kill(-k->command, signal);
    while (d != NULL && (entry = readdir(d)) != NULL) {
        process other;
        const pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
        if (pid == 0 || !process_look(pid, &other) || other.parent != getpid())
            continue;
        if (name != NULL && n++ == 0)
            snprintf(name, 32, "%s", other.name);
        kill(pid, signal);
    }
    if (d != NULL)
        closedir(d);
    return n;
}

/* false, always; that it could not begin is known better by the command itself. */
static bool set_end(keeper *k, child_end end)
{
    if (k->result->end != CHILD_UNSTARTED)
        k->result->end = end;
    return false;
}

/* Nothing seems to go on until somebody lets it. */
static void say_stopped(const keeper *k, pid_t pid, int signal)
{
    if (!k->stopping)
        fprintf(stderr,
                "detpipe: verify: process %d of this run was stopped (%s) and is waited for: "
                "`kill -CONT %d` lets it go on (--timeout ends it)\n",
                (int)pid, strsignal(signal), (int)pid);
}

/* Takes what has ended; false when one was stopped because it wants the terminal. */
static bool reap(keeper *k, bool *any_left)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (WIFSTOPPED(status) && (WSTOPSIG(status) == SIGTTIN || WSTOPSIG(status) == SIGTTOU)) {
            k->result->signal = WSTOPSIG(status);
            return set_end(k, CHILD_STOPPED);
        }
        if (WIFSTOPPED(status))
            say_stopped(k, pid, WSTOPSIG(status));
        if (WIFSTOPPED(status) || pid != k->command)
            continue;
        k->ended = true;
        k->ended_at = cli_seconds();
        k->result->status = status;
    }
    *any_left = pid == 0;
    return true;
}

/* Until a signal is there, or so long. */
static void wait_a_moment(const keeper *k, double seconds)
{
    struct pollfd p = {.fd = k->signals, .events = POLLIN};
    struct signalfd_siginfo info;

    if (poll(&p, 1, (int)(seconds * 1000) + 1) > 0)
        (void)!read(k->signals, &info, sizeof info);
}

/* Asks all of it to end, then kills what does not. */
static void end_all(keeper *k)
{
    const double start = cli_seconds();
    bool any_left = true;

    reap(k, &any_left);
    if (any_left) {
        signal_all(k, SIGTERM, NULL);
        signal_all(k, SIGCONT, NULL);
    }
    while (reap(k, &any_left), any_left && cli_seconds() - start < TERM_SECONDS)
        wait_a_moment(k, 0.05);
    while (any_left && cli_seconds() - start < TERM_SECONDS + KILL_SECONDS) {
        signal_all(k, SIGKILL, NULL);
        wait_a_moment(k, 0.05);
        reap(k, &any_left);
    }
}

/* One piece; false when it is too much, or the file does not take it. */
static bool copy(keeper *k, channel *s)
{
    char piece[65536];
    ssize_t n = read(s->from, piece, sizeof piece), written = 0;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n <= 0) {
        close(s->from);
        s->from = -1;
        return true;
    }
    for (ssize_t at = 0; at < n; at += written) {
        written = write(s->to, piece + at, (size_t)(n - at));
        if (written < 0 && errno != EINTR) {
            snprintf(k->result->why, sizeof k->result->why, "%s", strerror(errno));
            return set_end(k, CHILD_UNWRITTEN);
        }
        written = written < 0 ? 0 : written;
    }
    s->n += (uint64_t)n;
    return s->n <= k->job->most || set_end(k, CHILD_FLOODED);
}

static bool take_signal(keeper *k)
{
    struct signalfd_siginfo info;

    if (read(k->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return true;
    if (info.ssi_signo == SIGTSTP || info.ssi_signo == SIGCONT) {
        k->stopping = info.ssi_signo == SIGTSTP;
        signal_all(k, k->stopping ? SIGSTOP : SIGCONT, NULL);
    }
    if (!ends_a_run((int)info.ssi_signo))
        return true;
    k->result->signal = (int)info.ssi_signo;
    return set_end(k, CHILD_INTERRUPTED);
}

/* Once: why nothing seems to go on. */
static void say_who_prints(keeper *k)
{
    char name[32] = "";
    const unsigned n = signal_all(k, 0, name);

    k->said = true;
    fprintf(stderr,
            "detpipe: verify: the command has ended; %u process%s that it left (%s) can still "
            "print and %s waited for (--timeout ends %s)\n",
            n, n == 1 ? "" : "es", name, n == 1 ? "is" : "are", n == 1 ? "it" : "them");
}

/* The caller's. */
static void look(keeper *k)
{
    const double now = cli_seconds();
    double took;

    if (k->job->look == NULL || now < k->look_at)
        return;
    k->job->look(k->job->ctx, k->result);
    took = cli_seconds() - now;
    k->look_at = now + took + (took * LOOK_PART > LOOK_SECONDS ? took * LOOK_PART : LOOK_SECONDS);
}

/* Milliseconds until something is due: the time-out (0: it is over), the end of patience with
 * what is left, or a look. */
static int patience(const keeper *k, bool prints)
{
    double left = 3600, other;

    if (k->job->timeout != 0)
        left = (double)k->job->timeout - (cli_seconds() - k->start);
    other = LEFT_SECONDS - (cli_seconds() - k->ended_at);
    if (k->ended && !(prints && k->said) && other < left && left > 0)
        left = other > 0 ? other : 0.001;
    other = k->look_at - cli_seconds();
    if (k->job->look != NULL && other < left && left > 0)
        left = other > 0 ? other : 0.001;
    return left <= 0 ? 0 : left > 3600 ? 3600000 : (int)(left * 1000) + 1;
}

/* Until the command has ended, nobody can print any more, and nothing is left. */
static void watch(keeper *k)
{
    bool any_left = true;

    while (reap(k, &any_left)) {
        struct pollfd p[3] = {{.fd = k->streams[0].from, .events = POLLIN},
                              {.fd = k->streams[1].from, .events = POLLIN},
                              {.fd = k->signals, .events = POLLIN}};
        const bool prints = p[0].fd >= 0 || p[1].fd >= 0;
        const bool late = k->ended && cli_seconds() - k->ended_at >= LEFT_SECONDS;
        const int wait = patience(k, prints);
        bool good = true;
        if (k->ended && !prints && (late || !any_left)) {
            set_end(k, CHILD_ENDED);
            return;
        }
        if (late && !k->said)
            say_who_prints(k);
        look(k);
        good = wait > 0 ? poll(p, 3, wait) >= 0 || errno == EINTR : set_end(k, CHILD_TIMED_OUT);
        for (int i = 0; i < 2 && good; i++)
            good = p[i].revents == 0 || copy(k, &k->streams[i]);
        if (!good || (p[2].revents != 0 && !take_signal(k)))
            return;
    }
}

static void be_the_command(keeper *k, const int to[2], pid_t parent)
{
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    child_result *r = k->result;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_NOT_TRIED);
    snprintf(r->why, sizeof r->why, "/dev/null");
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
        (to[0] < 0 || dup2(to[0], STDOUT_FILENO) >= 0) &&
        (to[1] < 0 || dup2(to[1], STDERR_FILENO) >= 0)) {
        sigprocmask(SIG_SETMASK, &k->before, NULL);
        k->job->become(k->job->ctx, r);
    }
    snprintf(r->why + strlen(r->why), sizeof r->why - strlen(r->why), ": %s", strerror(errno));
    r->end = CHILD_UNSTARTED;
    _exit(EXIT_NOT_TRIED);
}

/* Its streams, and the process; false: `why` says why not. */
static bool begin(keeper *k)
{
    const int files[2] = {k->job->out, k->job->err};
    const pid_t self = getpid();
    int to[2] = {-1, -1}, pair[2];

    snprintf(k->result->why, sizeof k->result->why, "a pipe or a process");
    for (int i = 0; i < 2; i++) {
        k->streams[i] = (channel){.from = -1, .to = files[i]};
        if (files[i] < 0)
            continue;
        if (pipe2(pair, O_CLOEXEC) != 0)
            return false;
        k->streams[i].from = pair[0];
        to[i] = pair[1];
        fcntl(pair[0], F_SETFL, O_NONBLOCK);
    }
    k->command = fork();
    if (k->command == 0)
        be_the_command(k, to, self);
    for (int i = 0; i < 2; i++) {
        if (to[i] >= 0)
            close(to[i]);
    }
    if (k->command > 0)
        setpgid(k->command, k->command); /* whoever of the two is the first */
    return k->command > 0;
}

/* What nobody waits for is counted and ended; what was printed at the very end is kept. */
static void finish(keeper *k)
{
    child_result *r = k->result;

    if (r->end == CHILD_ENDED)
        r->left = signal_all(k, 0, r->left_name);
    end_all(k);
    for (int i = 0; i < 2; i++) {
        while (k->streams[i].from >= 0 && r->end != CHILD_FLOODED && r->end != CHILD_UNWRITTEN) {
            const uint64_t before = k->streams[i].n;
            if (!copy(k, &k->streams[i]) || k->streams[i].n == before)
                break;
        }
    }
}

/* verify's end is asked for as by SIGTERM. */
static void keep(const child *job, child_result *r, const sigset_t *before, pid_t parent)
{
    keeper k = {.job = job, .result = r, .before = *before, .start = cli_seconds()};
    sigset_t signals = signals_to_take();

    sigaddset(&signals, SIGXFSZ); /* a file that may not grow is an error of write */
    sigprocmask(SIG_BLOCK, &signals, NULL);
    setpgid(0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    k.signals = signalfd(-1, &signals, SFD_CLOEXEC);
    if (getppid() != parent)
        _exit(EXIT_NOT_TRIED);
    if (k.signals < 0 || !begin(&k)) {
        snprintf(r->why + strlen(r->why), sizeof r->why - strlen(r->why), ": %s", strerror(errno));
        r->end = CHILD_UNSTARTED;
        _exit(EXIT_NOT_TRIED);
    }
    watch(&k);
    r->seconds = cli_seconds() - k.start;
    finish(&k);
    _exit(EXIT_YES);
}

/* ---- verify's side ---- */

/* Until time() is beyond `after`, unless the clock stands still (faketime can stop it); false: a
 * signal came. */
static bool await_second(time_t after, const sigset_t *signals, child_result *out)
{
    struct timespec now;
    int waits = 0; /* that no signal cut short */

    while (waits < MOST_WAITS && clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec == after) {
        const struct timespec rest = {0, 999999999 - now.tv_nsec};
        const int signal = sigtimedwait(signals, NULL, &rest);
        waits += signal < 0 && errno == EAGAIN;
        if (signal == SIGTSTP)
            raise(SIGSTOP);
        if (!ends_a_run(signal))
            continue;
        *out = (child_result){.end = CHILD_INTERRUPTED, .signal = signal};
        return false;
    }
    return true;
}

/* Passes on what it is told, and stops when it is told to. */
static void await(pid_t pid, const sigset_t *signals)
{
    int status;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        const int signal = sigwaitinfo(signals, NULL);
        if (signal == SIGTSTP || signal == SIGCONT || ends_a_run(signal))
            kill(pid, signal);
        if (signal == SIGTSTP)
            raise(SIGSTOP);
    }
}

void child_run(const child *job, child_result *out)
{
    const sigset_t signals = signals_to_take();
    const pid_t self = getpid();
    child_result *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigset_t before;
    pid_t pid;

    *out = (child_result){.end = CHILD_UNSTARTED, .why = "out of memory"};
    if (shared == MAP_FAILED)
        return;
    fflush(NULL);
    sigprocmask(SIG_BLOCK, &signals, &before);
    if (await_second(job->after, &signals, out)) {
        pid = fork();
        if (pid == 0)
            keep(job, shared, &before, self);
        if (pid > 0)
            await(pid, &signals);
        if (pid > 0)
            *out = *shared;
        else
            snprintf(out->why, sizeof out->why, "a process: %s", strerror(errno));
        out->ended = time(NULL);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    munmap(shared, sizeof *shared);
}
