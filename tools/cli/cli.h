/* cli.h - what the commands share: options, errors, digests as text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_CLI_CLI_H
#define TOOLS_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "base/nearest.h"
#include "detpipe.h"

/* The exit statuses of every command, as `detpipe --help` lists them.  Calls of the tool return 0
 * to go on, or the status to exit with, after saying why. */
enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_MALFORMED = 2, EXIT_NOT_TRIED = 3 };

/* --help was printed: nothing is left to do, and main makes an EXIT_YES of it. */
#define CLI_HELPED (-1)

typedef enum cli_type {
    CLI_FLAG,
    CLI_TEXT,
    CLI_TEXT_OR_NONE, /* "--name" is "", "--name=TEXT" has one; its arg is written "[=TEXT]" */
    CLI_COUNT,
    CLI_POSITIVE, /* a count of 1 and more */
    CLI_SIZE,
    CLI_OPTIONAL,
    CLI_LIST,
    CLI_CACHE /* has no value: it is what DETPIPE_CACHE says from then on */
} cli_type;

/* For commands that open data. */
#define CLI_CACHE_OPTION                                                                           \
    {                                                                                              \
        "cache", "DIR[,SIZE]",                                                                     \
            "keep what is read of addresses in DIR, at most SIZE (default: 10G)", CLI_CACHE, NULL  \
    }

/* A count that may be left out. */
typedef struct cli_optional {
    bool given;
    uint64_t value;
} cli_optional;

/* The values of an option that may be given several times. */
#define CLI_MOST_VALUES 64
typedef struct cli_list {
    const char *v[CLI_MOST_VALUES];
    size_t n;
} cli_list;

/* value: bool *, const char **, uint64_t * (of CLI_SIZE bytes: 64K, 10M, 2G as well),
 * cli_optional * or cli_list *.  The row without a name ends it. */
typedef struct cli_option {
    const char *name, *arg, *help;
    cli_type type;
    void *value;
} cli_option;

typedef struct cli_command {
    const char *name, *operands, *about; /* about: lines for --help */
    const cli_option *options;
    int min_operands, max_operands;
} cli_command;

/* Fills the values and operands.  0, the exit status after an error, or CLI_HELPED. */
int cli_parse(const cli_command *, int argc, char **argv, const char **operands);

/* An option that does nothing unless one of the words is there: another option (--save), one with
 * its value (--format=npy), or `kind`.  The row without an option ends the list. */
typedef struct cli_need {
    const char *option, *words[20]; /* NULL behind the last */
} cli_need;

/* kind: what the command does or reads, in a word; NULL = there is one kind alone.  0, or the
 * exit status after naming an option that does nothing. */
int cli_check_needs(const cli_command *, char *const *argv, const char *kind, const cli_need *);

/* Those of every handle that the tool opens, to be filled in: it may take what the machine has, and
 * says what takes long. */
dp_options cli_options(void);

/* Says one line on stderr and returns the exit status. */
__attribute__((format(printf, 2, 3))) int cli_fail(int status, const char *format, ...);

/* near->word is the name of no `kind`; says which one was meant, and the command that lists them.
 */
int cli_no_such(const char *kind, const dp_nearest *near, const char *lister);

/* What was asked was not there: nothing of it (got 0), or less.  EXIT_NOT_TRIED, as that shows
 * neither a yes nor a no. */
int cli_fail_short(const char *command, uint64_t asked, uint64_t got, const char *units);

/* A failure of the library: with a caret under the column of `text` when there is one. */
int cli_fail_error(const dp_error *, const char *text);

typedef struct cli_hex {
    char text[33];
} cli_hex;
cli_hex cli_hex_of(const uint8_t digest[16]);

/* "float32[3, 4]" */
typedef struct cli_type_text {
    char text[224];
} cli_type_text;
cli_type_text cli_type_of(const char *type, int32_t rank, const int64_t *shape);

/* accumulated = digest(accumulated, bytes): a digest over many parts. */
void cli_fold(uint8_t accumulated[16], const void *bytes, size_t size);

bool cli_color(void);     /* stdout is a terminal and NO_COLOR is not set */
double cli_seconds(void); /* monotonic */

/* What takes long: on a terminal, and after a second, one line of stderr says how far it is, how
 * fast it goes and how long it will take. */
typedef struct cli_work {
    const char *what;
    uint64_t done;
    double since;
    uint64_t first; /* what was done then */
} cli_work;
/* Whether it takes long by now; what goes back, or is called otherwise, is other work. */
bool cli_work_long(cli_work *, double now, const char *what, uint64_t done);
void cli_progress(cli_work *, const char *what, uint64_t done, uint64_t of);
void cli_progress_end(void);

void cli_add_count(cJSON *, const char *name,
                   uint64_t value); /* every digit, where a double has 53 bits */
/* A line of how many damaged records were left out, if any: text alone, JSON has "left_out". */
void cli_print_left_out(uint64_t n, const char *of_what);
int cli_print_json(cJSON *); /* prints and frees; EXIT_YES, or EXIT_NOT_TRIED when out of memory */

/* Words in lines of at most 79 columns, each behind `indent` blanks; the first line goes on at
 * `column`.  A new line in the text begins a paragraph. */
void cli_wrap(FILE *, const char *text, int column, int indent);

#endif
