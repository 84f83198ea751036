/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The mailbox's messages on disk. A deposit is there whole or not at all,
 * whatever moment the process dies at. */
#ifndef HARNESS_AGENT_STORE_H
#define HARNESS_AGENT_STORE_H

#include "harness/base/buf.h"

struct store;
struct store_draft;

struct store_message {
    char *id;         /* "dd-000001" */
    char *sender;     /* authenticated identity */
    char *display;    /* From header field of the deposit's INVITE, or "" */
    char *call_id;    /* of the deposit */
    char *account;    /* identity of the owner */
    uint64_t time_us; /* when the deposit was finished */
    int seen;         /* delivered once */
    uint8_t *i2;      /* I_MESSAGE_2 as received */
    size_t i2_len;
    struct view note; /* written beside the message if not empty (a fault) */
    size_t num_packets;
    uint8_t **packets; /* as received, in order */
    size_t *packet_lens;
};

/* store_open opens (and makes) the folder; drafts that a crash left are
 * removed. */
enum status store_open(struct store **out, const char *dir);
void store_close(struct store *s);

/* A draft takes packets as they come and becomes a message with store_commit,
 * which returns only when everything is on disk (fsync of files and folders,
 * one rename); only then may the deposit be acknowledged. store_discard drops
 * it. Both free. */
enum status store_draft_new(struct store *s, struct store_draft **out);
enum status store_draft_packet(struct store_draft *d, const uint8_t *data,
                               size_t len);
size_t store_draft_packets(const struct store_draft *d);
/* *out_id (may be NULL) receives the new id, mem_free. */
enum status store_commit(struct store_draft *d,
                         const struct store_message *head, char **out_id);
void store_discard(struct store_draft *d);

/* store_list loads all messages of an account, oldest first; packets included.
 * Entries that cannot be read are skipped and counted in *out_bad. */
enum status store_list(struct store *s, const char *account,
                       struct store_message **out, size_t *out_num,
                       size_t *out_bad);
void store_list_free(struct store_message *list, size_t num);

/* store_mark_seen records that a message was delivered. */
enum status store_mark_seen(struct store *s, const char *id);

/* store_counts counts new and old messages of an account. */
enum status store_counts(struct store *s, const char *account, size_t *out_new,
                         size_t *out_old);

/* store_reset removes every message. */
enum status store_reset(struct store *s);

#endif
