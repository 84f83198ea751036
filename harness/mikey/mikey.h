/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY messages: octets <-> structs <-> text (RFC 3830, 4563, 6043, 6267). No
 * cryptography. Decoded messages are views into the buffer given, which must
 * outlive them. */
#ifndef HARNESS_MIKEY_MIKEY_H
#define HARNESS_MIKEY_MIKEY_H

#include "harness/base/buf.h"

enum mikey_data_type {
    MIKEY_DT_PSK_INIT = 0,
    MIKEY_DT_PSK_RESP = 1,
    MIKEY_DT_PKE_INIT = 2,
    MIKEY_DT_PKE_RESP = 3,
    MIKEY_DT_DH_INIT = 4,
    MIKEY_DT_DH_RESP = 5,
    MIKEY_DT_ERROR = 6,
    MIKEY_DT_REQUEST_KEY_PSK = 19,
    MIKEY_DT_REQUEST_KEY_PKE = 20,
    MIKEY_DT_REQUEST_KEY_RESP = 21,
    MIKEY_DT_I_MESSAGE_1 = 22,
    MIKEY_DT_R_MESSAGE_1 = 23,
    MIKEY_DT_I_MESSAGE_2 = 24,
    MIKEY_DT_R_MESSAGE_2 = 25
};

enum mikey_pl {
    MIKEY_PL_LAST = 0,
    MIKEY_PL_KEMAC = 1,
    MIKEY_PL_PKE = 2,
    MIKEY_PL_DH = 3,
    MIKEY_PL_SIGN = 4,
    MIKEY_PL_T = 5,
    MIKEY_PL_ID = 6,
    MIKEY_PL_CERT = 7,
    MIKEY_PL_CHASH = 8,
    MIKEY_PL_V = 9,
    MIKEY_PL_SP = 10,
    MIKEY_PL_RAND = 11,
    MIKEY_PL_ERR = 12,
    MIKEY_PL_TR = 13,
    MIKEY_PL_IDR = 14,
    MIKEY_PL_RANDR = 15,
    MIKEY_PL_TP = 16,
    MIKEY_PL_TICKET = 17,
    MIKEY_PL_KEY_DATA = 20,
    MIKEY_PL_GENERAL_EXT = 21,
    MIKEY_PL_IBAKE = 22,
    MIKEY_PL_ESK = 23,
    MIKEY_PL_SK = 24,
    MIKEY_PL_ECCPT = 25,
    MIKEY_PL_SAKKE = 26
};

enum mikey_id_role {
    MIKEY_ROLE_INITIATOR = 1,
    MIKEY_ROLE_RESPONDER = 2,
    MIKEY_ROLE_KMS = 3,
    MIKEY_ROLE_PSK = 4,
    MIKEY_ROLE_APPLICATION = 5
};
enum mikey_id_type { MIKEY_ID_NAI = 0, MIKEY_ID_URI = 1, MIKEY_ID_BYTES = 2 };
enum mikey_ts_type {
    MIKEY_TS_NTP_UTC = 0,
    MIKEY_TS_NTP = 1,
    MIKEY_TS_COUNTER = 2,
    MIKEY_TS_NTP_UTC_32 = 3
};
enum mikey_map_type {
    MIKEY_MAP_SRTP_ID = 0,
    MIKEY_MAP_EMPTY = 1,
    MIKEY_MAP_GENERIC_ID = 2
};
enum mikey_kv { MIKEY_KV_NULL = 0, MIKEY_KV_SPI = 1, MIKEY_KV_INTERVAL = 2 };
enum mikey_key_type {
    MIKEY_KEY_TGK = 0,
    MIKEY_KEY_TGK_SALT = 1,
    MIKEY_KEY_TEK = 2,
    MIKEY_KEY_TEK_SALT = 3,
    MIKEY_KEY_K_PR = 7
};

/* Where a field sits: octets [off, off + len) of the buffer decoded. */
struct mikey_range {
    uint32_t off;
    uint32_t len;
};

struct mikey_hdr { /* RFC 3830, 6.1 */
    uint8_t version;
    uint8_t data_type;
    uint8_t next_payload; /* as read; written only if next_forced is set */
    uint8_t v;            /* V flag, 0 or 1 */
    uint8_t prf;          /* 7 bits */
    uint32_t csb_id;
    uint8_t num_cs;
    uint8_t map_type;
    struct view map_info; /* the octets after the fixed 10 */
    uint8_t next_forced;
};

struct mikey_kv_data { /* RFC 3830, 6.14 */
    uint8_t kv;        /* enum mikey_kv */
    struct view spi;   /* SPI */
    struct view from;  /* Interval: VF, VT */
    struct view to;
};

/* One payload. next is its own Next payload octet as read or to be written (the
 * encoder writes it verbatim when next_forced is set, else links the chain). */
struct mikey_payload {
    uint8_t type; /* enum mikey_pl; what the payload before announced */
    uint8_t next;
    uint8_t next_forced;
    struct mikey_range range; /* the whole payload in the buffer decoded */
    union {
        struct { /* 5: T */
            uint8_t ts_type;
            struct view value;
        } t;
        struct { /* 11: RAND */
            struct view rand;
        } rnd;
        struct { /* 6, 7: ID, CERT */
            uint8_t type;
            struct view data;
        } id;
        struct { /* 14: IDR */
            uint8_t role, type;
            struct view data;
        } idr;
        struct { /* 22, 23: IBAKE, ESK: Encr data */
            struct view data;
        } enc;
        struct { /* 1: KEMAC */
            uint8_t encr_alg, mac_alg;
            struct view data, mac;
        } kemac;
        struct { /* 2: PKE */
            uint8_t cache;
            struct view data;
        } pke;
        struct { /* 3: DH */
            uint8_t group;
            struct view value;
            struct mikey_kv_data kv;
            uint8_t reserved;
        } dh;
        struct { /* 4: SIGN */
            uint8_t s_type;
            struct view sig;
        } sign;
        struct { /* 8: CHASH */
            uint8_t hash;
            struct view value;
        } chash;
        struct { /* 9: V */
            uint8_t auth_alg;
            struct view mac;
        } v;
        struct { /* 10: SP */
            uint8_t policy, prot;
            struct view params;
        } sp;
        struct { /* 12: ERR */
            uint8_t error;
            uint16_t reserved;
        } err;
        struct { /* 13: TR */
            uint8_t role, ts_type;
            struct view value;
        } tr;
        struct { /* 15: RANDR */
            uint8_t role;
            struct view rand;
        } randr;
        struct { /* 16, 17, 26: TP, TICKET, SAKKE: the octets after Next
                  * payload, checked but kept whole; also how the encoder
                  * writes types it does not know */
            struct view body;
        } opaque;
        struct { /* 21: General Ext. */
            uint8_t type;
            struct view data;
        } ext;
        struct { /* 25: ECCPT (RFC 6267, 6.1.4) */
            uint8_t curve;
            struct view point;   /* without padding */
            struct view padding; /* data NULL: the encoder pads with zeros */
            uint8_t auth_alg;
            uint16_t tgk_len;
            uint8_t reserved;
            struct mikey_kv_data kv;
            uint8_t padded_from_point; /* lenient form (b) of AMB-09 */
        } eccpt;
        struct { /* 24: SK */
            uint8_t type;
            struct view key;
            struct mikey_kv_data kv;
        } sk;
        struct { /* 20: Key data */
            uint8_t type;
            struct view key, salt;
            struct mikey_kv_data kv;
        } key_data;
    } u;
};

#define MIKEY_MAX_PAYLOADS 32

/* Why a decode failed. field and clause are static strings. */
struct mikey_error {
    enum status status;
    uint8_t payload;    /* type of the payload at fault, 0xff = HDR */
    const char *field;  /* as "Encr data len" */
    uint32_t offset;    /* octet of the buffer where it went wrong */
    const char *clause; /* as "RFC 6267, 6.1.1" */
};

struct mikey_msg {
    struct view raw; /* the buffer decoded */
    struct mikey_hdr hdr;
    size_t num_payloads;
    struct mikey_payload payloads[MIKEY_MAX_PAYLOADS];
};

/* A chain of sub-payloads as found inside IBAKE, ESK (after decryption) or
 * KEMAC. raw is the plaintext. */
struct mikey_chain {
    struct view raw;
    size_t num_payloads;
    struct mikey_payload payloads[MIKEY_MAX_PAYLOADS];
};

/* mikey_decode reads a whole message strictly: unknown payload types, a chain
 * that ends early or late, trailing octets, more than MIKEY_MAX_PAYLOADS
 * payloads and lengths past the end are refused. Returns STATUS_OK, or the
 * status that is also in *err (err may be NULL); *out then holds the payloads
 * before the fault, and what was read of HDR (zeros for the rest). A length
 * field that says more than is left gives STATUS_BAD_LENGTH and is named; what
 * has a fixed or implied length gives STATUS_TRUNCATED; a code point that
 * leaves a length unknowable (KV, curve, algorithm, map type)
 * STATUS_UNSUPPORTED, as does a version other than 1. Unknown data types
 * decode. Nothing is allocated. */
enum status mikey_decode(struct mikey_msg *out, const uint8_t *data, size_t len,
                         struct mikey_error *err);

/* mikey_chain_decode reads sub-payloads, the first of which has type first (14
 * for IBAKE and ESK, 20 or 14 for KEMAC). ECCPT, SK and Key data are only
 * accepted here. Lenient recognitions are recorded in the payloads: type ID in
 * the first one although first is 14 (AMB-07, only before SK or Key data),
 * padded_from_point (AMB-09 (b), only with KV Null and zero padding). If no
 * reading fits, *err and *out are those of the strict one. */
enum status mikey_chain_decode(struct mikey_chain *out, uint8_t first,
                               const uint8_t *data, size_t len,
                               struct mikey_error *err);

/* mikey_encode and mikey_chain_encode append the octets. Lengths and Next
 * payload fields are computed (see next_forced); all else is written as it
 * stands, valid or not. Errors are w->err (STATUS_BAD_LENGTH if something
 * exceeds its length field). */
void mikey_encode(const struct mikey_msg *msg, struct wr *w);
void mikey_chain_encode(const struct mikey_payload *payloads, size_t num,
                        struct wr *w);
/* mikey_payload_encode appends one payload with the given Next payload octet.
 * The padding of an ECCPT is written as it stands if its data is not NULL, else
 * made of zeros up to the boundary counted from the sub-payload (AMB-09 (a)).
 */
void mikey_payload_encode(const struct mikey_payload *pl, uint8_t next,
                          struct wr *w);

/* mikey_find returns the first payload of that type, or NULL; mikey_find_idr
 * that of type IDR with that role. The chain forms do the same inside. */
const struct mikey_payload *mikey_find(const struct mikey_msg *msg,
                                       uint8_t type);
const struct mikey_payload *mikey_find_idr(const struct mikey_msg *msg,
                                           uint8_t role);
const struct mikey_payload *mikey_chain_find_idr(const struct mikey_chain *c,
                                                 uint8_t role);
/* mikey_chain_eccpt gives ECCPTi (role 1) or ECCPTr (role 2): the ECCPT that
 * follows the IDR of that role directly (RFC 6267 formulas); NULL if there is
 * none. */
const struct mikey_payload *mikey_chain_eccpt(const struct mikey_chain *c,
                                              uint8_t role);

/* mikey_timestamp gives T as a 64-bit NTP value and its type; STATUS_NOT_FOUND.
 * For NTP-UTC-32 the value is widened, a COUNTER is returned as it is. */
enum status mikey_timestamp(const struct mikey_msg *msg, uint8_t *out_type,
                            uint64_t *out_value);

/* mikey_mac_input splits a message whose last payload is V or SIGN for its MAC:
 * two views that together are all octets but Ver data, with any ESK payload
 * left out (RFC 6267, 5.4). *out_num is 1 or 2 views. */
enum status mikey_mac_input(const struct mikey_msg *msg, struct view out[2],
                            size_t *out_num);

/* mikey_i_r_rules holds a decoded message to the structural rules of AMB-45
 * that the codec does not: no second T, RAND, IBAKE, ESK, V or IDR of the same
 * role (STATUS_DUPLICATE), V only as the last payload (STATUS_ORDER), no SP
 * beside the Empty map (RFC 4563, 5; STATUS_UNEXPECTED). err (may be NULL)
 * names the payload that came second, late or unasked. */
enum status mikey_i_r_rules(const struct mikey_msg *msg,
                            struct mikey_error *err);

/* ---- CS ID map (RFC 3830, 6.1.1; RFC 6043, 6.1.1) and policy parameters ----
 */

struct mikey_srtp_id {
    uint8_t policy;
    uint32_t ssrc;
    uint32_t roc;
};
/* mikey_srtp_id gives entry at (from 0; its CS ID is at + 1) of an SRTP-ID map.
 * STATUS_NOT_FOUND past #CS, or if the map is of another type. */
enum status mikey_srtp_id(const struct mikey_hdr *hdr, unsigned at,
                          struct mikey_srtp_id *out);
/* mikey_srtp_id_put writes one entry (9 octets). */
void mikey_srtp_id_put(const struct mikey_srtp_id *id, struct wr *w);

struct mikey_generic_id {
    uint8_t cs_id;
    uint8_t prot;
    uint8_t s;            /* flag, 0 or 1 */
    struct view policies; /* one octet each */
    struct view session_data;
    struct view spi;
};
enum status mikey_generic_id(const struct mikey_hdr *hdr, unsigned at,
                             struct mikey_generic_id *out);

/* mikey_sp_param gives the value of the first policy parameter of that type in
 * an SP payload's params. STATUS_NOT_FOUND. */
enum status mikey_sp_param(struct view params, uint8_t type, struct view *out);

/* ---- points of ECCPT (RFC 6267, 6.1.4) ---- */

/* mikey_curve_octets gives L, the octets of a coordinate of an ECC Curve, or 0
 * for an unknown curve. mikey_eccpt_pad gives the octets of padding after a
 * point of point_len octets, counted from the start of the sub-payload (AMB-09
 * (a)), or from the start of the point ((b), if from_point). */
size_t mikey_curve_octets(uint8_t curve);
size_t mikey_eccpt_pad(size_t point_len, int from_point);

/* ---- names ---- */

enum mikey_registry {
    MIKEY_REG_NONE,
    MIKEY_REG_DATA_TYPE,
    MIKEY_REG_NEXT_PAYLOAD,
    MIKEY_REG_PRF,
    MIKEY_REG_MAP_TYPE,
    MIKEY_REG_ENCR_ALG,
    MIKEY_REG_MAC_ALG,
    MIKEY_REG_CACHE,
    MIKEY_REG_DH_GROUP,
    MIKEY_REG_S_TYPE,
    MIKEY_REG_TS_TYPE,
    MIKEY_REG_TS_ROLE,
    MIKEY_REG_ID_TYPE,
    MIKEY_REG_ID_ROLE,
    MIKEY_REG_CERT_TYPE,
    MIKEY_REG_HASH,
    MIKEY_REG_PROT_TYPE,
    MIKEY_REG_SRTP_PARAM,
    MIKEY_REG_RAND_ROLE,
    MIKEY_REG_ERROR_NO,
    MIKEY_REG_KEY_TYPE,
    MIKEY_REG_KV,
    MIKEY_REG_EXT_TYPE,
    MIKEY_REG_KEY_ID_TYPE,
    MIKEY_REG_TICKET_TYPE,
    MIKEY_REG_CURVE,
    MIKEY_REG_SK_TYPE,
    MIKEY_NUM_REGISTRIES
};
/* mikey_name gives the name a registry has for a value, or NULL. The four below
 * are short forms: "I_MESSAGE_1", "IBAKE", "Invalid DT", "P-256". */
const char *mikey_name(enum mikey_registry reg, unsigned value);
const char *mikey_data_type_name(uint8_t v);
const char *mikey_payload_name(uint8_t v);
const char *mikey_error_no_name(uint8_t v);
const char *mikey_curve_name(uint8_t v);

/* ---- fields ---- */

enum mikey_form {
    MIKEY_FORM_UINT,   /* value; name, if the registry knows it */
    MIKEY_FORM_HEX,    /* value, an identifier */
    MIKEY_FORM_OCTETS, /* octets */
    MIKEY_FORM_TEXT,   /* octets, meant as text */
    MIKEY_FORM_TIME    /* octets; value is the 64-bit NTP time */
};

struct mikey_field {
    const struct mikey_payload *payload; /* NULL: HDR */
    const char *name; /* static, as "Encr data len"; the word of the RFC */
    struct mikey_range range; /* the octets it sits in, in the buffer decoded */
    uint8_t bit;  /* part of an octet: first bit, 0 = most significant */
    uint8_t bits; /* and how many; 0: whole octets */
    uint8_t
        nth; /* element of a repetition (CS ID map, policy), from 1; else 0 */
    enum mikey_form form;
    uint64_t value;
    struct view octets;
    const char *meaning; /* name of the value, or NULL */
};
/* Returns nonzero to stop. */
typedef int (*mikey_field_fn)(void *ctx, const struct mikey_field *f);

/* mikey_fields calls fn for every field of a decoded message in the order of
 * the octets, HDR first; every octet of HDR and of the payloads belongs to a
 * field. mikey_chain_fields does so for a decoded chain, mikey_payload_fields
 * for one payload. They return what stopped them, or 0. mikey_hdr_fields: HDR
 * alone, from offset 0. */
int mikey_fields(const struct mikey_msg *msg, mikey_field_fn fn, void *ctx);
int mikey_chain_fields(const struct mikey_chain *c, mikey_field_fn fn,
                       void *ctx);
int mikey_hdr_fields(const struct mikey_hdr *hdr, mikey_field_fn fn, void *ctx);
int mikey_payload_fields(const struct mikey_payload *pl, mikey_field_fn fn,
                         void *ctx);
/* mikey_field_find gives the first field of that name of a decoded payload, or
 * of hdr if pl is NULL (hdr may be NULL otherwise). STATUS_NOT_FOUND. */
enum status mikey_field_find(const struct mikey_hdr *hdr,
                             const struct mikey_payload *pl, const char *name,
                             struct mikey_field *out);
/* mikey_field_value appends the value as text: "22 I_MESSAGE_1", "0x1dc0ee5e",
 * "2026-03-02T09:15:04.250000Z", "sip:alice@home-a.example", hex digits. */
void mikey_field_value(const struct mikey_field *f, struct wr *w);

/* ---- text ---- */

/* mikey_text appends the message as lines "first..last  name  value", one field
 * a line, octets counted from 0 and both named inclusive, payloads with a line
 * of their own and their fields indented; mikey_chain_text the same for a chain
 * with indent. Of a message that did not decode they give what came before the
 * fault. mikey_error_text appends one line without newline: "IBAKE, Encr data
 * len, octet 96: bad length (RFC 6267, 6.1.1)". */
void mikey_text(const struct mikey_msg *msg, struct wr *w);
/* Parts of it: HDR, one payload. Those of hdr count from offset 0. */
void mikey_hdr_text(const struct mikey_hdr *hdr, struct wr *w);
void mikey_payload_text(const struct mikey_payload *pl, unsigned indent,
                        struct wr *w);
void mikey_chain_text(const struct mikey_chain *c, unsigned indent,
                      struct wr *w);
void mikey_error_text(const struct mikey_error *err, struct wr *w);

/* mikey_sample appends a fixed, valid I_MESSAGE_2 (HDR with two SRTP-ID
 * entries, T, RAND, IDRi, IDRr, IBAKE of 284 octets, ESK of 146) whose Encr
 * data are not the result of any encryption: for benchmarks. */
void mikey_sample(struct wr *w);

#endif
