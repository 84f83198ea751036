/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What agents need of SIP and SDP: offers and answers with MIKEY, header
 * fields. */
#ifndef HARNESS_AGENT_AGENT_SDP_H
#define HARNESS_AGENT_AGENT_SDP_H

#include "harness/agent/agent_int.h"

/* What a session description says, as far as an agent cares. */
struct agent_desc {
    int present;         /* there was SDP */
    struct net_addr rtp; /* of the first m-line; family 0 = none */
    int is_savp;         /* RTP/SAVP */
    unsigned
        num_key_mgmt;   /* a=key-mgmt lines of any protocol, applying to it */
    unsigned num_mikey; /* of these, MIKEY */
    int bad_base64;     /* one of them does not decode */
    uint8_t *mikey;     /* the first MIKEY message, mem_free */
    size_t mikey_len;
};

/* agent_desc_read fills out from a message body (also inside multipart/mixed).
 * STATUS_NO_MEMORY; what is malformed is left out. agent_desc_clear frees. */
enum status agent_desc_read(struct agent_desc *out, const struct sip_msg *msg);
void agent_desc_clear(struct agent_desc *d);

/* agent_desc_write gives the body of an offer or answer (mem_free), or NULL.
 * mikey of length 0 leaves a=key-mgmt out. */
struct agent_sdp {
    const char *user; /* o= */
    uint64_t session_id;
    unsigned version;
    struct net_addr rtp;
    struct view mikey;
    int avp;               /* RTP/AVP instead of RTP/SAVP (a fault) */
    int media_level;       /* a=key-mgmt after the m-line */
    const char *direction; /* "sendrecv" */
};
char *agent_desc_write(const struct agent_sdp *p);

/* agent_header returns the nth value of a header field as text (mem_free), or
 * NULL. */
char *agent_header(const struct sip_msg *msg, enum sip_hdr id, size_t nth);

/* agent_identity turns a name-addr or URI into "sip:user@domain" (mem_free), or
 * NULL (PX_ID_NORM: no port, no parameters, lower-case domain). */
char *agent_identity(const char *name_addr);

/* agent_uri_param gives a parameter of the URI in text, unescaped (mem_free),
 * or NULL: "target" of sip:vm@host;target=sip:bob%40host. */
char *agent_uri_param(const char *uri, const char *name);

#define AGENT_ALLOW                                                            \
    "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, SUBSCRIBE, NOTIFY"
/* agent_answer_options answers OPTIONS with Contact, Allow and Accept. */
void agent_answer_options(struct agent *a, struct siptx_server *tx);
/* agent_http_date writes a Date header value (RFC 3261, 20.17). */
void agent_http_date(char out[40], uint64_t time_us);

/* agent_method_is: the message's method is name. */
int agent_method_is(const struct sip_msg *msg, const char *name);

/* agent_add_lines adds header lines separated by newlines; lines may be NULL.
 */
void agent_add_lines(struct sip_out *out, const char *lines);

#endif
