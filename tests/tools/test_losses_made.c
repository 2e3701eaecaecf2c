/* test_losses_made.c - logs that a generator makes: each value and step comes back, no digit is
 * missed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/losses.h"

#define MOST_STEPS  12
#define MOST_SERIES 3
#define SEEDS       400

/* ---- random choices ---- */

static uint64_t state;

static uint32_t below(uint32_t n)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((state >> 33) % n);
}

/* ---- a log ---- */

/* What is expected of it, as it is printed. */
typedef struct expected {
    char name[40], number[40];
    double step; /* -1: none */
    char *at;    /* the number in the text */
} expected;

typedef struct made {
    char text[1 << 14];
    size_t n;
    expected v[MOST_STEPS * MOST_SERIES];
    size_t n_losses;
} made;

static void add(made *m, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    m->n += (size_t)vsnprintf(m->text + m->n, sizeof m->text - m->n, format, list);
    va_end(list);
    assert_true(m->n < sizeof m->text);
}

/* ---- numbers ---- */

/* A number in one of the forms, with its last digit at *last. */
static void make_number(char out[40], uint32_t form)
{
    const unsigned whole = below(9) + 1, digits = below(1000000) * 10 + below(9) + 1;

    switch (form) {
    case 0: snprintf(out, 40, "%u.%07u", whole, digits); break;
    case 1: snprintf(out, 40, "%u.%07ue-%02u", whole, digits, below(30)); break;
    case 2: snprintf(out, 40, "%u,%07u", whole, digits); break;
    case 3: snprintf(out, 40, "-%u.%07u", whole, digits); break;
    case 4: snprintf(out, 40, "0x1.%06xp%+d", digits & 0xffffff, (int)below(9) - 4); break;
    case 5: snprintf(out, 40, "%u.%07uD+%02u", whole, digits, below(9)); break;
    case 6: snprintf(out, 40, "%u,%03u.%04u", whole, below(1000), digits % 10000); break;
    case 7: snprintf(out, 40, "%u.%07u x 10^-%u", whole, digits, below(9)); break;
    default: snprintf(out, 40, "%u%05u.%07u", whole, below(100000), digits); break;
    }
}
#define NUMBER_FORMS 9
#define COMMA_FORM   2 /* and a comma ends no cell of a table */

/* ---- names ---- */

static const char *const names[] = {"loss",     "train_loss", "val loss",   "Loss_D",
                                    "val_loss", "test/loss",  "mlogloss",   "train loss",
                                    "Loss_G",   "box_loss",   "losses/reg", "my-loss"};
#define NAMES (sizeof names / sizeof names[0])

/* The number of the loss, with what may stand around it. */
static void add_loss(made *m, const char *name, uint32_t join, uint32_t form, double step)
{
    static const char *const joins[] = {
        "%s: ",    "%s=",      "%s = ",       "%s -> ",      "%s is ",
        "'%s': '", "\"%s\": ", "%s: tensor(", "%s: \033[32m"};
    static const char *const ends[] = {"", "", "", "", "", "'", "", ", grad_fn=<A>)", "\033[0m"};
    expected *e = &m->v[m->n_losses++];

    snprintf(e->name, sizeof e->name, "%s", name);
    e->step = step;
    make_number(e->number, form);
    add(m, joins[join], name);
    e->at = m->text + m->n;
    add(m, "%s%s", e->number, ends[join]);
}
#define JOINS 9

/* ---- lines ---- */

typedef struct plan {
    const char *name[MOST_SERIES];
    uint32_t n_series, steps, prefix, join, form, step, end;
} plan;

static plan choose(void)
{
    plan p = {.n_series = below(MOST_SERIES) + 1,
              .steps = below(MOST_STEPS - 1) + 2,
              .prefix = below(5),
              .join = below(JOINS),
              .form = below(NUMBER_FORMS),
              .step = below(8),
              .end = below(4)};
    const uint32_t first = below(NAMES), stride = below(NAMES - 1) + 1;

    for (uint32_t i = 0; i < p.n_series; i++)
        p.name[i] = names[(first + i * (stride % 2 == 1 ? 5 : 7)) % NAMES];
    return p;
}

/* The step as a line says it. */
static void add_step(made *m, const plan *p, uint32_t i)
{
    switch (p->step) {
    case 0: add(m, "step %u ", i); break;
    case 1: add(m, "[%u]\t", i); break;
    case 2: add(m, "iter=%u, ", i); break;
    case 3: add(m, "%u/%u ", i, p->steps); break;
    case 4: add(m, "\"step\": %u, ", i); break;
    case 5:
        add(m, "%3u%%|#  | %u/%u [00:0%u<00:01, 8.1it/s, ", 100 * i / p->steps, i, p->steps, i % 9);
        break;
    case 6: add(m, "Iteration [%u/%u] ", i, p->steps); break;
    default: break;
    }
}
#define RANK    2
#define NO_STEP 7
#define BAR     5

static void make(made *m)
{
    static const char *const prefixes[] = {
        "", "2026-11-29 17:59:01,123 INFO root: ", "[rank0]: ", "\033[1mtrainer\033[0m | ", "  "};
    static const char *const ends[] = {"\n", "\r\n", " \n", ", acc: 0.5\n"};
    const plan p = choose();

    *m = (made){.n = 0};
    for (uint32_t i = 1; i <= p.steps; i++) {
        add(m, "%s", p.step == 1 ? "" : prefixes[p.prefix]);
        add_step(m, &p, i);
        for (uint32_t s = 0; s < p.n_series; s++) {
            add(m, "%s", s > 0 ? ", " : "");
            add_loss(m, p.name[s], p.join, p.form, p.step == NO_STEP ? -1 : (double)i);
            if (p.step != 1 && p.prefix == RANK)
                snprintf(m->v[m->n_losses - 1].name, sizeof m->v->name, "[rank 0] %s", p.name[s]);
        }
        add(m, "%s", p.step == BAR ? i < p.steps ? "]\r" : "]\n" : ends[p.end]);
    }
}

/* ---- what the reader finds ---- */

static void check(const made *m, const losses *l)
{
    if (l->n != m->n_losses || l->strange.n > 0 || l->unread.n > 0)
        fail_msg("%zu losses, expected %zu, of\n%s", l->n, m->n_losses, m->text);
    for (size_t i = 0; i < l->n; i++) {
        const loss *v = &l->v[i];
        const expected *e = &m->v[i];
        const double step = v->step.n > 0 ? v->step.at[v->step.n - 1] : -1;
        if (strcmp(v->text, e->number) != 0 || strcmp(l->series[v->series].name, e->name) != 0 ||
            step != e->step || v->step.n > 1 || v->repeat || v->value != v->value)
            fail_msg("'%s' '%s' at %g, expected '%s' '%s' at %g, of\n%s", l->series[v->series].name,
                     v->text, step, e->name, e->number, e->step, m->text);
    }
}

static void reads_what_is_made(void **unused)
{
    made *const m = malloc(sizeof *m);
    (void)unused;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        losses l;
        state = seed;
        make(m);
        l = test_losses_of(m->text, m->n, NULL);
        check(m, &l);
        losses_free(&l);
    }
    free(m);
}

/* ---- one digit of one value ---- */

static void finds_any_other_digit(void **unused)
{
    made *const m = malloc(sizeof *m);
    (void)unused;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        losses a, b;
        losses_comparison c;
        size_t i, k;
        char *digit;
        state = seed;
        make(m);
        a = test_losses_of(m->text, m->n, NULL);
        i = below((uint32_t)m->n_losses);
        do {
            k = below((uint32_t)strlen(m->v[i].number));
            digit = m->v[i].at + k;
        } while (*digit < '0' || *digit > '9' || (*digit == '0' && digit[1] == 'x'));
        *digit = (char)('0' + (*digit - '0' + 1 + (int)below(9)) % 10);
        b = test_losses_of(m->text, m->n, NULL);
        losses_compare(&a, &b, &c);
        if (c.verdict != LOSSES_OTHER_VALUE || c.compared != m->n_losses || c.pair[c.first].a != i)
            fail_msg("verdict %d of another digit in value %zu of\n%s", (int)c.verdict, i, m->text);
        losses_comparison_free(&c);
        losses_free(&a);
        losses_free(&b);
    }
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_made),
        cmocka_unit_test(finds_any_other_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
