/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The catalogue as the files of this installation give it: test purposes,
 * requirements, ambiguities, PICS, PIXIT; profiles and exit codes. */
#ifndef HARNESS_CLI_CATALOG_H
#define HARNESS_CLI_CATALOG_H

#include "harness/base/ytree.h"
#include "harness/scenario/scenario.h"

struct catalog_tp {
    struct scenario *scn;
    char *path; /* relative to the data folder: "scenarios/mb/ib/tp_….yaml" */
};

struct catalog {
    struct catalog_tp *tps; /* sorted by id */
    size_t num_tps;
    struct ynode *items; /* scenarios/requirements.yaml */
};

/* catalog_load reads all scenario files and requirements.yaml. Returns CLI_OK,
 * or says what is wrong on stderr and returns CLI_INVALID or CLI_INTERNAL.
 * catalog_free takes a zeroed or failed one, too. */
int catalog_load(struct catalog *c, const char *verb);
void catalog_free(struct catalog *c);

const struct catalog_tp *catalog_tp(const struct catalog *c, const char *id);

/* catalog_has tells whether the scalar value stands in the sequence list (may
 * be NULL). */
int catalog_has(const struct ynode *list, const char *value);

/* words_have tells whether word is one of the blank-separated words. */
int words_have(const char *words, const char *word);

/* A reading or mapping that a PIXIT item selects. */
struct profile {
    const char *item;
    const char *value;
    int is_default;
    const char *sentence;
};
extern const struct profile profiles[];
extern const size_t num_profiles;

struct exit_word {
    int code;
    const char *sentence;
};
extern const struct exit_word exit_words[];
extern const size_t num_exit_words;

#endif
