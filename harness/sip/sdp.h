/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Session descriptions (RFC 4566) with key management attributes (RFC 4567):
 * octets to lines with their places, and back. As in sip.h nothing is rejected,
 * deviations are noted. Views point into the octets given. */
#ifndef HARNESS_SIP_SDP_H
#define HARNESS_SIP_SDP_H

#include "harness/base/buf.h"

#define SDP_MAX_LINES 256
#define SDP_MAX_MEDIA 16
#define SDP_MAX_DEVS 32

enum sdp_dev {
    SDP_DEV_EMPTY,
    SDP_DEV_LINE,        /* not <letter>=value */
    SDP_DEV_BARE_LF,     /* line ends without CR */
    SDP_DEV_BARE_CR,     /* CR inside a line */
    SDP_DEV_NO_LINE_END, /* the last line */
    SDP_DEV_BLANK_LINE,
    SDP_DEV_NUL,           /* a NUL octet */
    SDP_DEV_TYPE,          /* unknown letter */
    SDP_DEV_ORDER,         /* line out of order (RFC 4566, 5) */
    SDP_DEV_REPEATED,      /* line that may stand once */
    SDP_DEV_MISSING,       /* v, o, s or t absent; letter says which */
    SDP_DEV_NO_CONNECTION, /* a media section without c= of its own or session
                            */
    SDP_DEV_TOO_MANY,      /* lines or media beyond the maxima: not listed */
    SDP_DEV_VERSION,       /* v= other than 0 */
    SDP_DEV_ORIGIN,        /* o= fields */
    SDP_DEV_CONNECTION,    /* c= fields */
    SDP_DEV_TIME,          /* t= fields */
    SDP_DEV_MEDIA,         /* m= fields */
    SDP_DEV_ATTRIBUTE,     /* a= without a token before ":" */
    SDP_DEV_KM_SPACE,      /* key-mgmt: spaces other than 0*1SP id SP data */
    SDP_DEV_KM_ID,         /* key-mgmt: identifier not 1*(ALPHA / DIGIT) */
    SDP_DEV_KM_NO_DATA, /* key-mgmt: no space and data after it, or empty data
                         */
    SDP_DEV_KM_BASE64,  /* key-mgmt: data not base64 by the grammar */
    SDP_DEV_COUNT
};

struct sdp_deviation {
    uint32_t off; /* in the SDP octets */
    uint32_t len;
    enum sdp_dev kind;
    char letter; /* of the line concerned, 0 if none */
};

struct sdp_line {
    char type;         /* letter; 0: the line has no form */
    uint32_t off;      /* of the whole line in raw */
    uint32_t len;      /* line end included */
    struct view value; /* after "=", without line end */
};

struct sdp_media {
    size_t line;       /* index of its m= line */
    size_t end;        /* one past its last line */
    struct view media; /* "audio" */
    struct view port_text;
    uint32_t port; /* 0 also if it is no number */
    uint32_t num_ports;
    struct view proto; /* "RTP/SAVP" */
    struct view fmts;  /* "97 98" */
};

struct sdp_origin {
    struct view username, sess_id, sess_version, nettype, addrtype, address;
};
struct sdp_connection {
    struct view nettype, addrtype, address;
};

struct sdp {
    struct view raw;
    size_t num_lines;
    size_t num_media;
    size_t session_end; /* one past the last line of the session level */
    size_t num_devs;
    size_t lost_devs;
    int checked; /* by sdp_check */
    struct sdp_line lines[SDP_MAX_LINES];
    struct sdp_media media[SDP_MAX_MEDIA];
    struct sdp_deviation devs[SDP_MAX_DEVS];
};

/* sdp_parse never fails. Only the counted rows are set. */
void sdp_parse(struct sdp *out, struct view octets);
/* sdp_read does the same without looking into the lines: of the deviations it
 * notes those of line ends and forms only. sdp_check looks into them and adds
 * what it finds; once only, however often it is called. */
void sdp_read(struct sdp *out, struct view octets);
void sdp_check(struct sdp *s);
const char *sdp_dev_text(enum sdp_dev kind);
const char *sdp_dev_name(enum sdp_dev kind);
static inline uint32_t sdp_off(const struct sdp *s, struct view v)
{
    return (uint32_t)(v.data - s->raw.data);
}

/* Levels: SDP_SESSION, or the index of a media section from 0. */
#define SDP_SESSION (-1)

/* sdp_find gives the nth line of that letter at that level, or NULL. */
const struct sdp_line *sdp_find(const struct sdp *s, int level, char type,
                                size_t nth);
/* sdp_attr finds the nth attribute of that name (case matters, RFC 4566, 6).
 * *value is empty for a=<name>; may be NULL. 1 if it is there. */
int sdp_attr(const struct sdp *s, int level, const char *name, size_t nth,
             struct view *value);

enum status sdp_origin(const struct sdp *s, struct sdp_origin *out);
/* sdp_connection: of a media section: its own c=, else the session's. */
enum status sdp_connection(const struct sdp *s, int level,
                           struct sdp_connection *out);

/* a=key-mgmt lines. */
struct sdp_key_mgmt {
    struct view protocol; /* "mikey" */
    struct view data;  /* base64 as it stands: to the end of the line, without
                          trailing space */
    struct view value; /* after "key-mgmt:" */
    size_t line;
    int level;
    unsigned spaces_before; /* after the colon; 0 or 1 by the grammar */
    unsigned spaces_between;
    int is_mikey;   /* protocol is "mikey", octet for octet */
    int bad_id;     /* not 1*(ALPHA / DIGIT) */
    int bad_base64; /* bad_at says where in data */
    uint32_t bad_at;
    int no_data;
    int trailing_space;
};
int sdp_key_mgmt(const struct sdp *s, int level, size_t nth,
                 struct sdp_key_mgmt *out);
/* sdp_key_mgmt_place does the same without looking into the data: bad_base64
 * and bad_at stay 0. */
int sdp_key_mgmt_place(const struct sdp *s, int level, size_t nth,
                       struct sdp_key_mgmt *out);
size_t sdp_num_key_mgmt(const struct sdp *s, int level);
/* sdp_key_mgmt_for: the attributes that apply to a media section (RFC
 * 4567, 3.1): its own if it has any, else the session's. */
int sdp_key_mgmt_for(const struct sdp *s, int media, size_t nth,
                     struct sdp_key_mgmt *out);
/* sdp_key_mgmt_list writes the identifiers at that level as "mikey;keyp1". */
void sdp_key_mgmt_list(const struct sdp *s, int level, struct wr *w);
/* sdp_key_mgmt_text reads "mikey AQAF…" (what stands after "a=key-mgmt:"). */
void sdp_key_mgmt_text(struct view value, struct sdp_key_mgmt *out);

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };
/* sdp_direction_of: of the media section, else of the session, else sendrecv.
 */
enum sdp_direction sdp_direction_of(const struct sdp *s, int level);
const char *sdp_direction_name(enum sdp_direction d);

struct sdp_rtpmap {
    unsigned pt;
    struct view encoding;
    unsigned rate;
    unsigned channels; /* 1 if not given */
};
int sdp_rtpmap(const struct sdp *s, int level, unsigned pt,
               struct sdp_rtpmap *out);
/* sdp_fmt gives the nth format of the m= line. */
int sdp_fmt(const struct sdp *s, int media, size_t nth, struct view *out);
unsigned sdp_ptime(const struct sdp *s, int level); /* 0: absent */
int sdp_has_crypto(const struct sdp *s, int level); /* a=crypto (RFC 4568) */
/* sdp_is_secure: the profile is RTP/SAVP or RTP/SAVPF (also UDP/TLS/…). */
int sdp_is_secure(const struct sdp_media *m);

/* ---- writing ---- */

struct sdp_key_line {
    const char *protocol; /* NULL: "mikey" */
    struct view message;  /* encoded as base64 */
    const char *text;     /* used as data in place of message if not NULL */
};

struct sdp_params {
    const char *user; /* o=; NULL: "-" */
    uint64_t session_id;
    uint64_t version;
    const char *address; /* "127.0.0.1", "::1": also says IP4 or IP6 */
    uint16_t port;
    const char *media; /* NULL: "audio" */
    const char *proto; /* NULL: "RTP/SAVP" */
    unsigned pt;
    const char *rtpmap;    /* "PCMU/8000"; NULL: none */
    const char *fmtp;      /* "mode-set=7"; NULL: none */
    unsigned ptime;        /* 0: none */
    const char *direction; /* "sendrecv"; NULL: none */
    const struct sdp_key_line *session_keys;
    size_t num_session_keys;
    const struct sdp_key_line *media_keys;
    size_t num_media_keys;
    const char *more; /* further media level lines, each with CRLF; NULL */
    const char *more_media; /* further media sections, with CRLF; NULL */
};
/* sdp_build writes v o s c t [a=key-mgmt] m a…, CRLF after each. */
enum status sdp_build(struct wr *w, const struct sdp_params *p);

#endif
