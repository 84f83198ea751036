/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Parts of latchkey decode: finding MIKEY messages in a file, opening what is
 * encrypted in them, printing both. */
#ifndef HARNESS_CLI_DECODE_H
#define HARNESS_CLI_DECODE_H

#include "capture/keylog.h"
#include "harness/mikey/mikey.h"

/* ---- messages found ---- */

struct decode_item {
    char *where;   /* "a=key-mgmt at session level of invite.sip, octet 812" */
    char *note;    /* deviation of what carried it, or NULL */
    char *problem; /* why there are no octets ("not base64 at character 7"), or
                    * NULL */
    uint8_t *data;
    size_t len;
    struct mikey_msg msg;
    struct mikey_error err;   /* of mikey_decode */
    struct mikey_error rules; /* of mikey_i_r_rules, for I and R messages */
};

struct decode_set {
    struct decode_item **items;
    size_t num;
};

/* decode_collect finds the messages in the octets of a file and appends them:
 * binary MIKEY, hex, base64, a=key-mgmt lines, SDP, SIP. STATUS_NOT_FOUND if
 * there is nothing like MIKEY in it, STATUS_NO_MEMORY. */
enum status decode_collect(struct decode_set *set, const char *name,
                           struct view octets);
void decode_clear(struct decode_set *set);

/* decode_bad: the item is not a sound message. What is inside its encrypted
 * parts is for the printing functions to find. */
int decode_bad(const struct decode_item *item);

/* decode_tidy replaces what is not printable ASCII by "?", in place: octets of
 * a message that get into a line of text must not work a terminal. */
void decode_tidy(char *text);

/* ---- encrypted parts ---- */

struct decode_keys {
    struct keylog *log;           /* may be NULL: only what needs no key */
    const struct decode_set *set; /* the other messages give RAND, identities */
    const char *const *identities; /* further ones to try */
    size_t num_identities;
};

/* What came of one IBAKE, ESK or KEMAC payload. */
struct decode_inside {
    struct wr plain;
    char how[512];      /* which key opened it, or why it stays closed */
    int opened;         /* plain holds the plaintext */
    enum status status; /* of the chain; err says where */
    struct mikey_chain chain;
    struct mikey_error err;
};

/* decode_open tries to open a payload of item. Returns 0 if the payload is not
 * of a kind that holds anything, or if there is nothing to say without keys. */
int decode_open(const struct decode_keys *keys, const struct decode_item *item,
                const struct mikey_payload *pl, struct decode_inside *out);
void decode_inside_cleanup(struct decode_inside *in);

/* ---- output: both return the number of unsound messages, counting those with
 * a part that opened to something malformed ---- */

size_t decode_print_text(const struct decode_keys *keys);
size_t decode_print_json(const struct decode_keys *keys);

#endif
