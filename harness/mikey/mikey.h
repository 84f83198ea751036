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
enum mikey_ts_type { MIKEY_TS_NTP_UTC = 0, MIKEY_TS_NTP = 1, MIKEY_TS_COUNTER = 2,
                     MIKEY_TS_NTP_UTC_32 = 3 };
enum mikey_map_type { MIKEY_MAP_SRTP_ID = 0, MIKEY_MAP_EMPTY = 1,
                      MIKEY_MAP_GENERIC_ID = 2 };
enum mikey_kv { MIKEY_KV_NULL = 0, MIKEY_KV_SPI = 1, MIKEY_KV_INTERVAL = 2 };
enum mikey_key_type { MIKEY_KEY_TGK = 0, MIKEY_KEY_TGK_SALT = 1,
                      MIKEY_KEY_TEK = 2, MIKEY_KEY_TEK_SALT = 3,
                      MIKEY_KEY_K_PR = 7 };

/* Where a field sits: octets [off, off + len) of the buffer decoded. */
struct mikey_range {
    uint32_t off;
    uint32_t len;
};

struct mikey_hdr { /* RFC 3830, 6.1 */
    uint8_t version;
    uint8_t data_type;
    uint8_t next_payload;
    uint8_t v;   /* V flag, 0 or 1 */
    uint8_t prf; /* 7 bits */
    uint32_t csb_id;
    uint8_t num_cs;
    uint8_t map_type;
    struct view map_info; /* the octets after the fixed 10 */
};

struct mikey_kv_data { /* RFC 3830, 6.14 */
    uint8_t kv;          /* enum mikey_kv */
    struct view spi;     /* SPI */
    struct view from;    /* Interval: VF, VT */
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
        struct { uint8_t ts_type; struct view value; } t;           /* 5 */
        struct { struct view rand; } rnd;                           /* 11 */
        struct { uint8_t type; struct view data; } id;              /* 6, 7 */
        struct { uint8_t role, type; struct view data; } idr;       /* 14 */
        struct { struct view data; } enc;                           /* 22, 23: Encr data */
        struct { uint8_t encr_alg, mac_alg; struct view data, mac; } kemac; /* 1 */
        struct { uint8_t cache; struct view data; } pke;            /* 2 */
        struct { uint8_t group; struct view value; struct mikey_kv_data kv; } dh; /* 3 */
        struct { uint8_t s_type; struct view sig; } sign;           /* 4 */
        struct { uint8_t hash; struct view value; } chash;          /* 8 */
        struct { uint8_t auth_alg; struct view mac; } v;            /* 9 */
        struct { uint8_t policy, prot; struct view params; } sp;    /* 10 */
        struct { uint8_t error; uint16_t reserved; } err;           /* 12 */
        struct { uint8_t role, ts_type; struct view value; } tr;    /* 13 */
        struct { uint8_t role; struct view rand; } randr;           /* 15 */
        struct { struct view body; } opaque; /* 16, 17, 26: length known, kept whole
                                              * (octets after Next payload) */
        struct { uint8_t type; struct view data; } ext;             /* 21 */
        struct { /* 25, RFC 6267, 6.1.4 */
            uint8_t curve;
            struct view point;   /* without padding */
            struct view padding;
            uint8_t auth_alg;
            uint16_t tgk_len;
            uint8_t reserved;
            struct mikey_kv_data kv;
            uint8_t padded_from_point; /* lenient form (b) of AMB-09 */
        } eccpt;
        struct { uint8_t type; struct view key; struct mikey_kv_data kv; } sk; /* 24 */
        struct { /* 20 */
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

/* A chain of sub-payloads as found inside IBAKE, ESK (after decryption) or KEMAC.
 * raw is the plaintext. */
struct mikey_chain {
    struct view raw;
    size_t num_payloads;
    struct mikey_payload payloads[MIKEY_MAX_PAYLOADS];
};

/* mikey_decode reads a whole message strictly: unknown payload types, a chain that
 * ends early or late, trailing octets, more than MIKEY_MAX_PAYLOADS payloads and
 * lengths past the end are refused. Returns STATUS_OK, or the status that is also
 * in *err (err may be NULL); *out then holds the payloads before the fault. */
enum status mikey_decode(struct mikey_msg *out, const uint8_t *data, size_t len,
                         struct mikey_error *err);

/* mikey_chain_decode reads sub-payloads, the first of which has type first (14 for
 * IBAKE and ESK, 20 or 14 for KEMAC). ECCPT, SK and Key data are only accepted here.
 * Lenient recognitions (AMB-07 ID, AMB-09 (b)) are recorded in the payloads. */
enum status mikey_chain_decode(struct mikey_chain *out, uint8_t first,
                               const uint8_t *data, size_t len,
                               struct mikey_error *err);

/* mikey_encode and mikey_chain_encode append the octets. Lengths and Next payload
 * fields are computed (see next_forced); all else is written as it stands, valid or
 * not. Errors are w->err (STATUS_BAD_LENGTH if something exceeds its length field). */
void mikey_encode(const struct mikey_msg *msg, struct wr *w);
void mikey_chain_encode(const struct mikey_payload *payloads, size_t num,
                        struct wr *w);
/* mikey_payload_encode appends one payload with the given Next payload octet. pos is
 * unused except for ECCPT, whose padding counts from its own start (AMB-09 (a)). */
void mikey_payload_encode(const struct mikey_payload *pl, uint8_t next,
                          struct wr *w);

/* mikey_find returns the first payload of that type, or NULL; mikey_find_idr that of
 * type IDR with that role. The chain forms do the same inside. */
const struct mikey_payload *mikey_find(const struct mikey_msg *msg, uint8_t type);
const struct mikey_payload *mikey_find_idr(const struct mikey_msg *msg,
                                           uint8_t role);
const struct mikey_payload *mikey_chain_find_idr(const struct mikey_chain *c,
                                                 uint8_t role);
/* mikey_chain_eccpt gives ECCPTi (role 1) or ECCPTr (role 2): the ECCPT that follows
 * the IDR of that role directly (RFC 6267 formulas); NULL if there is none. */
const struct mikey_payload *mikey_chain_eccpt(const struct mikey_chain *c,
                                              uint8_t role);

/* mikey_timestamp gives T as a 64-bit NTP value and its type; STATUS_NOT_FOUND. For
 * NTP-UTC-32 the value is widened, a COUNTER is returned as it is. */
enum status mikey_timestamp(const struct mikey_msg *msg, uint8_t *out_type,
                            uint64_t *out_value);

/* mikey_mac_input splits a message whose last payload is V or SIGN for its MAC: two
 * views that together are all octets but Ver data, with any ESK payload left out
 * (RFC 6267, 5.4). *out_num is 1 or 2 views. */
enum status mikey_mac_input(const struct mikey_msg *msg, struct view out[2],
                            size_t *out_num);

/* Names: "I_MESSAGE_1", "IBAKE", "Invalid DT"; NULL for unknown values. */
const char *mikey_data_type_name(uint8_t v);
const char *mikey_payload_name(uint8_t v);
const char *mikey_error_no_name(uint8_t v);
const char *mikey_curve_name(uint8_t v);

/* mikey_text appends the message as lines "offset..end  name  value", one field a
 * line, payloads indented; mikey_chain_text the same for a chain with indent. */
void mikey_text(const struct mikey_msg *msg, struct wr *w);
void mikey_chain_text(const struct mikey_chain *c, unsigned indent, struct wr *w);
void mikey_error_text(const struct mikey_error *err, struct wr *w);

#endif
