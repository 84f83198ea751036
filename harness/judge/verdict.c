/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Rows of expect, and the verdict (docs/BUNDLE.md). A plan without a duty row
 * that is met never passes. */
#include "harness/judge/judge_int.h"

#include <stdio.h>
#include <string.h>

/* ---- what a finding counts for
 * -------------------------------------------------------- */

/* A SHOULD that is not kept is a remark; a derived duty that is not kept, or
 * what is wrong for security alone, is no nonconformity
 * (ims-deferred-delivery, 7.3). */
static enum judge_verdict weight(const struct judge_finding *f)
{
    if (f->verdict != JUDGE_FAIL) {
        return f->verdict;
    }
    switch (f->level) {
    case JUDGE_MUST:
        return JUDGE_FAIL;
    case JUDGE_SHOULD:
        return JUDGE_PASS;
    case JUDGE_DERIVED:
    case JUDGE_SECURITY:
        return JUDGE_INCONC;
    }
    return JUDGE_FAIL;
}

/* In a passive judgement everybody of the plan is under test, but no address
 * that nobody named, and no tester beside implementations under test. */
static int role_under_test(const struct judge *j, const char *role)
{
    int all = 1;
    if (strcmp(j->role, "PC") != 0) {
        return strcmp(role, j->role) == 0;
    }
    int p = party_find(j, role);
    for (size_t i = 0; i < j->num_parties; i++) {
        all &= !j->parties[i].named || j->parties[i].harness;
    }
    return p >= 0 && j->parties[p].named && (all || !j->parties[p].harness);
}

static int under_test(const struct judge *j, const struct judge_finding *f)
{
    return role_under_test(j, f->party);
}

static int of_harness(const struct judge *j, const char *role)
{
    int p = party_find(j, role);
    return p >= 0 && j->parties[p].harness;
}

static int at_place(const struct jrow *row, const struct judge_finding *f)
{
    return strcmp(row->on, "any") == 0 || strcmp(row->on, "all") == 0 ||
           strcmp(row->on, f->place) == 0;
}

/* ---- a row
 * ------------------------------------------------------------------------------
 */

struct tally {
    unsigned passed, lacking, failed;
    const struct judge_finding *first_fail, *first_lack;
    int fail_under_test;
};

static void count(struct tally *t, const struct judge_finding *f, int mine)
{
    switch (weight(f)) {
    case JUDGE_PASS:
        t->passed++;
        break;
    case JUDGE_FAIL:
        t->failed++;
        t->fail_under_test |= mine;
        t->first_fail = t->first_fail != NULL ? t->first_fail : f;
        break;
    case JUDGE_INCONC:
        t->lacking++;
        t->first_lack = t->first_lack != NULL ? t->first_lack : f;
        break;
    case JUDGE_NONE:
    case JUDGE_ERROR:
        break;
    }
}

static const char *told(struct judge *j, const struct judge_finding *f)
{
    return f->frame != 0
               ? j_printf(j, "%s at %s, frame %llu: expected %s; actual: %s",
                          f->law->name, f->place, (unsigned long long)f->frame,
                          f->expected, f->actual)
               : j_printf(j, "%s at %s: expected %s; actual: %s", f->law->name,
                          f->place, f->expected, f->actual);
}

static int place_seen(const struct judge *j, const char *on)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        if (strcmp(j->xs[i]->place, on) == 0) {
            return 1;
        }
    }
    return strcmp(on, "any") == 0 || strcmp(on, "all") == 0 ||
           strcmp(on, "run") == 0;
}

static void settle(struct judge *j, const struct jrow *row,
                   struct judge_row *out, const struct tally *t)
{
    int any = strcmp(row->on, "any") == 0;
    if (t->failed > 0) {
        out->verdict = JUDGE_FAIL;
        out->why = told(j, t->first_fail);
    } else if (t->passed > 0 && (t->lacking == 0 || any)) {
        out->verdict = JUDGE_PASS;
        out->met = 1;
    } else if (t->lacking > 0) {
        out->verdict = JUDGE_INCONC;
        out->why = told(j, t->first_lack);
    } else if (!place_seen(j, row->on)) {
        out->verdict = JUDGE_INCONC;
        out->why =
            j_printf(j, "%s: the recording holds no %s", row->law, row->on);
    } else {
        out->verdict = JUDGE_INCONC;
        out->why =
            j_printf(j, "%s: its condition did not arise at %s (%s)", row->law,
                     row->on, judge_law_find(row->law)->sentence);
    }
}

static void row_eval(struct judge *j, const struct judge_result *r,
                     struct judge_finding *all, const struct jrow *row,
                     struct judge_row *out, struct tally *t)
{
    int anybody =
        strcmp(row->as, "preamble") == 0 || strcmp(row->as, "control") == 0;
    int testers = strcmp(row->as, "stimulus") == 0;
    unsigned *list = j_alloc(j, (r->num_findings + 1) * sizeof *list);
    *out = (struct judge_row){
        .law = row->law, .on = row->on, .as = row->as, .why = ""};
    if (list == NULL) {
        return;
    }
    out->findings = list;
    for (size_t i = 0; i < r->num_findings; i++) {
        struct judge_finding *f = &all[i];
        int mine = under_test(j, f);
        int counts = testers ? of_harness(j, f->party) : anybody || mine;
        if (strcmp(f->law->name, row->law) != 0 || !at_place(row, f) ||
            !counts) {
            continue;
        }
        f->counted = 1;
        list[out->num_findings++] = f->n;
        count(t, f, mine);
    }
    settle(j, row, out, t);
}

/* ---- what bears on the verdict without a row
 * ---------------------------------------------- */

static int is_leak_law(const struct judge_finding *f)
{
    return strcmp(f->law->name, "no-secret-shown") == 0 ||
           strcmp(f->law->name, "store-clean") == 0;
}

static const struct judge_finding *leak(const struct judge *j,
                                        const struct judge_result *r,
                                        struct judge_finding *all)
{
    const struct judge_finding *found = NULL;
    for (size_t i = 0; i < r->num_findings; i++) {
        if (is_leak_law(&all[i]) && under_test(j, &all[i]) &&
            all[i].verdict == JUDGE_FAIL) {
            all[i].counted = 1;
            found = found != NULL ? found : &all[i];
        }
    }
    return found;
}

/* A process that ended without being asked to. */
static const struct jev *crashed(const struct judge *j, int testers)
{
    for (size_t i = 0; i < j->num_evs; i++) {
        const struct jev *e = j->evs[i];
        int p = party_find(j, e->role);
        if (strcmp(e->kind, "exit") == 0 &&
            json_is_false(json_object_get(e->obj, "expected")) && p >= 0 &&
            j->parties[p].harness == testers &&
            (testers || role_under_test(j, e->role))) {
            return e;
        }
    }
    return NULL;
}

static const char *failed_step(struct judge *j)
{
    for (size_t i = 0; i < j->num_evs; i++) {
        const json_t *o = j->evs[i]->obj;
        const char *why = json_string_value(json_object_get(o, "why"));
        const char *verb = json_string_value(json_object_get(o, "verb"));
        if (strcmp(j->evs[i]->kind, "step-failed") == 0) {
            return j_printf(
                j, "; step %lld (%s %s) failed: %s",
                (long long)json_integer_value(json_object_get(o, "step")),
                j->evs[i]->role, verb != NULL ? verb : "",
                why != NULL ? why : "");
        }
    }
    return "";
}

/* ---- the verdict
 * ---------------------------------------------------------------------------
 */

struct sum {
    enum judge_verdict verdict;
    const char *reason;
    unsigned duties, controls;
};

static void worse(struct sum *s, enum judge_verdict v, const char *reason)
{
    if (v > s->verdict) {
        s->verdict = v;
        s->reason = reason;
    }
}

static const char *ended(struct judge *j, const struct jev *e)
{
    return j_printf(
        j,
        "%s ended on its own: status %lld, signal %lld (evidence.jsonl, "
        "line %u)",
        e->role,
        (long long)json_integer_value(json_object_get(e->obj, "status")),
        (long long)json_integer_value(json_object_get(e->obj, "signal")),
        e->line);
}

/* A duty that fails condemns; so does a control that the party under test
 * itself broke. What is merely not met leaves the matter open. */
static void row_sum(struct sum *s, const struct judge_row *row,
                    const struct tally *t)
{
    if (strcmp(row->as, "stimulus") == 0) {
        worse(s, row->met ? JUDGE_NONE : JUDGE_ERROR, row->why);
        return;
    }
    int duty = strcmp(row->as, "duty") == 0;
    s->duties += duty && row->met;
    s->controls += !duty && row->met;
    if (row->met) {
        return;
    }
    int control = strcmp(row->as, "control") == 0;
    if (row->verdict == JUDGE_FAIL &&
        (duty || (control && t->fail_under_test))) {
        worse(s, JUDGE_FAIL, row->why);
    } else {
        worse(s, JUDGE_INCONC, row->why);
    }
}

void verdict_rows(struct judge *j, struct judge_result *r)
{
    struct judge_row *rows = j_alloc(j, (j->num_rows + 1) * sizeof *rows);
    struct judge_finding *all = (struct judge_finding *)r->findings;
    struct sum s = {.verdict = JUDGE_NONE, .reason = ""};
    unsigned duty_rows = 0;
    if (rows == NULL) {
        return;
    }
    for (size_t i = 0; i < j->num_rows; i++) {
        struct tally t = {0};
        row_eval(j, r, all, &j->rows[i], &rows[i], &t);
        row_sum(&s, &rows[i], &t);
        duty_rows += strcmp(rows[i].as, "duty") == 0;
    }
    r->rows = rows;
    r->num_rows = j->num_rows;
    const struct judge_finding *l = leak(j, r, all);
    if (l != NULL) {
        worse(&s, JUDGE_FAIL, told(j, l));
    }
    const struct jev *e = crashed(j, 0);
    if (e != NULL) {
        worse(&s, JUDGE_FAIL, ended(j, e));
    }
    e = crashed(j, 1);
    if (e != NULL) {
        worse(&s, JUDGE_ERROR, ended(j, e));
    }
    if (duty_rows == 0) {
        worse(&s, JUDGE_INCONC, "the plan expects no duty of anybody");
    }
    if (s.verdict == JUDGE_NONE && j->lossy) {
        worse(&s, JUDGE_INCONC,
              j_printf(j, "the recording is incomplete: %s", j->lossy_why));
    }
    if (s.verdict == JUDGE_NONE && s.duties == duty_rows) {
        s.verdict = JUDGE_PASS;
        s.reason = j_printf(j, "%u dut%s met, %u condition%s shown", s.duties,
                            s.duties == 1 ? "y" : "ies", s.controls,
                            s.controls == 1 ? "" : "s");
    }
    if (s.verdict == JUDGE_INCONC || s.verdict == JUDGE_ERROR) {
        s.reason = j_printf(j, "%s%s", s.reason, failed_step(j));
    }
    r->verdict = s.verdict;
    r->reason = s.reason;
}
