/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The table of faults holds what it promises. */
#include "harness/agent/fault.h"

#include "harness/base/mem.h"
#include "harness/ibake/ibake.h"
#include "tests/unit/agent/agent_tests.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int is_role(const char *role)
{
    static const char *const roles[] = {"A", "MB", "B", "KMS", "any"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(role, roles[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void names_are_unique_and_tell_the_role(void)
{
    static const struct {
        const char *role, *prefix;
    } prefixes[] = {{"A", "a-"},
                    {"MB", "mb-"},
                    {"B", "b-"},
                    {"KMS", "kms-"},
                    {"any", "peer-"}};
    for (size_t i = 0; i < num_faults; i++) {
        const struct fault *f = &faults[i];
        CU_ASSERT(is_role(f->role));
        CU_ASSERT(fault_find(f->name) == f); /* else an earlier row has it */
        for (size_t k = 0; k < sizeof prefixes / sizeof *prefixes; k++) {
            if (strcmp(f->role, prefixes[k].role) == 0) {
                CU_ASSERT(strncmp(f->name, prefixes[k].prefix,
                                  strlen(prefixes[k].prefix)) == 0);
            }
        }
    }
    CU_ASSERT(fault_find("no-such-fault") == NULL);
    CU_ASSERT(fault_find("") == NULL);
}

static void sentences_are_sentences(void)
{
    for (size_t i = 0; i < num_faults; i++) {
        const char *s = faults[i].sentence;
        CU_ASSERT(strlen(s) > 15 && strlen(s) < 120);
        CU_ASSERT(islower((unsigned char)s[0]) || s[0] == 'A');
        CU_ASSERT(s[strlen(s) - 1] != '.' && s[strlen(s) - 1] != ' ');
    }
}

/* The catalogue of requirements, as one text. */
static char *catalogue(void)
{
    FILE *f = fopen(LATCHKEY_SOURCE_DIR "/scenarios/requirements.yaml", "r");
    CU_ASSERT_FATAL(f != NULL);
    struct wr w;
    size_t len = 0;
    char buf[4096];
    wr_init(&w);
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;) {
        wr_bytes(&w, buf, n);
    }
    fclose(f);
    wr_u8(&w, 0);
    return (char *)wr_take(&w, &len);
}

static int is_requirement(const char *text, const char *r)
{
    char line[64];
    snprintf(line, sizeof line, "id: %s\n", r);
    return strstr(text, line) != NULL;
}

static int is_tp(const char *tp)
{
    char role[3];
    char group[3];
    unsigned n = 0;
    int end = 0;
    /* ":INCONC": the criterion of the purpose calls the fault inconclusive. */
    return sscanf(tp, "TP_DD_%2[A-Z]_%2[A-Z]_%3u%n", role, group, &n, &end) ==
               3 &&
           (tp[end] == '\0' || strcmp(tp + end, ":INCONC") == 0) && n > 0;
}

static void every_fault_breaks_something_and_is_noticed(void)
{
    char *text = catalogue();
    CU_ASSERT(!is_requirement(text, "DD-9999"));
    for (size_t i = 0; i < num_faults; i++) {
        const struct fault *f = &faults[i];
        if (strcmp(f->role, "any") == 0) {
            CU_ASSERT_STRING_EQUAL(f->tps, "*");
            continue;
        }
        CU_ASSERT(is_requirement(text, f->requirement));
        char *list = mem_strdup(f->tps);
        char *save = NULL;
        unsigned num = 0;
        for (char *tp = strtok_r(list, " ", &save); tp != NULL;
             tp = strtok_r(NULL, " ", &save)) {
            CU_ASSERT(is_tp(tp));
            num++;
        }
        CU_ASSERT(num > 0);
        mem_free(list);
    }
    mem_free(text);
}

static void every_fault_does_something(void)
{
    for (size_t i = 0; i < num_faults; i++) {
        const struct fault *f = &faults[i];
        CU_ASSERT(f->edits != NULL || f->checks_off != 0 ||
                  f->act != FAULT_ACT_NONE);
        CU_ASSERT((f->checks_off & ~(unsigned)IBAKE_CHECK_ALL) == 0);
    }
}

static void edits_parse_and_name_what_exists(void)
{
    for (size_t i = 0; i < num_faults; i++) {
        struct edit_list list = {0};
        const char *text = NULL;
        char why[200] = "";
        if (faults[i].edits == NULL) {
            continue;
        }
        CU_ASSERT(edit_list_add_all(&list, faults[i].edits, &text) ==
                  STATUS_OK);
        CU_ASSERT(list.num > 0);
        CU_ASSERT(ibake_edits_check(&list, why, sizeof why) == STATUS_OK);
        if (why[0] != '\0') {
            printf("%s: %s\n", faults[i].name, why);
        }
        for (size_t k = 0; k < list.num; k++) {
            const char *p = list.items[k].path;
            CU_ASSERT(strncmp(p, "mikey", 5) == 0 ||
                      strncmp(p, "sip.", 4) == 0 || strncmp(p, "sdp.", 4) == 0);
        }
        edit_list_clear(&list);
    }
}

/* No two rows with the same act, unless edits or checks set them apart. */
static void acts_are_used_once(void)
{
    for (size_t i = 0; i < num_faults; i++) {
        for (size_t k = i + 1; k < num_faults; k++) {
            CU_ASSERT(faults[i].act == FAULT_ACT_NONE ||
                      faults[i].act != faults[k].act);
        }
    }
}

static const struct unit_case cases[] = {
    {"names_are_unique_and_tell_the_role", names_are_unique_and_tell_the_role},
    {"sentences_are_sentences", sentences_are_sentences},
    {"every_fault_breaks_something_and_is_noticed",
     every_fault_breaks_something_and_is_noticed},
    {"every_fault_does_something", every_fault_does_something},
    {"edits_parse_and_name_what_exists", edits_parse_and_name_what_exists},
    {"acts_are_used_once", acts_are_used_once},
    {NULL, NULL}};
const struct unit_suite faults_suite = {"faults", cases};
