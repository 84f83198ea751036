/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What comes out: JSON by its schema, the same octets each time, hostile text,
 * errors in words. And a deposit of the known-answer transcript. */
#include "tests/unit/judge/rec_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void write_text(const struct rec *r, const char *name, const char *text,
                       size_t len)
{
    char path[128];
    FILE *f = fopen(rec_path(r, name, path), "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(text, 1, len, f), len);
    CU_ASSERT_EQUAL(fclose(f), 0);
}

static void json_of(const struct judge_result *j, struct wr *w)
{
    wr_init(w);
    judge_json(j, w);
    CU_ASSERT_EQUAL_FATAL(w->err, STATUS_OK);
}

static void judged_twice_the_same_octets(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    struct rec_call b = {
        .seed = 2, .retrieval = 1, .flip = -1, .deliver = {&a}, .alter_esk = 1};
    struct wr one, two;
    rec_init(&r);
    rec_expect(&r, "deposit-complete", "deposit 1", "duty");
    rec_expect(&r, "esk-unchanged", "any", "duty");
    rec_call(&r, &a);
    rec_call(&r, &b);
    struct judge_result *j = rec_judge(&r, 0);
    CU_ASSERT_EQUAL(j->verdict, JUDGE_FAIL);
    json_of(j, &one);
    judge_free(j);
    struct judge_error e;
    j = judge_bundle(r.dir, NULL, NULL, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    json_of(j, &two);
    judge_free(j);
    CU_ASSERT_EQUAL(one.len, two.len);
    CU_ASSERT_EQUAL(memcmp(one.data, two.data, one.len), 0);
    wr_u8(&one, 0);
    CU_ASSERT_PTR_NULL(strstr((char *)one.data, r.dir));
    wr_cleanup(&one);
    wr_cleanup(&two);
    rec_done(&r);
}

static void json_fits_its_schema(void)
{
    static const char *const check =
        "import json,jsonschema,sys\n"
        "s=json.load(open(sys.argv[1]))\n"
        "jsonschema.Draft202012Validator.check_schema(s)\n"
        "jsonschema.validate(json.load(open(sys.argv[2])),s)\n";
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1, .twist = TW_R2_V};
    for (int plan = 0; plan < 2; plan++) {
        struct wr w;
        char cmd[1200], path[128], py[128];
        rec_init(&r);
        rec_expect(&r, "deposit-complete", "deposit 1", "duty");
        rec_call(&r, &a);
        rec_quiet(&r, 400);
        struct judge_result *j = rec_judge(&r, plan ? 0 : REC_NO_PLAN);
        json_of(j, &w);
        write_text(&r, "cut.pcap", (const char *)w.data, w.len);
        write_text(&r, "evidence.jsonl", check, strlen(check));
        snprintf(cmd, sizeof cmd,
                 "/usr/bin/python3 %s %s/scenarios/verdict.schema.json %s",
                 rec_path(&r, "evidence.jsonl", py), LATCHKEY_SOURCE_DIR,
                 rec_path(&r, "cut.pcap", path));
        CU_ASSERT_EQUAL(system(cmd), 0);
        wr_cleanup(&w);
        judge_free(j);
        rec_done(&r);
    }
}

static void hostile_text_is_escaped(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 1, .flip = -1};
    struct wr w;
    json_error_t je;
    rec_init(&r);
    rec_expect(&r, "deposit-complete", "deposit 1", "duty");
    rec_call(&r, &a);
    rec_sip(&r, "MB", "A",
            "SIP/2.0 200 <script>\x1b[2J\r\nVia: SIP/2.0/TCP "
            "h;branch=z9hG4bK\"\\\r\nFrom: <sip:\xff\xfe>;tag=\x01\r\n"
            "To: <sip:b>;tag=\"\r\nCall-ID: \x1b]0;owned\x07\r\n"
            "CSeq: 1 INVITE\x1b[31m\r\n",
            "", (struct view){0});
    rec_sip(&r, "A", "MB",
            "INVITE sip:\x80\x81 SIP/2.0\r\nFrom: <sip:\xc3\x28>;tag=\x7f\r\n"
            "To: <sip:b>\r\nCall-ID: \xf0\x28\r\nCSeq: 1 INVITE\r\n",
            "", (struct view){0});
    struct judge_result *j = rec_judge(&r, 0);
    json_of(j, &w);
    json_t *o = json_loadb((char *)w.data, w.len, JSON_REJECT_DUPLICATES, &je);
    CU_ASSERT_PTR_NOT_NULL(o);
    json_decref(o);
    wr_cleanup(&w);
    wr_init(&w);
    judge_text(j, 1, &w);
    CU_ASSERT_EQUAL(w.err, STATUS_OK);
    for (size_t i = 0; i < w.len; i++) {
        CU_ASSERT_TRUE(w.data[i] == '\n' ||
                       (w.data[i] >= 0x20 && w.data[i] < 0x7f));
    }
    wr_cleanup(&w);
    judge_free(j);
    rec_done(&r);
}

/* ---- errors
 * ---------------------------------------------------------------------- */

static void garbage_is_refused_with_a_remedy(void)
{
    static const struct {
        const char *file, *text, *words;
    } rows[] = {
        {"capture.pcap", "this is no capture at all", "capture.pcap"},
        {"keys.log", "IBE_MASTER zz", "keys.log:1"},
        {"keys.log", "FROG 00 11\n", "keys.log:1"},
        {"evidence.jsonl", "{\"kind\":\"quiet\"}\n[1,2]\n", "evidence.jsonl:2"},
        {"evidence.jsonl", "\xff\xfe\n", "evidence.jsonl:1"},
        {"plan.yaml", "plan: 2\n", "plan: 1"},
        {"plan.yaml", "plan: 1\ntp: X\nrole: MB\nexpect:\n  - {law: no-such}\n",
         "plan.yaml:5"},
        {"plan.yaml",
         "plan: 1\ntp: X\nrole: MB\nexpect:\n  - {law: r2-mac, at: moon}\n",
         "plan.yaml:5"},
        {"plan.yaml", "plan: 1\ntp: X\nrole: MB\nparties:\n  - {role: A}\n",
         "plan.yaml:5"},
        {"plan.yaml", "a: [", "plan.yaml"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rec r;
        struct judge_error e = {0};
        rec_init(&r);
        rec_write(&r, 0);
        write_text(&r, rows[i].file, rows[i].text, strlen(rows[i].text));
        struct judge_result *j = judge_bundle(r.dir, NULL, NULL, &e);
        CU_ASSERT_PTR_NULL(j);
        CU_ASSERT_NOT_EQUAL(e.status, STATUS_OK);
        if (strstr(e.text, rows[i].words) == NULL) {
            printf("row %zu: %s\n", i, e.text);
        }
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, rows[i].words));
        judge_free(j);
        rec_done(&r);
    }
}

static void what_is_not_there_is_said(void)
{
    struct judge_error e = {0};
    CU_ASSERT_PTR_NULL(judge_bundle("no-such-folder", NULL, NULL, &e));
    CU_ASSERT_EQUAL(e.status, STATUS_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "plan.yaml"));
    CU_ASSERT_PTR_NULL(judge_capture("no-such.pcap", NULL, NULL, &e));
    CU_ASSERT_EQUAL(e.status, STATUS_NOT_FOUND);
    CU_ASSERT_PTR_NULL(judge_capture("no-such.pcap", "no.keys", NULL, &e));
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "no.keys"));
}

static void an_empty_recording_never_passes(void)
{
    struct rec r;
    rec_init(&r);
    rec_expect(&r, "deposit-complete", "any", "duty");
    struct judge_result *j = rec_judge(&r, 0);
    CU_ASSERT_EQUAL(j->verdict, JUDGE_INCONC);
    judge_free(j);
    struct judge_error e;
    char path[128];
    j = judge_capture(rec_path(&r, "capture.pcap", path), NULL, NULL, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    CU_ASSERT_EQUAL(j->verdict, JUDGE_NONE);
    judge_free(j);
    rec_done(&r);
}

/* Judging fails cleanly whichever allocation fails. */
static void every_allocation_may_fail(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 2, .flip = -1};
    rec_init(&r);
    rec_expect(&r, "deposit-complete", "deposit 1", "duty");
    rec_call(&r, &a);
    rec_write(&r, 0);
    unsigned long live = mem_live();
    int done = 0;
    unsigned long tried = 0;
    for (unsigned long n = 1; !done && n < 100000; n += 1 + n / 8) {
        struct judge_error e = {0};
        mem_fail_at(n);
        struct judge_result *j = judge_bundle(r.dir, NULL, NULL, &e);
        done = j != NULL && j->verdict == JUDGE_PASS;
        mem_fail_at(0);
        if (j == NULL) {
            CU_ASSERT_NOT_EQUAL(e.status, STATUS_OK);
        }
        judge_free(j);
        CU_ASSERT_EQUAL(mem_live(), live);
        tried++;
    }
    CU_ASSERT_TRUE(done && tried > 5);
    rec_done(&r);
}

/* ---- no plan
 * ------------------------------------------------------------------------- */

static void without_a_plan_parties_are_known_by_what_they_do(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    struct rec_call b = {
        .seed = 2, .retrieval = 1, .flip = -1, .deliver = {&a}};
    int mb = 0, caller = 0, owner = 0;
    rec_init(&r);
    rec_call(&r, &a);
    rec_call(&r, &b);
    struct judge_result *j = rec_judge(&r, REC_NO_PLAN);
    for (size_t i = 0; i < j->num_parties; i++) {
        const struct judge_party_result *p = &j->parties[i];
        mb |= strcmp(p->role, "MB") == 0 && strcmp(p->identity, REC_MB) == 0 &&
              strcmp(p->address, "127.9.3.3") == 0 && p->passed > 10;
        caller |= strcmp(p->role, "A") == 0 && strcmp(p->identity, REC_A) == 0;
        owner |= strcmp(p->role, "B") == 0 && strcmp(p->identity, REC_B) == 0;
    }
    for (size_t i = 0; i < j->num_findings; i++) {
        const struct judge_finding *f = &j->findings[i];
        if (f->verdict == JUDGE_FAIL) {
            printf("%s: %s, not %s\n", f->law->name, f->actual, f->expected);
        }
        CU_ASSERT_NOT_EQUAL(f->verdict, JUDGE_FAIL);
    }
    CU_ASSERT_TRUE(mb && caller && owner);
    CU_ASSERT_EQUAL(j->num_exchanges, 2);
    CU_ASSERT_STRING_EQUAL(j->exchanges[0].place, "deposit 1");
    CU_ASSERT_STRING_EQUAL(j->exchanges[0].form, "deferred");
    CU_ASSERT_STRING_EQUAL(j->exchanges[1].place, "retrieval 1");
    CU_ASSERT_STRING_EQUAL(j->exchanges[1].form, "normal");
    judge_free(j);
    rec_done(&r);
}

static const struct unit_case cases[] = {
    {"judged_twice_the_same_octets", judged_twice_the_same_octets},
    {"json_fits_its_schema", json_fits_its_schema},
    {"hostile_text_is_escaped", hostile_text_is_escaped},
    {"garbage_is_refused_with_a_remedy", garbage_is_refused_with_a_remedy},
    {"what_is_not_there_is_said", what_is_not_there_is_said},
    {"an_empty_recording_never_passes", an_empty_recording_never_passes},
    {"every_allocation_may_fail", every_allocation_may_fail},
    {"without_a_plan_parties_are_known_by_what_they_do",
     without_a_plan_parties_are_known_by_what_they_do},
    {NULL, NULL}};
const struct unit_suite suite_result = {"result", cases};
