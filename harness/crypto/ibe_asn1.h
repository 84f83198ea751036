/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* DER structures around Boneh-Franklin IBE: identities, system parameters and
 * key replies (RFC 5408), recipients in CMS (RFC 5409). */
#ifndef HARNESS_CRYPTO_IBE_ASN1_H
#define HARNESS_CRYPTO_IBE_ASN1_H

#include "harness/base/buf.h"

/* Every decoder reads strict DER of exactly len octets and fills views into
 * them. STATUS_SYNTAX if the octets are not such a structure, STATUS_BAD_VALUE
 * for another version, STATUS_NO_SPACE for more repeated parts than there is
 * room for; *out is then undefined. Every encoder appends DER; out->err tells.
 * Object identifiers are views of their contents octets; see ibe_oid_text. */

#define IBE_MAX_PARTS 8

/* ibe_oid_text appends the dotted form, STATUS_SYNTAX if it is not minimal base
 * 128. ibe_oid_parse appends the contents octets of a dotted form. */
enum status ibe_oid_text(struct wr *out, struct view oid);
enum status ibe_oid_parse(struct wr *out, const char *dotted);

/* ibe_oid_decode reads a whole OBJECT IDENTIFIER, as in ibe:algorithm (RFC
 * 5408, 5.4). */
enum status ibe_oid_decode(struct view *out, const uint8_t *der, size_t len);
void ibe_oid_encode(struct wr *out, struct view oid);

struct ibe_pair { /* OID and OCTET STRING: algorithm, extension, option */
    struct view oid, value;
};
struct ibe_pairs {
    int present; /* the SEQUENCE is there, possibly empty */
    size_t num;
    struct ibe_pair at[IBE_MAX_PARTS];
};

/* IBEIdentityInfo (RFC 5408, 3): its DER is the identity string of BF. */
struct ibe_identity {
    struct view district; /* IA5String */
    uint64_t serial;
    struct view type; /* OID */
    struct view data;
};
enum status ibe_identity_decode(struct ibe_identity *out, const uint8_t *der,
                                size_t len);
void ibe_identity_encode(struct wr *out, const struct ibe_identity *v);

/* EmailIdentityData (RFC 5409, 2); time is YYYYMMDDHHMMSSZ. */
struct ibe_email {
    struct view name, time;
};
enum status ibe_email_decode(struct ibe_email *out, const uint8_t *der,
                             size_t len);
void ibe_email_encode(struct wr *out, const struct ibe_email *v);

/* IBESysParams (RFC 5408, 4.2). */
struct ibe_sys_params {
    struct view district;
    uint64_t serial;
    struct view not_before, not_after; /* YYYYMMDDHHMMSSZ */
    struct ibe_pairs algorithms;       /* at least one */
    struct view identity_type;
    struct ibe_pairs extensions; /* optional */
};
enum status ibe_sys_params_decode(struct ibe_sys_params *out,
                                  const uint8_t *der, size_t len);
void ibe_sys_params_encode(struct wr *out, const struct ibe_sys_params *v);

/* ibe_sys_params_bf finds the DER BFPublicParameters, empty if there are none.
 * STATUS_UNSUPPORTED if there is an extension other than pkgURI: the set must
 * not be used (RFC 5408, 4.2). *out_pkg_uri is the key server's URI, empty
 * without the extension; both forms of its value are read. */
enum status ibe_sys_params_bf(struct view *out, struct view *out_pkg_uri,
                              const struct ibe_sys_params *v);

/* IBEPrivateKeyReply (RFC 5408, 5.6.1); identity is the whole DER
 * IBEIdentityInfo. ibe_key_reply_usable: STATUS_UNSUPPORTED if there are
 * options, as none is known. */
struct ibe_key_reply {
    struct view identity;
    struct view algorithm; /* OID */
    struct view key;       /* DER BFPrivateKeyBlock */
    struct ibe_pairs options;
};
enum status ibe_key_reply_decode(struct ibe_key_reply *out, const uint8_t *der,
                                 size_t len);
void ibe_key_reply_encode(struct wr *out, const struct ibe_key_reply *v);
enum status ibe_key_reply_usable(const struct ibe_key_reply *v);

/* IBERecipientInfo (RFC 5409, 2), version 3. */
struct ibe_recipient {
    struct view key_fetch;     /* OID */
    struct view identity;      /* the whole DER IBEIdentityInfo */
    struct ibe_pairs server;   /* optional */
    struct view encrypted_key; /* DER BFCiphertextBlock */
};
enum status ibe_recipient_decode(struct ibe_recipient *out, const uint8_t *der,
                                 size_t len);
void ibe_recipient_encode(struct wr *out, const struct ibe_recipient *v);

/* OtherRecipientInfo of CMS: an OID and a whole DER element. */
struct ibe_other_recipient {
    struct view type, value;
};
enum status ibe_other_recipient_decode(struct ibe_other_recipient *out,
                                       const uint8_t *der, size_t len);
void ibe_other_recipient_encode(struct wr *out,
                                const struct ibe_other_recipient *v);

#endif
