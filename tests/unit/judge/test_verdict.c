/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Rows of expect and the verdict they make, from findings made by hand; and
 * plans written by hand that are wrong. */
#include "tests/unit/judge/laws_fixture.h"
#include "tests/unit/judge/rec.h"

#include <stdio.h>
#include <string.h>

static const struct law *law_of(const char *name)
{
    const struct law *l;
    for (size_t i = 0; (l = law_at(i)) != NULL; i++) {
        if (strcmp(l->info.name, name) == 0) {
            return l;
        }
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    return NULL;
}

struct bench {
    struct lf f;
    struct jx *one, *two;
    struct jrow rows[8];
    struct law own; /* a law of any level */
};

static void setup(struct bench *b, const char *role)
{
    static const char *const plan = "plan: 1\n";
    memset(b, 0, sizeof *b);
    lf_init(&b->f);
    b->f.j.role = role;
    struct ytree_error e;
    b->f.j.plan = ytree_parse(plan, strlen(plan), &e);
    for (size_t i = 0; i < b->f.j.num_parties; i++) {
        b->f.j.parties[i].harness = strcmp(b->f.j.parties[i].role, role) != 0;
    }
    b->one = lf_exchange(&b->f, JX_DEPOSIT, LF_A, LF_MB);
    b->two = lf_exchange(&b->f, JX_DEPOSIT, LF_A, LF_MB);
    b->f.j.rows = b->rows;
    b->own.info = *judge_law_find("r2-mac");
}

static void finish(struct bench *b)
{
    ytree_free(b->f.j.plan);
    lf_done(&b->f);
}

static void row(struct bench *b, const char *law, const char *on,
                const char *as)
{
    b->rows[b->f.j.num_rows++] = (struct jrow){law, on, as, 0};
}

static void found(struct bench *b, const char *law, struct jx *x, int party,
                  enum judge_verdict v)
{
    const struct law *l = strcmp(law, "r2-mac") == 0 ? &b->own : law_of(law);
    struct probe p = probe_at(&b->f.j, l, x, party);
    p.frame = 7;
    switch (v) {
    case JUDGE_PASS:
        probe_pass(&p, "good", "so it is");
        break;
    case JUDGE_FAIL:
        probe_fail(&p, "good", "bad");
        break;
    default:
        probe_lack(&p, "good", "not known");
        break;
    }
}

static enum judge_verdict verdict(struct bench *b, const char *reason)
{
    struct judge_result *r = result_make(&b->f.j);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->reason);
    if (strstr(r->reason, reason) == NULL) {
        printf("\"%s\" is not in \"%s\"\n", reason, r->reason);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(r->reason, reason));
    return r->verdict;
}

/* One duty row, one finding. */
static enum judge_verdict one(const char *role, enum judge_level level,
                              int party, enum judge_verdict v, const char *as)
{
    struct bench b;
    setup(&b, role);
    b.own.info.level = level;
    row(&b, "r2-mac", "deposit 1", as);
    found(&b, "r2-mac", b.one, party, v);
    enum judge_verdict out = verdict(&b, "");
    finish(&b);
    return out;
}

static void a_duty_counts_by_its_level(void)
{
    static const struct {
        enum judge_level level;
        enum judge_verdict broken;
    } rows[] = {{JUDGE_MUST, JUDGE_FAIL},
                {JUDGE_SHOULD, JUDGE_PASS}, /* a remark */
                {JUDGE_DERIVED, JUDGE_INCONC},
                {JUDGE_SECURITY, JUDGE_INCONC}};
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(one("MB", rows[i].level, LF_MB, JUDGE_FAIL, "duty"),
                        rows[i].broken);
        CU_ASSERT_EQUAL(one("MB", rows[i].level, LF_MB, JUDGE_INCONC, "duty"),
                        JUDGE_INCONC);
        CU_ASSERT_EQUAL(one("MB", rows[i].level, LF_MB, JUDGE_PASS, "duty"),
                        JUDGE_PASS);
    }
}

static void nobody_pays_for_another(void)
{
    /* The duty of the mailbox is not met by what the tester did. */
    CU_ASSERT_EQUAL(one("MB", JUDGE_MUST, LF_A, JUDGE_PASS, "duty"),
                    JUDGE_INCONC);
    CU_ASSERT_EQUAL(one("MB", JUDGE_MUST, LF_A, JUDGE_FAIL, "duty"),
                    JUDGE_INCONC);
    /* A preamble broken by anybody leaves it open; a control by the IUT
     * condemns. */
    struct {
        const char *as;
        int party;
        enum judge_verdict want;
    } rows[] = {
        {"preamble", LF_A, JUDGE_INCONC}, {"preamble", LF_MB, JUDGE_INCONC},
        {"control", LF_A, JUDGE_INCONC},  {"control", LF_MB, JUDGE_FAIL},
        {"stimulus", LF_A, JUDGE_ERROR},  {"stimulus", LF_MB, JUDGE_ERROR}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(
            one("MB", JUDGE_MUST, rows[i].party, JUDGE_FAIL, rows[i].as),
            rows[i].want);
    }
}

/* What the implementation did is no stimulus, right or wrong. */
static void a_stimulus_is_of_the_testers(void)
{
    for (int wrong = 0; wrong < 2; wrong++) {
        struct bench b;
        setup(&b, "MB");
        row(&b, "r2-mac", "deposit 1", "duty");
        row(&b, "deposit-complete", "deposit 1", "stimulus");
        found(&b, "r2-mac", b.one, LF_MB, wrong ? JUDGE_FAIL : JUDGE_PASS);
        found(&b, "deposit-complete", b.one, LF_MB, JUDGE_FAIL);
        found(&b, "deposit-complete", b.one, LF_A, JUDGE_PASS);
        CU_ASSERT_EQUAL(verdict(&b, ""), wrong ? JUDGE_FAIL : JUDGE_PASS);
        finish(&b);
    }
}

static void rows_name_a_place(void)
{
    static const struct {
        const char *on;
        enum judge_verdict first, second, want;
        const char *words;
    } rows[] = {
        {"deposit 1", JUDGE_PASS, JUDGE_FAIL, JUDGE_PASS, "1 duty met"},
        {"deposit 2", JUDGE_PASS, JUDGE_FAIL, JUDGE_FAIL, "deposit 2"},
        {"deposit 2", JUDGE_PASS, JUDGE_INCONC, JUDGE_INCONC, "not known"},
        {"any", JUDGE_PASS, JUDGE_INCONC, JUDGE_PASS, "1 duty met"},
        {"any", JUDGE_PASS, JUDGE_FAIL, JUDGE_FAIL, "deposit 2"},
        {"any", JUDGE_INCONC, JUDGE_INCONC, JUDGE_INCONC, "not known"},
        {"all", JUDGE_PASS, JUDGE_INCONC, JUDGE_INCONC, "not known"},
        {"all", JUDGE_PASS, JUDGE_PASS, JUDGE_PASS, "1 duty met"},
        {"all", JUDGE_INCONC, JUDGE_FAIL, JUDGE_FAIL, "deposit 2"},
        {"run", JUDGE_PASS, JUDGE_PASS, JUDGE_INCONC, "did not arise at run"},
        {"deposit 3", JUDGE_PASS, JUDGE_PASS, JUDGE_INCONC,
         "holds no deposit 3"},
        {"retrieval 1", JUDGE_PASS, JUDGE_PASS, JUDGE_INCONC,
         "holds no retrieval 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        setup(&b, "MB");
        row(&b, "r2-mac", rows[i].on, "duty");
        found(&b, "r2-mac", b.one, LF_MB, rows[i].first);
        found(&b, "r2-mac", b.two, LF_MB, rows[i].second);
        if (i < 2) { /* another law never counts */
            found(&b, "r1-structure", b.one, LF_MB, JUDGE_FAIL);
        }
        CU_ASSERT_EQUAL(verdict(&b, rows[i].words), rows[i].want);
        finish(&b);
    }
    struct bench b;
    setup(&b, "MB");
    row(&b, "r2-mac", "any", "duty");
    CU_ASSERT_EQUAL(verdict(&b, "did not arise at any"), JUDGE_INCONC);
    finish(&b);
}

static void the_worst_row_wins(void)
{
    static const enum judge_verdict v[] = {JUDGE_PASS, JUDGE_INCONC,
                                           JUDGE_FAIL};
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct bench b;
            setup(&b, "MB");
            row(&b, "r2-mac", "deposit 1", "duty");
            row(&b, "r2-mac", "deposit 2", "duty");
            found(&b, "r2-mac", b.one, LF_MB, v[i]);
            found(&b, "r2-mac", b.two, LF_MB, v[k]);
            CU_ASSERT_EQUAL(verdict(&b, ""), v[i] > v[k] ? v[i] : v[k]);
            finish(&b);
        }
    }
}

static void no_duty_no_pass(void)
{
    struct bench b;
    setup(&b, "MB");
    row(&b, "r2-mac", "deposit 1", "control");
    found(&b, "r2-mac", b.one, LF_MB, JUDGE_PASS);
    CU_ASSERT_EQUAL(verdict(&b, "no duty"), JUDGE_INCONC);
    finish(&b);
    setup(&b, "MB");
    CU_ASSERT_EQUAL(verdict(&b, "no duty"), JUDGE_INCONC);
    finish(&b);
}

static void a_leak_condemns_without_a_row(void)
{
    static const char *const laws[] = {"no-secret-shown", "store-clean"};
    for (size_t i = 0; i < 2; i++) {
        for (int party = LF_A; party <= LF_MB; party += LF_MB - LF_A) {
            struct bench b;
            setup(&b, "MB");
            row(&b, "r2-mac", "deposit 1", "duty");
            found(&b, "r2-mac", b.one, LF_MB, JUDGE_PASS);
            found(&b, laws[i], NULL, party, JUDGE_FAIL);
            CU_ASSERT_EQUAL(verdict(&b, ""),
                            party == LF_MB ? JUDGE_FAIL : JUDGE_PASS);
            finish(&b);
        }
    }
    struct bench b; /* what was not looked at is no leak */
    setup(&b, "MB");
    row(&b, "r2-mac", "deposit 1", "duty");
    found(&b, "r2-mac", b.one, LF_MB, JUDGE_PASS);
    found(&b, "no-secret-shown", NULL, LF_MB, JUDGE_INCONC);
    found(&b, "r1-structure", b.one, LF_MB, JUDGE_FAIL);
    CU_ASSERT_EQUAL(verdict(&b, "1 duty met"), JUDGE_PASS);
    finish(&b);
}

static void who_ended_pays(void)
{
    static const struct {
        const char *role, *who, *expected;
        enum judge_verdict want;
    } rows[] = {{"MB", "MB", "false", JUDGE_FAIL},
                {"MB", "MB", "true", JUDGE_PASS},
                {"MB", "A", "false", JUDGE_ERROR},
                {"MB", "X", "false", JUDGE_PASS},
                {"PC", "MB", "false", JUDGE_FAIL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        char line[200];
        setup(&b, rows[i].role);
        b.f.j.parties[LF_MB].harness = 0;
        row(&b, "r2-mac", "deposit 1", "duty");
        found(&b, "r2-mac", b.one, LF_MB, JUDGE_PASS);
        snprintf(line, sizeof line,
                 "{\"kind\":\"exit\",\"role\":\"%s\",\"pid\":1,\"status\":139,"
                 "\"signal\":11,\"expected\":%s}",
                 rows[i].who, rows[i].expected);
        lf_evidence(&b.f, line);
        CU_ASSERT_EQUAL(
            verdict(&b, rows[i].want == JUDGE_PASS ? "met" : "signal 11"),
            rows[i].want);
        finish(&b);
    }
}

static void a_lossy_recording_earns_nothing(void)
{
    struct bench b;
    setup(&b, "MB");
    b.f.j.lossy = 1;
    b.f.j.lossy_why = "octets are missing";
    row(&b, "r2-mac", "deposit 1", "duty");
    found(&b, "r2-mac", b.one, LF_MB, JUDGE_PASS);
    CU_ASSERT_EQUAL(verdict(&b, "octets are missing"), JUDGE_INCONC);
    finish(&b);
}

static void a_failed_step_is_told(void)
{
    for (int met = 0; met < 2; met++) {
        struct bench b;
        setup(&b, "MB");
        row(&b, "r2-mac", "deposit 1", "duty");
        found(&b, "r2-mac", b.one, LF_MB, met ? JUDGE_PASS : JUDGE_INCONC);
        lf_evidence(&b.f, "{\"kind\":\"step-failed\",\"step\":3,\"role\":\"A\","
                          "\"verb\":\"call\",\"why\":\"timeout\"}");
        CU_ASSERT_EQUAL(
            verdict(&b, met ? "met" : "step 3 (A call) failed: timeout"),
            met ? JUDGE_PASS : JUDGE_INCONC);
        finish(&b);
    }
}

/* ---- passive
 * ------------------------------------------------------------------------ */

static void passive_judges_all_that_are_named(void)
{
    struct {
        int party, harness, named;
        enum judge_verdict want;
    } rows[] = {{LF_A, 0, 1, JUDGE_FAIL},
                {LF_MB, 0, 1, JUDGE_FAIL},
                {LF_KMS, 1, 1, JUDGE_PASS}, /* a tester beside others */
                {LF_C, 0, 0, JUDGE_PASS}};  /* a stranger */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        setup(&b, "PC");
        for (size_t k = 0; k < b.f.j.num_parties; k++) {
            b.f.j.parties[k].harness = 0;
        }
        b.f.j.parties[rows[i].party].harness = rows[i].harness;
        b.f.j.parties[rows[i].party].named = rows[i].named;
        row(&b, "r2-mac", "all", "duty");
        found(&b, "r2-mac", b.one, LF_CORE, JUDGE_PASS);
        found(&b, "r2-mac", b.one, rows[i].party, JUDGE_FAIL);
        CU_ASSERT_EQUAL(verdict(&b, ""), rows[i].want);
        finish(&b);
    }
    CU_ASSERT_EQUAL(one("PC", JUDGE_MUST, LF_A, JUDGE_FAIL, "duty"),
                    JUDGE_FAIL); /* reference agents among themselves */
}

/* ---- plans
 * ---------------------------------------------------------------------------
 */

#define HEAD                                                                   \
    "plan: 1\ntp: X\nrole: MB\nparties:\n  - {role: MB, address: 127.0.0.1}\n"

static void a_wrong_plan_is_one_clear_error(void)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {HEAD "expect:\n  - {law: no-such}\n", "plan.yaml:7: there is no law"},
        {HEAD "expect:\n  - {}\n", "plan.yaml:7: there is no law"},
        {HEAD "expect:\n  - r2-mac\n", "plan.yaml:7: a row is a map"},
        {HEAD "expect: {law: r2-mac}\n", "expect is a list"},
        {HEAD "expect:\n  - {law: r2-mac, ta: all}\n",
         "plan.yaml:7: there is no key \"ta\""},
        {HEAD "expect:\n  - {law: r2-mac, as: must}\n", "plan.yaml:7: as must"},
        {HEAD "expect:\n  - {law: r2-mac, at: moon}\n", "plan.yaml:7: at must"},
        {HEAD "expect:\n  - {law: r2-mac, at: deposit 0}\n",
         "plan.yaml:7: at must"},
        {HEAD "expect:\n  - {law: r2-mac, at: deposit}\n",
         "plan.yaml:7: at must"},
        {HEAD "expect:\n  - {law: r2-mac, at: deposit 1x}\n",
         "plan.yaml:7: at must"},
        {HEAD "expect:\n  - {law: r2-mac}\n  - {law: r2-mac}\n",
         "plan.yaml:8: this row is that of line 7"},
        {"plan: 1\ntp: X\nrole: XX\nparties:\n  - {role: MB, address: "
         "127.0.0.1}\n",
         "plan.yaml:3: role is XX"},
        {"plan: 1\ntp: X\nrole: MB\nparties:\n  - {role: MB, address: here}\n",
         "plan.yaml:5: address is no IP"},
        {"plan: 1\ntp: X\nrole: MB\nparties:\n  - {role: MB, adress: "
         "127.0.0.1}\n",
         "plan.yaml:5: there is no key \"adress\""},
        {"plan: 1\ntp: X\nrole: MB\nparties:\n  - MB\n",
         "plan.yaml:5: a party needs"},
        {"plan: 1\ntp: X\nrole: MB\nparties: MB\n", "no party has that role"},
        {"plan: 1\ntp: X\nrole: MB\nparties: {role: MB}\n",
         "parties is a list"},
        {"plan: 1\nrole: MB\n", "tp or role is missing"},
        {"plan: 1\ntp: X\n", "tp or role is missing"},
        {"- plan\n", "not a plan of version 1"},
        {"plan: one\n", "not a plan of version 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rec r;
        struct judge_error e = {0};
        rec_init(&r);
        r.plan.len = 0;
        wr_str(&r.plan, rows[i].text);
        rec_write(&r, 0);
        CU_ASSERT_PTR_NULL(judge_bundle(r.dir, NULL, NULL, &e));
        if (strstr(e.text, rows[i].words) == NULL) {
            printf("row %zu: %s\n", i, e.text);
        }
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, rows[i].words));
        CU_ASSERT_PTR_NULL(strchr(e.text, '\n'));
        rec_done(&r);
    }
}

static const struct unit_case cases[] = {
    {"a_duty_counts_by_its_level", a_duty_counts_by_its_level},
    {"nobody_pays_for_another", nobody_pays_for_another},
    {"a_stimulus_is_of_the_testers", a_stimulus_is_of_the_testers},
    {"rows_name_a_place", rows_name_a_place},
    {"the_worst_row_wins", the_worst_row_wins},
    {"no_duty_no_pass", no_duty_no_pass},
    {"a_leak_condemns_without_a_row", a_leak_condemns_without_a_row},
    {"who_ended_pays", who_ended_pays},
    {"a_lossy_recording_earns_nothing", a_lossy_recording_earns_nothing},
    {"a_failed_step_is_told", a_failed_step_is_told},
    {"passive_judges_all_that_are_named", passive_judges_all_that_are_named},
    {"a_wrong_plan_is_one_clear_error", a_wrong_plan_is_one_clear_error},
    {NULL, NULL}};

const struct unit_suite suite_verdict = {"verdict", cases};
