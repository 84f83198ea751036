/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The key log: every secret the harness (or a vendor) knows, as text
 * (docs/KEYLOG.md), and the private and public keys that follow from it. */
#ifndef CAPTURE_KEYLOG_H
#define CAPTURE_KEYLOG_H

#include "harness/base/buf.h"
#include "harness/crypto/bf.h"

enum keylog_label {
    KEYLOG_IBE_MASTER,   /* DER BFPublicParameters -> s, as long as q */
    KEYLOG_IBE_PARAMS,   /* domain -> DER BFPublicParameters */
    KEYLOG_IBE_PRIVATE,  /* identity || date -> DER BFPrivateKeyBlock */
    KEYLOG_ECDH_PRIVATE, /* 04||X||Y -> scalar, as long as the group order */
    KEYLOG_MPK,          /* CSB ID || RAND -> key */
    KEYLOG_TGK,          /* CSB ID || RAND -> key */
    KEYLOG_SK,           /* SHA-256 of Encr data of the ESK -> Key data of SK */
    KEYLOG_PSK,          /* identity -> pre-shared key with the KMS */
    KEYLOG_CANARY,       /* SHA-256 of the canary -> canary */
    KEYLOG_NUM_LABELS
};
/* keylog_label_name gives "IBE_MASTER"; keylog_label_from returns -1 for
 * others. */
const char *keylog_label_name(enum keylog_label label);
int keylog_label_from(struct view name);

struct keylog;

struct keylog_error {
    enum status status;
    unsigned line;   /* from 1; 0 = the file as a whole */
    unsigned column; /* from 1; 0 = the line as a whole */
    char text[320];  /* what is wrong and what to do, one sentence each */
};

/* keylog_parse reads a whole key log; keylog_load a file. A malformed line, or
 * two lines with the same label and lookup value but different secrets, refuses
 * the whole log: NULL with *err set (err may be NULL). Text without any line
 * gives an empty key log. STATUS_NOT_FOUND, STATUS_IO, STATUS_SYNTAX,
 * STATUS_BAD_VALUE (the secret does not belong to the lookup value),
 * STATUS_DUPLICATE, STATUS_NO_MEMORY. keylog_new gives an empty one. Free with
 * keylog_free, which wipes. */
struct keylog *keylog_parse(const char *text, size_t len,
                            struct keylog_error *err);
struct keylog *keylog_load(const char *path, struct keylog_error *err);
struct keylog *keylog_new(void);
void keylog_free(struct keylog *kl);

/* keylog_add puts one entry in, with the checks of keylog_parse. An equal entry
 * is no error. */
enum status keylog_add(struct keylog *kl, enum keylog_label label,
                       struct view lookup, struct view secret,
                       struct keylog_error *err);

/* keylog_find gives the secret of a lookup value, valid as long as kl (out may
 * be NULL). STATUS_NOT_FOUND if there is none. */
enum status keylog_find(const struct keylog *kl, enum keylog_label label,
                        struct view lookup, struct view *out);

/* keylog_num and keylog_at go through the entries of a label in the order of
 * the file (equal duplicates once). at must be below keylog_num. */
struct keylog_entry {
    struct view lookup;
    struct view secret;
    unsigned line; /* 0 if added by keylog_add */
};
size_t keylog_num(const struct keylog *kl, enum keylog_label label);
const struct keylog_entry *keylog_at(const struct keylog *kl,
                                     enum keylog_label label, size_t at);

/* keylog_append writes one line to the file (created with mode 0600) with one
 * write(2) in append mode, so that several processes may share it. STATUS_IO.
 */
enum status keylog_append(const char *path, enum keylog_label label,
                          struct view lookup, struct view secret);
/* keylog_line appends the same line, with its newline, to w. */
void keylog_line(struct wr *w, enum keylog_label label, struct view lookup,
                 struct view secret);

/* ---- keys that follow from the log ------------------------------------------
 * date is YYYYMMDD. Results belong to kl and are cached in it: not for several
 * threads at a time. Each is NULL if the log does not give it; keylog_why then
 * says in words what is missing (valid until the next such call). */

/* keylog_params: the IBE parameters of an identity: the IBE_PARAMS whose domain
 * is the longest that ends the identity's own (whole labels; a domain of no
 * octets, "-", fits all); failing that, those of the log if it holds only one
 * set. */
const struct bf_params *keylog_params(struct keylog *kl, struct view identity);

/* keylog_private: the private key of identity || date, from IBE_PRIVATE, or
 * extracted with IBE_MASTER. keylog_private_for takes the hashed string itself
 * (AMB-04 (b), (c)); identity only finds the parameters. */
const struct bf_key *keylog_private(struct keylog *kl, struct view identity,
                                    const char *date);
const struct bf_key *keylog_private_for(struct keylog *kl, struct view identity,
                                        struct view hashed);

/* keylog_public: the identity ready for encryption, from IBE_PARAMS or
 * IBE_MASTER. */
const struct bf_id *keylog_public(struct keylog *kl, struct view identity,
                                  const char *date);
const struct bf_id *keylog_public_for(struct keylog *kl, struct view identity,
                                      struct view hashed);

const char *keylog_why(const struct keylog *kl);

/* keylog_check does what parsing leaves out because it costs pairings: all IBE
 * parameters are valid, each IBE_MASTER belongs to its parameters, each
 * IBE_PRIVATE to its identity. The first fault is in *err with its line;
 * STATUS_BAD_VALUE. */
enum status keylog_check(struct keylog *kl, struct keylog_error *err);

#endif
