/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Parts of latchkey blob: making one MIKEY message of an exchange. */
#ifndef HARNESS_CLI_BLOB_H
#define HARNESS_CLI_BLOB_H

#include "capture/keylog.h"
#include "harness/ibake/ibake.h"

enum blob_message {
    BLOB_I1,
    BLOB_R1,
    BLOB_I2,
    BLOB_R2,
    BLOB_KEY_REQUEST,
    BLOB_KEY_RESPONSE,
    BLOB_ERROR
};

struct blob_request {
    enum blob_message message;
    const char *from;   /* initiator */
    const char *called; /* whom I_MESSAGE_1 names */
    const char *to;     /* who answers; other than called: the mailbox */
    const char *kms;
    struct ibake_profile profile;
    struct edit_list edits;
    int with_esk;        /* I_MESSAGE_2 in normal form has an ESK, too */
    const char *esk_for; /* whose key protects the ESK; NULL = called */
    uint8_t error_no;
    int seeded;
    uint64_t seed;
    uint64_t time_us; /* T of the first message */
    struct view i1;   /* I_MESSAGE_1 of the exchange, len 0: made by the seed */
    struct view in;   /* the message answered, likewise */
    struct view scalar; /* x or y of the side that makes the message */
    struct view psk;
};

/* Where keys come from, and where secrets go. */
struct blob_keys {
    struct keylog *log; /* of --keys; may be NULL */
    struct wr params;   /* DER BFPublicParameters; len 0 = only those of log */
    struct wr master;   /* len 0 = unknown */
    const char *out_path; /* key log written; may be NULL */
    struct keylog *told;  /* what stands in it */
    char why[256];        /* why a secret could not be added to it, or "" */
};

/* blob_ring makes a key ring with all public parameters and the private keys of
 * own (may be NULL) for the days of the two times. NULL with *why set. */
struct ibake_keyring *blob_ring(struct blob_keys *keys, const char *own,
                                const uint64_t *times, size_t num_times,
                                char why[256]);

/* blob_secret is an ibake_secret_fn; ctx is a struct blob_keys. */
void blob_secret(void *ctx, const char *label, struct view lookup,
                 struct view secret);

/* blob_scalar finds the scalar of a point that stands inside message, encrypted
 * to identity, in the key log: role 1 for xP, 2 for yP. STATUS_NOT_FOUND. */
enum status blob_scalar(struct blob_keys *keys, struct view message,
                        const char *identity, uint8_t role, struct view *out);

/* blob_make appends the message. On failure why is a sentence. */
enum status blob_make(const struct blob_request *rq, struct blob_keys *keys,
                      struct wr *out, char why[256]);

#endif
