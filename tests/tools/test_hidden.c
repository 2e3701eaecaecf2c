/* test_hidden.c - which processes verify --why does not record though they may train
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A process is this program again, as it is told: it maps a file that is called as PyTorch's
 * library is, says so, and waits.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test.h"
#include "tools/proof/hidden.h"

#define FOLDER "DETPIPE_WHY=/trial/run1.why"
#define PATHS  "PYTHONPATH=/own:/trial/why"
#define WAITS  "DETPIPE_TEST_LIBRARY"

typedef struct started {
    pid_t pid;
    int from, to; /* it says when it is there; it ends at the end of `to` */
} started;

static int wait_as_told(const char *library)
{
    const int file = open(library, O_RDONLY | O_CLOEXEC);
    char byte = file >= 0 && mmap(NULL, 1, PROT_READ, MAP_PRIVATE, file, 0) != MAP_FAILED;

    return write(STDOUT_FILENO, &byte, 1) == 1 && read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}

static started start(const char *library, char *const *words, const char *const *environment)
{
    char entry[300];
    char *env[8] = {entry};
    int in[2], out[2];
    started s;
    char byte = 0;

    snprintf(entry, sizeof entry, WAITS "=%s", library);
    for (size_t i = 0; environment[i] != NULL; i++)
        env[i + 1] = (char *)(uintptr_t)environment[i];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    s = (started){fork(), out[0], in[1]};
    if (s.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execve("/proc/self/exe", words, env);
        _exit(1);
    }
    close(in[0]);
    close(out[1]);
    assert_int_equal(read(s.from, &byte, 1), 1);
    assert_int_equal(byte, 1);
    return s;
}

static void finish(started s)
{
    int status;

    close(s.to);
    assert_int_equal(waitpid(s.pid, &status, 0), s.pid);
    assert_int_equal(status, 0);
    close(s.from);
}

static void who_is_not_recorded_is_seen(void **state)
{
    static const struct {
        const char *library, *words[6], *env[3];
        bool hidden;
    } rows[] = {
        {"libtorch_cpu.so", {"python3", "t.py"}, {FOLDER, PATHS}, false},
        {"libtorch_cpu.so", {"python3", "t.py"}, {"PYTHONPATH=/trial/why:/own", FOLDER}, false},
        {"libtorch_cpu.so", {"python3", "t.py"}, {NULL}, true},
        {"libtorch_cpu.so", {"trainer"}, {NULL}, true},
        {"libtorch_cpu.so", {"python3", "t.py"}, {FOLDER}, true},
        {"libtorch_cpu.so", {"python3", "t.py"}, {FOLDER, "PYTHONPATH=/trial/why2"}, true},
        {"libtorch_cpu.so", {"python3", "t.py"}, {"DETPIPE_WHY=/trial/run2.why", PATHS}, true},
        {"libtorch_cpu.so", {"/usr/bin/python3", "-uI", "t.py"}, {FOLDER, PATHS}, true},
        {"libtorch_cpu.so", {"python3", "-W", "error", "-E", "t.py"}, {FOLDER, PATHS}, true},
        {"libtorch_cpu.so", {"python3", "-S"}, {FOLDER, PATHS}, true},
        {"libtorch_cpu.so", {"python3", "-c", "-I"}, {FOLDER, PATHS}, false},
        {"libtorch_cpu.so", {"python3", "-uc", "code", "-I"}, {FOLDER, PATHS}, false},
        {"libtorch_cpu.so", {"python3", "-W", "-I"}, {FOLDER, PATHS}, false},
        {"libtorch_cpu.so", {"python3", "-mIPython"}, {FOLDER, PATHS}, false},
        {"libtorch_cpu.so", {"python3", "t.py", "-I"}, {FOLDER, PATHS}, false},
        {"libtorch_cpu.so", {"trainer", "-I"}, {FOLDER, PATHS}, false},
        {"libtensorflow_cc.so.2", {"python3", "t.py"}, {NULL}, true},
        {"libjax_common.so", {"python3", "t.py"}, {NULL}, true},
        {"libmindspore_core.so", {"python3", "t.py"}, {NULL}, true},
        {"libm.so", {"python3", "t.py"}, {NULL}, false},
        {"libtorch_cpu.so",
         {"python3", "/x/torch/_inductor/compile_worker/__main__.py"},
         {FOLDER},
         false},
    };
    char path[300];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hidden h = {.folder = "/trial/run1.why", .path = "/trial/why"};
        char *words[7] = {NULL};
        started s;
        for (size_t k = 0; rows[i].words[k] != NULL && k < 6; k++)
            words[k] = (char *)(uintptr_t)rows[i].words[k];
        snprintf(path, sizeof path, "%s/%s", test_work, rows[i].library);
        test_write(test_work, rows[i].library, "library", 7);
        s = start(path, words, rows[i].env);
        hidden_look(&h, getpid());
        hidden_look(&h, getpid()); /* each counts once */
        finish(s);
        if (h.n != rows[i].hidden)
            fail_msg("row %zu: %zu are hidden", i, h.n);
        if (h.n > 0)
            assert_memory_equal(h.first, words[0], strlen(words[0]));
    }
}

/* What is not below the command is not its. */
static void others_are_not_looked_at(void **state)
{
    char python[] = "python3", *const words[] = {python, NULL};
    hidden h = {.folder = "/trial/run1.why", .path = "/trial/why"};
    char path[300];
    started s;

    (void)state;
    snprintf(path, sizeof path, "%s/libtorch_cpu.so", test_work);
    test_write(test_work, "libtorch_cpu.so", "library", 7);
    s = start(path, words, (const char *const[]){NULL});
    hidden_look(&h, s.pid);
    finish(s);
    assert_int_equal(h.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_not_recorded_is_seen),
        cmocka_unit_test(others_are_not_looked_at),
    };

    if (getenv(WAITS) != NULL)
        return wait_as_told(getenv(WAITS));
    return cmocka_run_group_tests(tests, test_work_set_up, test_work_tear_down);
}
