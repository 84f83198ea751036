/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Session descriptions: lines, sections, and what RFC 4566 says of their order.
 */
#include "harness/sip/sip_int.h"

static const struct {
    const char *name;
    const char *text;
} devs[SDP_DEV_COUNT] = {
    [SDP_DEV_EMPTY] = {"empty", "no session description (RFC 4566, 5)"},
    [SDP_DEV_LINE] = {"line", "line other than <letter>=value (RFC 4566, 5)"},
    [SDP_DEV_BARE_LF] = {"bare-lf", "line ends without CR (RFC 4566, 5: CRLF "
                                    "SHOULD be sent, LF be accepted)"},
    [SDP_DEV_BARE_CR] = {"bare-cr", "CR inside a line (RFC 4566, 5, 9)"},
    [SDP_DEV_NO_LINE_END] = {"no-line-end",
                             "last line has no line end (RFC 4566, 5, 9)"},
    [SDP_DEV_BLANK_LINE] = {"blank-line", "empty line (RFC 4566, 9)"},
    [SDP_DEV_NUL] = {"nul", "NUL octet (RFC 4566, 5, 9)"},
    [SDP_DEV_TYPE] = {"type", "unknown type letter (RFC 4566, 5)"},
    [SDP_DEV_ORDER] = {"order", "line out of order (RFC 4566, 5)"},
    [SDP_DEV_REPEATED] = {"repeated", "line that may stand once (RFC 4566, 5)"},
    [SDP_DEV_MISSING] = {"missing", "mandatory line is absent (RFC 4566, 5)"},
    [SDP_DEV_NO_CONNECTION] = {"no-connection",
                               "media without c= of its own or of the "
                               "session (RFC 4566, 5.7)"},
    [SDP_DEV_TOO_MANY] = {"too-many", "more lines or media than this reader "
                                      "lists"},
    [SDP_DEV_VERSION] = {"version", "v= other than 0 (RFC 4566, 5.1)"},
    [SDP_DEV_ORIGIN] = {"origin", "o= without its six fields, or numbers that "
                                  "are none (RFC 4566, 5.2)"},
    [SDP_DEV_CONNECTION] = {"connection",
                            "c= without its three fields (RFC 4566, 5.7)"},
    [SDP_DEV_TIME] = {"time", "t= without two numbers (RFC 4566, 5.9)"},
    [SDP_DEV_MEDIA] = {"media", "m= without media, port, protocol and format "
                                "(RFC 4566, 5.14)"},
    [SDP_DEV_ATTRIBUTE] = {"attribute",
                           "a= without an attribute name (RFC 4566, 5.13, 9)"},
    [SDP_DEV_KM_SPACE] = {"key-mgmt-space",
                          "key-mgmt with spaces other than 0*1SP prtcl-id SP "
                          "keymgmt-data (RFC 4567, 3.1)"},
    [SDP_DEV_KM_ID] = {"key-mgmt-id",
                       "key-mgmt identifier other than letters and digits "
                       "(RFC 4567, 3)"},
    [SDP_DEV_KM_NO_DATA] = {"key-mgmt-no-data",
                            "key-mgmt without data (RFC 4567, 3.1)"},
    [SDP_DEV_KM_BASE64] = {"key-mgmt-base64",
                           "key-mgmt data is not base64 by the grammar "
                           "(RFC 4567, 3; RFC 4566, 9)"},
};

const char *sdp_dev_text(enum sdp_dev kind)
{
    return (unsigned)kind < SDP_DEV_COUNT ? devs[kind].text : "";
}

const char *sdp_dev_name(enum sdp_dev kind)
{
    return (unsigned)kind < SDP_DEV_COUNT ? devs[kind].name : "";
}

static void note(struct sdp *s, enum sdp_dev kind, char letter, size_t off,
                 size_t len)
{
    if (s->num_devs == SDP_MAX_DEVS) {
        s->lost_devs++;
        return;
    }
    s->devs[s->num_devs++] = (struct sdp_deviation){.off = (uint32_t)off,
                                                    .len = (uint32_t)len,
                                                    .kind = kind,
                                                    .letter = letter};
}

static void note_line(struct sdp *s, enum sdp_dev kind,
                      const struct sdp_line *l)
{
    note(s, kind, l->type, l->off, l->len);
}

static void note_view(struct sdp *s, enum sdp_dev kind, char letter,
                      struct view v)
{
    note(s, kind, letter, sdp_off(s, v), v.len);
}

/* The place of each letter in its section (RFC 4566, 5), 0: not allowed there.
 * z, k and a of the session come after the times; r may follow each t. */
static const uint8_t session_order['z' + 1] = {
    ['v'] = 1,  ['o'] = 2,  ['s'] = 3,  ['i'] = 4, ['u'] = 5,
    ['e'] = 6,  ['p'] = 7,  ['c'] = 8,  ['b'] = 9, ['t'] = 10,
    ['r'] = 11, ['z'] = 12, ['k'] = 13, ['a'] = 14};
static const uint8_t media_order['z' + 1] = {
    ['m'] = 1, ['i'] = 2, ['c'] = 3, ['b'] = 4, ['k'] = 5, ['a'] = 6};
static const char may_repeat[] = "epbtrac"; /* c: media level, several hosts */

static size_t place(const uint8_t order['z' + 1], char letter)
{
    return letter > 0 && letter <= 'z' ? order[(uint8_t)letter] : 0;
}

static struct view field(struct view *rest)
{
    size_t end = view_find(*rest, 0, ' ');
    struct view v = view_sub(*rest, 0, end);
    *rest = view_tail(*rest, end < rest->len ? end + 1 : end);
    return v;
}

static void read_media(struct sdp *s, size_t line)
{
    const struct sdp_line *l = &s->lines[line];
    if (s->num_media == SDP_MAX_MEDIA) {
        note_line(s, SDP_DEV_TOO_MANY, l);
        return;
    }
    struct sdp_media *m = &s->media[s->num_media++];
    struct view rest = l->value;
    *m = (struct sdp_media){.line = line, .num_ports = 1};
    m->media = field(&rest);
    m->port_text = field(&rest);
    m->proto = field(&rest);
    m->fmts = rest;
    size_t slash = view_find(m->port_text, 0, '/');
    uint32_t port = 0;
    int ok = sip_u32(view_sub(m->port_text, 0, slash), &port) == STATUS_OK &&
             port <= 65535;
    m->port = ok ? port : 0;
    if (slash < m->port_text.len) {
        ok &= sip_u32(view_tail(m->port_text, slash + 1), &m->num_ports) ==
              STATUS_OK;
    }
    if (!ok || m->media.len == 0 || m->proto.len == 0 || m->fmts.len == 0) {
        note_line(s, SDP_DEV_MEDIA, l);
    }
}

/* Where the line feed of the line at pos is, raw.len if there is none. Notes CR
 * and NUL inside the line. */
static size_t line_end(struct sdp *s, struct scan *scan, size_t pos)
{
    struct view raw = s->raw;
    for (size_t i = scan_next(scan, pos); i < raw.len;
         i = scan_next(scan, i + 1)) { /* once, as a rule */
        uint8_t c = raw.data[i];
        if (c == '\n') {
            return i;
        }
        if (c == '\r' && i + 1 < raw.len && raw.data[i + 1] == '\n') {
            return i + 1;
        }
        if (c == '\0' || (c == '\r' && i + 1 < raw.len)) {
            note(s, c == '\r' ? SDP_DEV_BARE_CR : SDP_DEV_NUL, 0, i, 1);
        }
    }
    return raw.len;
}

/* read_line cuts the line at pos; returns where the next one begins. */
static size_t read_line(struct sdp *s, struct scan *scan, size_t pos,
                        struct sdp_line *l)
{
    struct view raw = s->raw;
    size_t lf = line_end(s, scan, pos);
    size_t end = lf;
    size_t next = lf < raw.len ? lf + 1 : lf;
    int has_cr = end > pos && raw.data[end - 1] == '\r';
    end -= has_cr;
    struct view text = view_sub(raw, pos, end);
    l->off = (uint32_t)pos;
    l->len = (uint32_t)(next - pos);
    l->type = 0;
    l->value = text;
    if (lf == raw.len) {
        note(s, SDP_DEV_NO_LINE_END, 0, end, 0);
    } else if (!has_cr) {
        note(s, SDP_DEV_BARE_LF, 0, end, 1);
    }
    if (text.len == 0) {
        note(s, SDP_DEV_BLANK_LINE, 0, pos, next - pos);
    } else if (text.len < 2 || text.data[1] != '=' ||
               !is_class(text.data[0], CC_ALPHA)) {
        note(s, SDP_DEV_LINE, 0, pos, text.len);
    } else {
        l->type = (char)text.data[0];
        l->value = view_tail(text, 2);
    }
    return next;
}

/* check_order notes lines that stand in the wrong place of their section. */
static void check_order(struct sdp *s, size_t from, size_t to,
                        const uint8_t order['z' + 1])
{
    size_t last = 0;
    size_t time = place(order, 't');
    for (size_t i = from; i < to; i++) {
        const struct sdp_line *l = &s->lines[i];
        size_t p = place(order, l->type);
        if (l->type == 0) {
            continue;
        }
        if (p == 0) {
            note_line(s,
                      place(session_order, l->type) != 0 ? SDP_DEV_ORDER
                                                         : SDP_DEV_TYPE,
                      l);
            continue;
        }
        if (p < last && !(l->type == 't' && last == time + 1)) {
            note_line(s, SDP_DEV_ORDER, l);
            continue;
        }
        if (p == last && (strchr(may_repeat, l->type) == NULL ||
                          (l->type == 'c' && order == session_order))) {
            note_line(s, SDP_DEV_REPEATED, l);
        }
        last = p;
    }
}

static void check_number_fields(struct sdp *s, const struct sdp_line *l,
                                size_t want, unsigned numbers,
                                enum sdp_dev kind)
{
    struct view rest = l->value;
    size_t n = 0;
    int ok = 1;
    do {
        size_t end = 0; /* they are short */
        while (end < rest.len && rest.data[end] != ' ') {
            end++;
        }
        ok &= end > 0;
        if ((numbers & 1u << n) != 0) {
            ok &= view_all(view_sub(rest, 0, end), CC_DIGIT);
        }
        rest = view_tail(rest, end < rest.len ? end + 1 : end);
        n++;
    } while (rest.len > 0 && n < 16);
    size_t len = l->value.len;
    if (!ok || n != want || (len > 0 && l->value.data[len - 1] == ' ')) {
        note_line(s, kind, l);
    }
}

static void check_key_mgmt(struct sdp *s, const struct sdp_line *l)
{
    static const char prefix[] = "key-mgmt:";
    size_t n = sizeof prefix - 1;
    struct sdp_key_mgmt k;
    if (l->value.len < n || memcmp(l->value.data, prefix, n) != 0) {
        return;
    }
    sdp_key_mgmt_text(view_tail(l->value, n), &k);
    if (k.spaces_before > 1 || k.spaces_between > 1 || k.trailing_space) {
        note_view(s, SDP_DEV_KM_SPACE, 'a', k.value);
    }
    if (k.bad_id) {
        note_view(s, SDP_DEV_KM_ID, 'a', k.protocol);
    }
    if (k.no_data) {
        note_view(s, SDP_DEV_KM_NO_DATA, 'a', k.value);
    } else if (k.bad_base64) {
        note(s, SDP_DEV_KM_BASE64, 'a', sdp_off(s, k.data) + k.bad_at,
             k.data.len - k.bad_at);
    }
}

static void check_line(struct sdp *s, const struct sdp_line *l)
{
    switch (l->type) {
    case 'v':
        if (!sip_is(l->value, "0")) {
            note_line(s, SDP_DEV_VERSION, l);
        }
        break;
    case 'o':
        check_number_fields(s, l, 6, 0x6, SDP_DEV_ORIGIN);
        break;
    case 'c':
        check_number_fields(s, l, 3, 0, SDP_DEV_CONNECTION);
        break;
    case 't':
        check_number_fields(s, l, 2, 0x3, SDP_DEV_TIME);
        break;
    case 'a':
        if (!view_all(view_sub(l->value, 0, view_find(l->value, 0, ':')),
                      CC_TOKEN)) {
            note_line(s, SDP_DEV_ATTRIBUTE, l);
        }
        check_key_mgmt(s, l);
        break;
    }
}

static void check_sections(struct sdp *s)
{
    static const char mandatory[] = "vost";
    for (const char *p = mandatory; *p != '\0'; p++) {
        if (sdp_find(s, SDP_SESSION, *p, 0) == NULL) {
            note(s, SDP_DEV_MISSING, *p, 0, 0);
        }
    }
    check_order(s, 0, s->session_end, session_order);
    for (size_t i = 0; i < s->num_media; i++) {
        const struct sdp_media *m = &s->media[i];
        check_order(s, m->line, m->end, media_order);
        if (sdp_find(s, (int)i, 'c', 0) == NULL &&
            sdp_find(s, SDP_SESSION, 'c', 0) == NULL) {
            note_line(s, SDP_DEV_NO_CONNECTION, &s->lines[m->line]);
        }
    }
}

void sdp_read(struct sdp *out, struct view octets)
{
    static const uint8_t nothing[1];
    out->raw = octets.len != 0 ? octets : (struct view){nothing, 0};
    out->num_lines = 0;
    out->num_media = 0;
    out->num_devs = 0;
    out->lost_devs = 0;
    out->checked = 0;
    size_t pos = 0;
    struct scan scan = scan_begin(out->raw);
    while (pos < octets.len) {
        if (out->num_lines == SDP_MAX_LINES) {
            note(out, SDP_DEV_TOO_MANY, 0, pos, octets.len - pos);
            break;
        }
        struct sdp_line *l = &out->lines[out->num_lines++];
        pos = read_line(out, &scan, pos, l);
        if (l->type == 'm') {
            read_media(out, out->num_lines - 1);
        }
    }
    out->session_end = out->num_media > 0 ? out->media[0].line : out->num_lines;
    for (size_t i = 0; i < out->num_media; i++) {
        out->media[i].end =
            i + 1 < out->num_media ? out->media[i + 1].line : out->num_lines;
    }
}

void sdp_check(struct sdp *s)
{
    if (s->checked) {
        return;
    }
    s->checked = 1;
    if (s->num_lines == 0) {
        note(s, SDP_DEV_EMPTY, 0, 0, 0);
        return;
    }
    for (size_t i = 0; i < s->num_lines; i++) {
        check_line(s, &s->lines[i]);
    }
    check_sections(s);
}

void sdp_parse(struct sdp *out, struct view octets)
{
    sdp_read(out, octets);
    sdp_check(out);
}
