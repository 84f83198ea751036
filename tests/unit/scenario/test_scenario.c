/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Scenario files: what they say, and that each error has its line and a remedy.
 */
#include "harness/scenario/scenario.h"

#include "harness/base/mem.h"
#include "tests/unit/scenario/scenario_tests.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                   \
    "id: TP_X\n"                                                               \
    "title: Ensure that the IUT does\n"                                        \
    "role: MB\n"                                                               \
    "type: BV\n"
#define STEPS "steps:\n  - A call to=B\n"
#define EXPECT "expect:\n  - {law: deposit-complete}\n"

/* Loads a text through a file of its own. */
static enum status load(struct scenario **out, const char *text, size_t len,
                        struct scn_error *err)
{
    char path[] = "scenario-test-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, text, len) == (ssize_t)len);
    close(fd);
    enum status s = scenario_load(out, path, err);
    unlink(path);
    return s;
}

static const char good[] =
    "# comment\n" HEAD "level: SHOULD\n"
    "clauses: [\"RFC 6267, 4.2\"]\n"
    "requirements: [DD-011]\n"
    "pics: [PIC_M_01]\n"
    "faults: [mb-reuses-y]\n"
    "stimulus: what is done\n"
    "duty: what must be\n"
    "pixit: {PX_SKEW: 300}\n"
    "parties: [KMS, CORE, MB, A]\n"
    "steps:\n"
    "  - A call to=B media=\"two words.wav\" label=first\n"
    "  - wait 300\n"
    "  - do: MB show\n"
    "    async: true\n"
    "    edits:\n"
    "      - I_MESSAGE_2 drop mikey.ESK\n"
    "      - \"* set sip.Subject x y\"\n"
    "expect:\n"
    "  - {law: deposit-complete, at: deposit 1, as: control}\n"
    "  - {law: fresh-yp}\n";

static void a_scenario_is_read(void)
{
    struct scenario *s;
    struct scn_error err;
    CU_ASSERT_FATAL(load(&s, good, sizeof good - 1, &err) == STATUS_OK);
    CU_ASSERT_STRING_EQUAL(s->id, "TP_X");
    CU_ASSERT_STRING_EQUAL(s->role, "MB");
    CU_ASSERT_STRING_EQUAL(s->level, "SHOULD");
    CU_ASSERT_STRING_EQUAL(s->duty, "what must be");
    CU_ASSERT(s->faults->num_children == 1 && s->not_run == NULL);
    CU_ASSERT(ynode_int(s->pixit, "PX_SKEW", 0) == 300);
    CU_ASSERT_STRING_EQUAL(s->parties[3], "A");
    CU_ASSERT(s->parties[4] == NULL);
    CU_ASSERT_FATAL(s->num_steps == 3 && s->num_expects == 2);
    const struct scn_step *p = &s->steps[0];
    CU_ASSERT(p->line == 16 && p->num_args == 3 && !p->async);
    CU_ASSERT_STRING_EQUAL(p->role, "A");
    CU_ASSERT_STRING_EQUAL(p->verb, "call");
    CU_ASSERT_STRING_EQUAL(scn_step_arg(p, "media", ""), "two words.wav");
    CU_ASSERT_STRING_EQUAL(scn_step_arg(p, "label", ""), "first");
    CU_ASSERT_STRING_EQUAL(scn_step_arg(p, "none", "fallback"), "fallback");
    p = &s->steps[1];
    CU_ASSERT_STRING_EQUAL(p->role, "");
    CU_ASSERT_STRING_EQUAL(p->verb, "wait");
    CU_ASSERT_STRING_EQUAL(scn_step_arg(p, "ms", ""), "300");
    p = &s->steps[2];
    CU_ASSERT(p->async && p->edits.num == 2);
    CU_ASSERT_STRING_EQUAL(p->edits.items[1].value, "x y");
    CU_ASSERT_STRING_EQUAL(s->expects[0].on, "deposit 1");
    CU_ASSERT_STRING_EQUAL(s->expects[0].as, "control");
    CU_ASSERT_STRING_EQUAL(s->expects[1].on, "any");
    CU_ASSERT_STRING_EQUAL(s->expects[1].as, "duty");
    CU_ASSERT(s->expects[1].line == 25);
    scenario_free(s);
    scenario_free(NULL);
}

static void what_is_left_out_has_a_default(void)
{
    static const char text[] = HEAD STEPS EXPECT;
    static const char *const parties[] = {"KMS", "CORE", "MB", "B", "A"};
    struct scenario *s;
    struct scn_error err;
    CU_ASSERT_FATAL(load(&s, text, sizeof text - 1, &err) == STATUS_OK);
    CU_ASSERT_STRING_EQUAL(s->level, "MUST");
    CU_ASSERT(s->faults == NULL && s->pixit == NULL && s->duty == NULL);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(s->parties[i], parties[i]);
    }
    CU_ASSERT(s->parties[5] == NULL);
    scenario_free(s);
}

static void purposes_that_cannot_be_tried_need_no_steps(void)
{
    static const char text[] = HEAD "not_run: needs a clock of its own\n";
    struct scenario *s;
    struct scn_error err;
    CU_ASSERT_FATAL(load(&s, text, sizeof text - 1, &err) == STATUS_OK);
    CU_ASSERT(s->num_steps == 0 && s->num_expects == 0);
    CU_ASSERT_STRING_EQUAL(s->not_run, "needs a clock of its own");
    scenario_free(s);
}

static void errors_have_line_and_remedy(void)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *has;
    } rows[] = {
        {"", 1, "empty"},
        {"- a\n- b\n", 1, "a scenario is a map; see docs/SCENARIO.md"},
        {"id: [\n", 2, ""},
        {HEAD HEAD, 5, "duplicate key; keep one of them"},
        {HEAD "colour: red\n", 5, "unknown key 'colour'; docs/SCENARIO.md"},
        {"title: x\n", 1, "'id' is missing; add it"},
        {"id: x\n", 1, "'title' is missing"},
        {"id: x\ntitle: y\n", 1, "'role' is missing"},
        {"id: x\ntitle: y\nrole: MB\n", 1, "'type' is missing"},
        {"id: [x]\ntitle: y\n", 1, "'id' is missing"},
        {"id: x\ntitle: y\nrole: X\n", 3, "'role: X' is not one of the words"},
        {"id: x\ntitle: y\nrole: MB\ntype: bv\n", 4, "'type: bv' is not"},
        {HEAD "level: must\n", 5, "'level: must' is not one of the words"},
        {HEAD "clauses: x\n", 5, "'clauses' must be a list"},
        {HEAD "requirements: x\n", 5, "'requirements' must be a list"},
        {HEAD "pics: {}\n", 5, "'pics' must be a list"},
        {HEAD "faults: x\n", 5, "'faults' must be a list"},
        {HEAD "pixit: []\n", 5, "'pixit' must be a map"},
        {HEAD "parties: [A, X]\n", 5, "a party must be one of A B MB"},
        {HEAD "parties: []\n", 5, "'parties' is empty"},
        {HEAD "parties: [A,A,A,A,A,A,A,A,A,A,A,A]\n", 5, "too many parties"},
        {HEAD EXPECT, 1, "'steps' must be a list"},
        {HEAD "steps: x\n", 5, "'steps' must be a list"},
        {HEAD "steps:\n  - [A]\n" EXPECT, 6, "a step is one line of text"},
        {HEAD "steps:\n  - {async: yes}\n" EXPECT, 6, "a map with 'do'"},
        {HEAD "steps:\n  - X call\n" EXPECT, 6, "a step begins with a party"},
        {HEAD "steps:\n  - A\n" EXPECT, 6, "the verb is missing (docs/ADAPTER"},
        {HEAD "steps:\n  - A call B\n" EXPECT, 6,
         "'B' is not of the form key=value"},
        {HEAD "steps:\n  - A call =B\n" EXPECT, 6, "key=value"},
        {HEAD "steps:\n  - wait\n" EXPECT, 6, "'wait' needs a number"},
        {HEAD "steps:\n  - wait long\n" EXPECT, 6, "'wait' needs a number"},
        {HEAD "steps:\n  - wait 5 6\n" EXPECT, 6, "'wait' needs a number"},
        {HEAD "steps:\n  - A call\n  - D call\n" EXPECT, 7,
         "'D' acts but is not among 'parties'"},
        {HEAD "steps:\n  - do: A call\n    edit: []\n" EXPECT, 7,
         "a step may have 'do', 'edits' (a list) and 'async'; not 'edit'"},
        {HEAD "steps:\n  - do: A call\n    edits: x\n" EXPECT, 7,
         "'edits' (a list)"},
        {HEAD "steps:\n  - do: A call\n    edits:\n      - [x]\n" EXPECT, 8,
         "an edit is one line of text"},
        {HEAD
         "steps:\n  - do: A call\n    edits:\n      - INVITE put x\n" EXPECT,
         8, "the second word must be set, drop"},
        {HEAD STEPS, 1, "'expect' must be a list"},
        {HEAD STEPS "expect: x\n", 7, "'expect' must be a list"},
        {HEAD STEPS "expect: [x]\n", 7, "an expectation is {law: NAME"},
        {HEAD STEPS "expect:\n  - {law: x, as: hope}\n", 8,
         "as: duty|preamble|control|stimulus"},
        {HEAD STEPS "expect:\n  - {law: x, as: control}\n", 8,
         "no expectation is a duty"},
        {HEAD STEPS "expect: []\n", 7, "no expectation is a duty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario *s = NULL;
        struct scn_error err = {0};
        enum status st = load(&s, rows[i].text, strlen(rows[i].text), &err);
        int good_row = st == STATUS_SYNTAX && s == NULL &&
                       err.line == rows[i].line && err.text[0] != '\0' &&
                       strstr(err.text, rows[i].has) != NULL;
        if (!good_row) {
            printf("  row %zu: %s, line %u, %s\n", i, status_name(st), err.line,
                   err.text);
        }
        CU_ASSERT(good_row);
        scenario_free(s);
    }
    struct scenario *s;
    struct scn_error err;
    CU_ASSERT(scenario_load(&s, "/nonexistent/x.yaml", &err) != STATUS_OK);
    CU_ASSERT(s == NULL && err.text[0] != '\0');
}

static void cut_and_damaged_scenarios_do_no_harm(void)
{
    char text[sizeof good];
    for (size_t n = 0; n < sizeof good; n += n < 60 ? 1 : 3) {
        struct scenario *s = NULL;
        struct scn_error err = {0};
        enum status st = load(&s, good, n, &err);
        CU_ASSERT((st == STATUS_OK) == (s != NULL));
        CU_ASSERT(st == STATUS_OK || (err.line > 0 && err.text[0] != '\0'));
        scenario_free(s);
        memcpy(text, good, sizeof good);
        text[n] = (char)(text[n] ^ (1 << n % 7));
        st = load(&s, text, sizeof good - 1, &err);
        CU_ASSERT((st == STATUS_OK) == (s != NULL));
        scenario_free(s);
    }
}

static void want_of_memory_is_reported(void)
{
    unsigned long before = mem_live();
    unsigned long n = 1;
    for (; n < 2000; n++) {
        struct scenario *s = NULL;
        struct scn_error err = {0};
        mem_fail_at(n);
        enum status st = load(&s, good, sizeof good - 1, &err);
        mem_fail_at(0);
        scenario_free(s);
        CU_ASSERT(mem_live() == before);
        if (st == STATUS_OK) {
            break;
        }
    }
    CU_ASSERT(n > 50 && n < 2000);
}

/* Every scenario of the catalogue loads. */
static unsigned load_folder(const char *path)
{
    unsigned num = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char sub[1024];
        size_t len = strlen(e->d_name);
        snprintf(sub, sizeof sub, "%s/%s", path, e->d_name);
        if (e->d_name[0] == '.') {
            continue;
        }
        if (strncmp(e->d_name, "tp_", 3) != 0) {
            num += load_folder(sub);
        } else if (len > 5 && strcmp(e->d_name + len - 5, ".yaml") == 0) {
            struct scenario *s = NULL;
            struct scn_error err;
            if (scenario_load(&s, sub, &err) != STATUS_OK) {
                printf("  %s:%u: %s\n", sub, err.line, err.text);
                CU_FAIL("scenario");
            }
            scenario_free(s);
            num++;
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    return num;
}

static void the_catalogue_loads(void)
{
    unsigned num = load_folder(LATCHKEY_SOURCE_DIR "/scenarios");
    CU_ASSERT(num >= 100);
}

static const struct unit_case cases[] = {
    {"a_scenario_is_read", a_scenario_is_read},
    {"what_is_left_out_has_a_default", what_is_left_out_has_a_default},
    {"purposes_that_cannot_be_tried_need_no_steps",
     purposes_that_cannot_be_tried_need_no_steps},
    {"errors_have_line_and_remedy", errors_have_line_and_remedy},
    {"cut_and_damaged_scenarios_do_no_harm",
     cut_and_damaged_scenarios_do_no_harm},
    {"want_of_memory_is_reported", want_of_memory_is_reported},
    {"the_catalogue_loads", the_catalogue_loads},
    {NULL, NULL}};
const struct unit_suite scenario_suite = {"scenario", cases};
