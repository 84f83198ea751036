/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Plays one scenario: starts a process for each party, records, walks through
 * the steps, writes the bundle (docs/BUNDLE.md). Judges nothing. */
#ifndef HARNESS_SCENARIO_PLAY_H
#define HARNESS_SCENARIO_PLAY_H

#include "harness/base/log.h"
#include "harness/scenario/scenario.h"

/* How a party under test is driven; parties without a row are reference agents.
 */
struct play_iut {
    const char *role;
    const char *adapter; /* "exec:COMMAND" or "listen:ADDRESS:PORT" */
};

struct play_pixit {
    const char *item;
    const char *value;
};

struct play_config {
    const char *program; /* the latchkey program, for the reference agents */
    const char *out;     /* bundle folder; made if missing */
    const char *net;     /* first address of a /28 in 127/8, as "127.9.3.0" */
    const char *ibe;     /* IBE parameter file (scenarios/ibe) */
    const char *media;   /* folder of WAV files named by scenarios */
    const char *command; /* how to reproduce, for the plan */
    const char *fault;   /* named fault of the party under test, or NULL */
    uint64_t seed;
    int force_taps; /* record by taps even where capture is permitted */
    unsigned step_timeout_ms; /* 0 = 15,000 */
    const struct play_iut *iuts;
    size_t num_iuts;
    const struct play_pixit
        *pixit; /* over the defaults; the scenario's own win */
    size_t num_pixit;
    const struct log *log;
};

/* play_scenario runs it. STATUS_OK means that a bundle was written (what
 * happened in it is the judge's business); otherwise why holds one sentence
 * with the remedy. */
enum status play_scenario(const struct scenario *s,
                          const struct play_config *cfg, char why[512]);

#endif
