/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Inside of the key log: entries, their index, and the caches of derived keys.
 */
#ifndef CAPTURE_KEYLOG_INT_H
#define CAPTURE_KEYLOG_INT_H

#include "capture/keylog.h"

struct keylog_list {
    struct keylog_entry *items;
    size_t num;
    size_t cap;
};

/* IBE parameters, decoded at first use; der points into an entry. */
struct keylog_params_slot {
    struct view der;
    struct bf_params *bp;
    enum bf_reason reason;
    uint8_t tried;
};

struct keylog_cached {
    uint8_t *hashed; /* the hashed identity string */
    size_t len;
    const struct bf_params *bp; /* the parameters asked for */
    struct bf_key *key;         /* one of these two */
    struct bf_id *id;
};

struct keylog {
    struct keylog_list lists[KEYLOG_NUM_LABELS];
    uint32_t *index;  /* open addressing; 0 = free, else label << 28 | at + 1 */
    size_t index_cap; /* a power of two, or 0 */
    struct keylog_params_slot *params;
    size_t num_params;
    struct keylog_cached *cached;
    size_t num_cached;
    char why[320];
};

/* keylog_derived_clear frees what keylog_keys.c holds in kl. */
void keylog_derived_clear(struct keylog *kl);

#endif
