/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The catalogue of laws, and running them all. */
#include "harness/judge/judge_int.h"

#include <string.h>

struct table {
    const struct law *rows;
    const size_t *num;
};

static const struct table tables[] = {
    {laws_structure, &num_laws_structure},
    {laws_structure_sip, &num_laws_structure_sip},
    {laws_structure_kms, &num_laws_structure_kms},
    {laws_identity, &num_laws_identity},
    {laws_identity_show, &num_laws_identity_show},
    {laws_replay, &num_laws_replay},
    {laws_secrecy, &num_laws_secrecy},
    {laws_secrecy_media, &num_laws_secrecy_media},
    {laws_refuse, &num_laws_refuse},
    {laws_flow, &num_laws_flow},
};
#define NUM_TABLES (sizeof tables / sizeof tables[0])

const struct law *law_at(size_t i)
{
    for (size_t t = 0; t < NUM_TABLES; t++) {
        if (i < *tables[t].num) {
            return &tables[t].rows[i];
        }
        i -= *tables[t].num;
    }
    return NULL;
}

size_t judge_num_laws(void)
{
    size_t n = 0;
    for (size_t t = 0; t < NUM_TABLES; t++) {
        n += *tables[t].num;
    }
    return n;
}

const struct judge_law_info *judge_law(size_t i)
{
    const struct law *l = law_at(i);
    return l != NULL ? &l->info : NULL;
}

const struct judge_law_info *judge_law_find(const char *name)
{
    const struct law *l;
    for (size_t i = 0; (l = law_at(i)) != NULL; i++) {
        if (strcmp(l->info.name, name) == 0) {
            return &l->info;
        }
    }
    return NULL;
}

void laws_run(struct judge *j)
{
    const struct law *l;
    for (size_t i = 0; j->err == STATUS_OK && (l = law_at(i)) != NULL; i++) {
        l->run(j, l);
    }
}

const char *judge_verdict_name(enum judge_verdict v)
{
    switch (v) {
    case JUDGE_NONE:
        return "NONE";
    case JUDGE_PASS:
        return "PASS";
    case JUDGE_INCONC:
        return "INCONC";
    case JUDGE_FAIL:
        return "FAIL";
    case JUDGE_ERROR:
        return "ERROR";
    }
    return "?";
}

const char *judge_level_name(enum judge_level l)
{
    switch (l) {
    case JUDGE_MUST:
        return "MUST";
    case JUDGE_SHOULD:
        return "SHOULD";
    case JUDGE_DERIVED:
        return "derived";
    case JUDGE_SECURITY:
        return "security";
    }
    return "?";
}

const char *judge_family_name(enum judge_family f)
{
    switch (f) {
    case JUDGE_STRUCTURE:
        return "structure";
    case JUDGE_IDENTITY:
        return "identity";
    case JUDGE_REPLAY:
        return "replay";
    case JUDGE_SECRECY:
        return "secrecy";
    }
    return "?";
}
