/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Named faults of the reference agents: what each does wrong, which requirement
 * that breaks, which test purposes must notice. Compiled in always, off by
 * default. */
#ifndef HARNESS_AGENT_FAULT_H
#define HARNESS_AGENT_FAULT_H

#include <stddef.h>

/* Behaviour that edits and switched-off checks cannot express. */
enum fault_act {
    FAULT_ACT_NONE,
    /* A */
    FAULT_A_REUSE_SESSION_KEYS, /* x, RAND and CSB ID of the first call again */
    FAULT_A_REUSE_SK,
    FAULT_A_EARLY_MEDIA,
    FAULT_A_MEDIA_UNDER_HOP_KEY,
    FAULT_A_PLAINTEXT_MEDIA,
    FAULT_A_SDP_VERSION_STUCK,
    FAULT_A_REPORTS_USER,
    FAULT_A_MEDIA_DESPITE_FAILURE,
    FAULT_A_ABORT_ON_181,
    FAULT_A_ACCEPT_AVP,
    FAULT_A_ACCEPT_MALFORMED, /* goes on with an answer it cannot read */
    FAULT_A_ACCEPT_ANY_CURVE,
    FAULT_A_ACCEPT_ANY_TYPE,
    FAULT_A_IGNORE_ERROR,
    FAULT_A_NEED_INNER_IDRI,
    FAULT_A_SILENT,
    /* mailbox */
    FAULT_MB_ATTRIBUTE_FROM_HEADER,
    FAULT_MB_REUSE_Y,
    FAULT_MB_FLIP_MEDIA_BIT,
    FAULT_MB_RENUMBER_MEDIA,
    FAULT_MB_DROP_MEDIA,
    FAULT_MB_REENCRYPT_MEDIA,
    FAULT_MB_ASK_FOR_B_KEY,
    FAULT_MB_ALTER_ESK,
    FAULT_MB_DECODES_MEDIA, /* refuses what is no speech to it */
    FAULT_MB_DOWNGRADE_AVP,
    FAULT_MB_ANSWER_EARLY,
    FAULT_MB_ACTOR_PRINCIPAL,
    FAULT_MB_SERVE_ANYBODY,
    FAULT_MB_RELEASE_EARLY,
    FAULT_MB_NOTIFY_HEADERS_INITIAL,
    FAULT_MB_NO_NOTIFY,
    FAULT_MB_NOTIFY_WRONG_FROM,
    FAULT_MB_NOTIFY_WRONG_COUNT,
    FAULT_MB_STORE_REFUSED,
    FAULT_MB_ONE_IDENTITY_FOR_ALL,
    FAULT_MB_ACCOUNT_BY_TO,
    FAULT_MB_KEEP_DUPLICATE_I2,
    FAULT_MB_LEAK_HOP_KEY,
    FAULT_MB_ACCEPT_ANY_PROTOCOL,
    FAULT_MB_SUBSCRIBE_ANYBODY,
    FAULT_MB_FORGET_MESSAGE,
    FAULT_MB_NARROW_SKEW,
    FAULT_MB_ACCEPT_FRESH_I2,
    FAULT_MB_ACCEPT_ANY_TYPE,
    FAULT_MB_ACCEPT_TRUNCATED,
    FAULT_MB_ACCEPT_UNDECRYPTABLE,
    FAULT_MB_ACCEPT_REPLAYED_I2,
    FAULT_MB_COUNTS_STAY_NEW,
    FAULT_MB_IGNORE_DIVERSION,
    FAULT_MB_IGNORE_HISTORY,
    FAULT_MB_KEEP_DUPLICATES,
    FAULT_MB_NO_NOTIFY_INITIAL,
    FAULT_MB_OPEN_ESK,
    FAULT_MB_REFUSE_EXTENSION,
    FAULT_MB_REFUSE_CAUSE,
    FAULT_MB_STORE_CLEAR_KEY,
    FAULT_MB_STORE_UNVERIFIED,
    /* B */
    FAULT_B_RENDER_NOISE,
    FAULT_B_TRUST_ESK_ID,
    FAULT_B_SHOW_FROM,
    FAULT_B_REFUSE_OLD,
    FAULT_B_RENDER_ANYTHING,
    FAULT_B_ACCEPT_DEFERRED_R1,
    FAULT_B_REFUSE_NOTIFY,
    FAULT_B_SHOW_NOBODY,
    /* KMS */
    FAULT_KMS_SERVE_ANYBODY,
    /* anyone */
    FAULT_PEER_SILENT,
    FAULT_PEER_ECHO,
    FAULT_PEER_200,
    FAULT_PEER_NOISE
};

struct fault {
    const char *name;
    const char *role; /* "A", "MB", "B", "KMS"; "any" for the worthless peers */
    const char *sentence;    /* what it does wrong */
    const char *requirement; /* the requirement it breaks */
    const char *tps;         /* ids that must notice, separated by spaces */
    const char *edits;       /* edit lines, or NULL */
    unsigned checks_off;     /* enum ibake_check switched off */
    enum fault_act act;
};

extern const struct fault faults[];
extern const size_t num_faults;

/* fault_find returns the row, or NULL. */
const struct fault *fault_find(const char *name);

#endif
