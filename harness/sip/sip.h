/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* SIP messages: octets to fields with their places, and text to octets.
 *
 * Receiving. sip_parse takes any octets and rejects none: it finds the start
 * line, the header fields and the body, and notes each departure from the
 * grammar with its place. sip_check goes on into the values. All views point
 * into the octets given, which must outlive them; sip_off gives the offset of a
 * view. The typed readers below work on any view, so also on a fragment in a
 * body (message/sipfrag, message-summary, multipart headers).
 *
 * Sending is in sip_out.h (included here), session descriptions are in sdp.h.
 */
#ifndef HARNESS_SIP_SIP_H
#define HARNESS_SIP_SIP_H

#include "harness/base/buf.h"

#define SIP_MAX_HEADERS 96
#define SIP_MAX_DEVS 48

/* Header fields known by name. The list is in sip_names.c with the compact
 * forms and the RFC of each. */
enum sip_hdr {
    SIP_HDR_OTHER,
    SIP_HDR_ACCEPT,
    SIP_HDR_ACCEPT_CONTACT,
    SIP_HDR_ACCEPT_ENCODING,
    SIP_HDR_ACCEPT_LANGUAGE,
    SIP_HDR_ALERT_INFO,
    SIP_HDR_ALLOW,
    SIP_HDR_ALLOW_EVENTS,
    SIP_HDR_AUTHENTICATION_INFO,
    SIP_HDR_AUTHORIZATION,
    SIP_HDR_CALL_ID,
    SIP_HDR_CALL_INFO,
    SIP_HDR_CONTACT,
    SIP_HDR_CONTENT_DISPOSITION,
    SIP_HDR_CONTENT_ENCODING,
    SIP_HDR_CONTENT_ID,
    SIP_HDR_CONTENT_LANGUAGE,
    SIP_HDR_CONTENT_LENGTH,
    SIP_HDR_CONTENT_TRANSFER_ENCODING,
    SIP_HDR_CONTENT_TYPE,
    SIP_HDR_CSEQ,
    SIP_HDR_DATE,
    SIP_HDR_DIVERSION,
    SIP_HDR_ERROR_INFO,
    SIP_HDR_EVENT,
    SIP_HDR_EXPIRES,
    SIP_HDR_FROM,
    SIP_HDR_GEOLOCATION,
    SIP_HDR_HISTORY_INFO,
    SIP_HDR_IDENTITY,
    SIP_HDR_IN_REPLY_TO,
    SIP_HDR_JOIN,
    SIP_HDR_MAX_FORWARDS,
    SIP_HDR_MESSAGE_CONTEXT,
    SIP_HDR_MESSAGE_ID,
    SIP_HDR_MIME_VERSION,
    SIP_HDR_MIN_EXPIRES,
    SIP_HDR_MIN_SE,
    SIP_HDR_ORGANIZATION,
    SIP_HDR_P_ACCESS_NETWORK_INFO,
    SIP_HDR_P_ASSERTED_IDENTITY,
    SIP_HDR_P_ASSERTED_SERVICE,
    SIP_HDR_P_ASSOCIATED_URI,
    SIP_HDR_P_CALLED_PARTY_ID,
    SIP_HDR_P_CHARGING_FUNCTION_ADDRESSES,
    SIP_HDR_P_CHARGING_VECTOR,
    SIP_HDR_P_EARLY_MEDIA,
    SIP_HDR_P_PREFERRED_IDENTITY,
    SIP_HDR_P_PREFERRED_SERVICE,
    SIP_HDR_P_SERVED_USER,
    SIP_HDR_P_VISITED_NETWORK_ID,
    SIP_HDR_PATH,
    SIP_HDR_PRIORITY,
    SIP_HDR_PRIVACY,
    SIP_HDR_PROXY_AUTHENTICATE,
    SIP_HDR_PROXY_AUTHORIZATION,
    SIP_HDR_PROXY_REQUIRE,
    SIP_HDR_RACK,
    SIP_HDR_REASON,
    SIP_HDR_RECORD_ROUTE,
    SIP_HDR_REFER_SUB,
    SIP_HDR_REFER_TO,
    SIP_HDR_REFERRED_BY,
    SIP_HDR_REJECT_CONTACT,
    SIP_HDR_REPLACES,
    SIP_HDR_REPLY_TO,
    SIP_HDR_REQUEST_DISPOSITION,
    SIP_HDR_REQUIRE,
    SIP_HDR_RETRY_AFTER,
    SIP_HDR_ROUTE,
    SIP_HDR_RSEQ,
    SIP_HDR_SECURITY_CLIENT,
    SIP_HDR_SECURITY_SERVER,
    SIP_HDR_SECURITY_VERIFY,
    SIP_HDR_SERVER,
    SIP_HDR_SERVICE_ROUTE,
    SIP_HDR_SESSION_EXPIRES,
    SIP_HDR_SIP_ETAG,
    SIP_HDR_SIP_IF_MATCH,
    SIP_HDR_SUBJECT,
    SIP_HDR_SUBSCRIPTION_STATE,
    SIP_HDR_SUPPORTED,
    SIP_HDR_TIMESTAMP,
    SIP_HDR_TO,
    SIP_HDR_UNSUPPORTED,
    SIP_HDR_USER_AGENT,
    SIP_HDR_VIA,
    SIP_HDR_WARNING,
    SIP_HDR_WWW_AUTHENTICATE,
    SIP_HDR_COUNT
};

/* Departures from the grammar, with a clause each (sip_dev_text). */
enum sip_dev {
    /* by sip_parse: lines and framing */
    SIP_DEV_EMPTY,            /* nothing but line ends */
    SIP_DEV_LEADING_BLANK,    /* line ends before the start line */
    SIP_DEV_START_LINE,       /* neither Request-Line nor Status-Line */
    SIP_DEV_START_SPACING,    /* other than single spaces in it */
    SIP_DEV_METHOD,           /* method is no token */
    SIP_DEV_VERSION,          /* other than SIP/2.0 */
    SIP_DEV_STATUS_CODE,      /* not three digits from 100 to 699 */
    SIP_DEV_BARE_LF,          /* a line ends without CR */
    SIP_DEV_BARE_CR,          /* CR inside a line */
    SIP_DEV_CONTROL,          /* control octet in the head */
    SIP_DEV_NO_COLON,         /* header line without colon */
    SIP_DEV_HEADER_NAME,      /* header name is no token */
    SIP_DEV_FOLD_FIRST,       /* continuation line with nothing before it */
    SIP_DEV_NO_END,           /* octets end before the empty line */
    SIP_DEV_TOO_MANY_HEADERS, /* more than SIP_MAX_HEADERS: rest not listed */
    SIP_DEV_CONTENT_LENGTH,   /* not a number */
    SIP_DEV_CONTENT_LENGTHS,  /* several that differ */
    SIP_DEV_BODY_SHORT,       /* fewer octets than Content-Length */
    SIP_DEV_BODY_LONG,        /* octets after Content-Length */
    /* by sip_check: values */
    SIP_DEV_MISSING_HEADER,  /* mandatory field absent: hdr says which */
    SIP_DEV_REPEATED_HEADER, /* field that may stand once stands again */
    SIP_DEV_EMPTY_VALUE,     /* value that must not be empty */
    SIP_DEV_EMPTY_ELEMENT,   /* nothing between two commas */
    SIP_DEV_UTF8,            /* not UTF-8 */
    SIP_DEV_QUOTE,           /* quoted string without end */
    SIP_DEV_ANGLE,           /* < without > or text after > */
    SIP_DEV_BARE_URI,        /* , ; ? in an addr-spec without < > */
    SIP_DEV_DISPLAY_NAME,    /* neither tokens nor a quoted string */
    SIP_DEV_URI,             /* no scheme, host, or a forbidden character */
    SIP_DEV_ESCAPE,          /* % without two hex digits */
    SIP_DEV_PARAM,           /* parameter without name, or a bad value */
    SIP_DEV_REPEATED_PARAM,  /* parameter that stands twice */
    SIP_DEV_NUMBER,          /* not a decimal number */
    SIP_DEV_RANGE,           /* a number outside its range */
    SIP_DEV_TOKEN,           /* not a token */
    SIP_DEV_VIA,             /* Via value */
    SIP_DEV_BRANCH,          /* branch absent or without z9hG4bK */
    SIP_DEV_CSEQ_METHOD,     /* CSeq's method is not the request's */
    SIP_DEV_TAG,             /* no tag where one must be */
    SIP_DEV_DATE,            /* not an RFC 1123 date */
    SIP_DEV_MEDIA_TYPE,      /* not type/subtype */
    SIP_DEV_NO_CONTENT_TYPE, /* a body without Content-Type */
    SIP_DEV_NO_LENGTH,       /* no Content-Length on a stream */
    SIP_DEV_AUTH,            /* credentials or challenge */
    SIP_DEV_HISTORY_INDEX,   /* History-Info without or with a bad index */
    SIP_DEV_MULTIPART,       /* boundary absent, not found or not closed */
    SIP_DEV_COUNT
};

struct sip_header {
    enum sip_hdr id;
    uint32_t
        off; /* of the whole field in raw, continuation lines and line end */
    uint32_t len; /* included */
    struct view name;
    struct view value; /* trimmed; folding inside it kept */
};

struct sip_deviation {
    uint32_t off; /* octets concerned; len may be 0 */
    uint32_t len;
    enum sip_dev kind;
    enum sip_hdr hdr; /* the field, or SIP_HDR_OTHER */
};

/* A parsed message. Only the first num_headers and num_devs rows are set; the
 * struct is large and is never cleared as a whole. */
struct sip_msg {
    struct view raw;
    int is_response;
    int status;         /* of a response; 0 if not three digits */
    struct view method; /* of a response: from CSeq, empty if there is none */
    struct view uri;
    struct view version;
    struct view reason;
    struct view start_line; /* without its line end */
    long content_length;    /* -1 absent or no number */
    uint32_t head_off;      /* first header line */
    uint32_t body_off;      /* = raw.len if there is no end of the head */
    struct view body;       /* by Content-Length; else the rest */
    size_t num_headers;
    size_t num_devs;
    size_t lost_devs; /* deviations beyond SIP_MAX_DEVS */
    struct sip_header headers[SIP_MAX_HEADERS];
    struct sip_deviation devs[SIP_MAX_DEVS];
};

/* sip_parse reads one datagram or one message that sip_frame cut out. It never
 * fails; octets past 2^32 - 1 are not looked at. */
void sip_parse(struct sip_msg *out, const uint8_t *data, size_t len);

/* sip_check looks into the values of the known fields and adds what it finds to
 * msg->devs (once per message). SIP_CHECK_STREAM: it came over TCP or TLS. */
#define SIP_CHECK_STREAM 1u
void sip_check(struct sip_msg *msg, unsigned flags);

/* sip_frame cuts messages out of a stream. STATUS_OK: *out_total octets are the
 * first message. STATUS_TRUNCATED: more must come; *out_total is how many it
 * will be, 0 if unknown. STATUS_SYNTAX: what is there can never be framed
 * (first line without "SIP/", Content-Length that is no number or contradicts
 * another), STATUS_BAD_LENGTH: larger than the bounds. Without Content-Length
 * the body is empty. Line ends between messages (RFC 5626, 4.4.1 keep-alives)
 * are not part of a message: sip_frame_blank counts those in front. */
#define SIP_FRAME_MAX_HEAD (128u << 10)
#define SIP_FRAME_MAX_BODY (16u << 20)
enum status sip_frame(const uint8_t *data, size_t len, size_t *out_total);
size_t sip_frame_blank(const uint8_t *data, size_t len);

/* Texts: a sentence with the clause; a short word as "bare-lf". */
const char *sip_dev_text(enum sip_dev kind);
const char *sip_dev_name(enum sip_dev kind);
/* sip_hdr_name gives the long name, "Call-ID"; sip_hdr_of finds a name, long or
 * compact, in any case: SIP_HDR_OTHER if unknown. */
const char *sip_hdr_name(enum sip_hdr id);
enum sip_hdr sip_hdr_of(struct view name);
/* sip_hdr_is_list: elements may be put together with commas. */
int sip_hdr_is_list(enum sip_hdr id);
/* sip_reason gives the usual phrase, "Ringing"; "Unknown" if there is none. */
const char *sip_reason(int status);

/* sip_off gives where v begins in the message. v must be a part of it. */
static inline uint32_t sip_off(const struct sip_msg *msg, struct view v)
{
    return (uint32_t)(v.data - msg->raw.data);
}

/* ---- fields ---- */

/* sip_find gives the nth (from 0) line of a field, or NULL; sip_find_name by
 * name, long or compact, any case. sip_count counts lines. */
const struct sip_header *sip_find(const struct sip_msg *msg, enum sip_hdr id,
                                  size_t nth);
const struct sip_header *sip_find_name(const struct sip_msg *msg,
                                       const char *name, size_t nth);
size_t sip_count(const struct sip_msg *msg, enum sip_hdr id);

/* sip_value gives the nth value: list elements are counted one by one across
 * lines; of other fields each line is one. Empty view with data NULL if there
 * is none. sip_value_name the same for a name; a name not known is no list. */
struct view sip_value(const struct sip_msg *msg, enum sip_hdr id, size_t nth);
struct view sip_value_name(const struct sip_msg *msg, const char *name,
                           size_t nth);

/* Iterating a field's values: struct sip_iter it = {.msg = m, .id = ID};
 * while (sip_next(&it, &v)) … */
struct sip_iter {
    const struct sip_msg *msg;
    enum sip_hdr id;
    size_t row;                 /* next header row */
    struct view rest;           /* of the current row */
    const struct sip_header *h; /* row of the last value */
};
int sip_next(struct sip_iter *it, struct view *out);

/* sip_list_next takes the next element off a comma list, trimmed; commas in
 * quotes and < > do not count. 0 at the end. Empty elements are given. */
int sip_list_next(struct view *rest, struct view *out);

/* sip_has_token: an element of the field's lists is this token, any case
 * (Require, Supported, Allow, Accept without parameters …). */
int sip_has_token(const struct sip_msg *msg, enum sip_hdr id,
                  const char *token);

/* sip_field_next takes the next header line off a block of lines (sipfrag, MIME
 * part, message-summary). *rest begins with a line; 0 at an empty line (which
 * is taken off) or at the end. Lines without colon come with an empty name.
 * out->off is relative to base. */
int sip_field_next(struct view *rest, const uint8_t *base,
                   struct sip_header *out);

/* ---- pieces of values ---- */

int sip_is(struct view v, const char *text);        /* octet for octet */
int sip_is_nocase(struct view v, const char *text); /* ASCII case ignored */
int sip_same(struct view a, struct view b);
int sip_same_nocase(struct view a, struct view b);
struct view sip_trim(struct view v); /* SP, HT, CR, LF */
struct view sip_text(const char *s); /* a view of a string */
/* sip_u32 reads a whole view of digits: STATUS_SYNTAX, STATUS_BAD_VALUE (>
 * 2^32-1). */
enum status sip_u32(struct view v, uint32_t *out);
/* sip_dup gives the octets as a string (mem_free), NULL without memory. */
char *sip_dup(struct view v);
/* sip_unquote gives a quoted string's content, other text as it is;
 * sip_unescape replaces %HH (a % without two digits stays). New strings, NULL
 * without memory. sip_unquoted is the view between the quotes, \ kept. */
char *sip_unquote(struct view v);
char *sip_unescape(struct view v);
struct view sip_unquoted(struct view v);
/* sip_escape writes v with all but RFC 3261 unreserved and the characters of
 * keep as %HH: sip_escape(w, "sip:bob@home-b.example", ":") gives
 * sip:bob%40home-b.… */
void sip_escape(struct wr *w, struct view v, const char *keep);

/* Parameters: text as ";a=b;c;d=\"e\"". */
struct sip_param {
    struct view name;
    struct view value; /* quotes kept; empty if absent */
    int has_value;     /* "=" was there */
    struct view whole;
};
int sip_param_next(struct view *rest, struct sip_param *out);
/* sip_param finds a parameter, any case; 1 if it is there. value may be NULL.
 */
int sip_param(struct view params, const char *name, struct view *value);
int sip_param_is(struct view params, const char *name, const char *value);

/* ---- typed values ----
 * Each returns STATUS_OK, or STATUS_SYNTAX with what could be understood;
 * fields that are absent are empty views. */

struct sip_via {
    struct view protocol;  /* "SIP" */
    struct view version;   /* "2.0" */
    struct view transport; /* "TCP" */
    struct view host;      /* IPv6 in its brackets */
    struct view params;
    struct view branch;
    struct view received;
    struct view rport; /* its value */
    uint16_t port;     /* 0: none */
    int has_rport;
    int has_cookie; /* branch begins with z9hG4bK */
};
enum status sip_via(struct view v, struct sip_via *out);

struct sip_cseq {
    uint32_t num;
    struct view method;
};
enum status sip_cseq(struct view v, struct sip_cseq *out);
struct sip_rack {
    uint32_t rseq;
    uint32_t num;
    struct view method;
};
enum status sip_rack(struct view v, struct sip_rack *out);

/* name-addr or addr-spec with parameters: From, To, Contact, Route,
 * Record-Route, Path, Service-Route, P-*-Identity, History-Info, Diversion,
 * Refer-To … */
struct sip_addr {
    struct view display; /* quotes kept; sip_unquote */
    struct view uri;     /* without < > */
    struct view params;  /* of the field: ";tag=…" */
    struct view bare;    /* without these */
    struct view tag;
    int has_angle;
    int is_star; /* Contact: * */
};
enum status sip_addr(struct view v, struct sip_addr *out);

struct sip_uri {
    struct view scheme;
    struct view user; /* escaped, as it stands; tel: the number */
    struct view password;
    struct view host;    /* IPv6 in its brackets */
    uint16_t port;       /* 0: none */
    struct view params;  /* ";transport=tcp;lr" */
    struct view headers; /* after "?" */
    int has_user;        /* "@" was there */
    int is_sip;          /* sip or sips */
    int is_tel;
};
enum status sip_uri(struct view v, struct sip_uri *out);
/* sip_uri_header finds a header of the URI ("Reason=SIP%3Bcause%3D408"); the
 * value is escaped. sip_uri_header_next iterates. */
int sip_uri_header(const struct sip_uri *uri, const char *name,
                   struct view *value);
int sip_uri_header_next(struct view *rest, struct sip_param *out);
/* sip_voicemail reads target and cause of a voicemail URI (RFC 4458): target is
 * a new string, unescaped, NULL if absent or without memory; cause 0 if absent.
 */
int sip_voicemail(const struct sip_uri *uri, char **target, int *cause);

/* sip_identity writes the canonical form of any sip, sips or tel URI or
 * name-addr (PX_ID_NORM): "sip:user@domain", domain in lower case, user
 * unescaped where the character needs no escape, no port, parameters or
 * headers; "tel:+digits" with the visual separators taken out. STATUS_SYNTAX
 * for anything else. sip_identity_new gives it as a string (mem_free), or NULL.
 */
enum status sip_identity(struct wr *w, struct view uri_or_addr);
char *sip_identity_new(struct view uri_or_addr);

struct sip_media_type { /* Content-Type, Accept element, Event has sip_event */
    struct view type;
    struct view subtype;
    struct view params;
};
enum status sip_media_type(struct view v, struct sip_media_type *out);
/* sip_content_is: the Content-Type is this, any case, parameters aside. */
int sip_content_is(const struct sip_msg *msg, const char *type);
/* sip_type_is does so for a value; type is a sound type/subtype. */
int sip_type_is(struct view content_type, const char *type);

struct sip_token_params { /* Event, Subscription-State, Content-Disposition … */
    struct view token;
    struct view params;
};
enum status sip_token_params(struct view v, struct sip_token_params *out);

struct sip_reason_value { /* Reason: SIP;cause=408;text="no reply" */
    struct view protocol;
    int cause; /* -1: absent or no number */
    struct view text;
    struct view params;
};
enum status sip_reason_value(struct view v, struct sip_reason_value *out);

struct sip_warning { /* 306 host "text" */
    int code;
    struct view agent;
    struct view text; /* quotes kept */
};
enum status sip_warning(struct view v, struct sip_warning *out);

struct sip_history { /* one entry of History-Info (RFC 7044) */
    struct sip_addr addr;
    struct sip_uri uri;
    struct view index;
    struct view rc, mp, np; /* parent index, empty if absent */
    struct view reason;     /* escaped, from the URI's headers */
    struct view privacy;
    int cause; /* of reason, or of the voicemail URI; 0: none */
};
enum status sip_history(struct view v, struct sip_history *out);
/* The tree of a message's History-Info: entries in the order of the message,
 * with parent = position of the entry whose index is this one's without its
 * last number, -1 for a root, -2 if it is missing. gap: the number before is
 * missing. Returns how many entries there are (at most max are filled). */
struct sip_history_node {
    struct sip_history entry;
    int parent;
    int depth;     /* numbers in the index; 0: bad index */
    unsigned last; /* its last number */
    int repeated;  /* the index stood before */
    int gap;
    int bad_pointer; /* rc, mp or np names no entry before it */
};
size_t sip_history_tree(const struct sip_msg *msg,
                        struct sip_history_node *nodes, size_t max);

/* Digest: "Digest a=b, c=\"d\"". */
struct sip_auth {
    struct view scheme;
    struct view params; /* comma list */
};
enum status sip_auth(struct view v, struct sip_auth *out);
/* sip_auth_param: 1 if it is there; quotes kept. */
int sip_auth_param(const struct sip_auth *a, const char *name,
                   struct view *value);

/* Feature tags (RFC 3840) in Contact, Accept-Contact, Reject-Contact
 * parameters: sip_feature finds a tag with or without "+"; the value without
 * quotes. sip_is_message_taker: automata and actor="msg-taker". */
int sip_feature(struct view params, const char *tag, struct view *value);
int sip_is_message_taker(struct view params);

/* ---- bodies ---- */

struct sip_part {
    struct view whole; /* headers and body */
    struct view head;
    struct view body;
    struct view content_type; /* value; empty if absent */
    struct view content_id;
    struct view disposition;
    struct view encoding; /* Content-Transfer-Encoding */
    unsigned depth;       /* 0: the message's own body */
    int unclosed;         /* no closing boundary after it */
};
/* sip_body_part gives the nth leaf (0 = only or first) of the body, multipart
 * of any subtype taken apart up to four deep; 0 if there are not so many or
 * there is no body. A multipart without boundary is one leaf. */
int sip_body_part(const struct sip_msg *msg, size_t nth, struct sip_part *out);
/* sip_body_find gives the first leaf of that type, *nth its number (may be
 * NULL). */
int sip_body_find(const struct sip_msg *msg, const char *type,
                  struct sip_part *out, size_t *nth);
/* sip_part_decode writes the body with its transfer encoding undone (base64
 * with or without line breaks, quoted-printable, 7bit, 8bit, binary).
 * STATUS_SYNTAX, STATUS_UNSUPPORTED. */
enum status sip_part_decode(const struct sip_part *part, struct wr *w);

/* application/simple-message-summary (RFC 3842, 5.2). */
struct sip_mwi {
    int waiting; /* 1 yes, 0 no, -1 absent or neither */
    struct view account;
    struct view voice; /* value of Voice-Message */
    int has_voice;
    int has_urgent;
    uint32_t fresh, old, urgent_fresh, urgent_old;
    struct view blocks; /* after the empty line */
    int malformed;      /* a line that is no field, a count that is no count */
};
enum status sip_mwi(struct view body, struct sip_mwi *out);
/* sip_mwi_block takes the next block of message headers off rest (begin with
 * .blocks); read it with sip_field_next. */
int sip_mwi_block(struct view *rest, struct view *block);
/* sip_block_find gives the value of a field in a block of lines. */
int sip_block_find(struct view block, const char *name, struct view *value);

/* sip_sample gives a sound INVITE of about 1.1 kB with SDP, for measurements.
 */
struct view sip_sample(void);

#include "harness/sip/sip_out.h"

#endif
