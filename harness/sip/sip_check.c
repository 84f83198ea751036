/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What is wrong in the values of a message: RFC 3261, 25.1, field by field. */
#include "harness/sip/sip_int.h"

/* A value under examination. */
struct check {
    struct sip_msg *msg;
    enum sip_hdr hdr;
};

static void note(const struct check *c, enum sip_dev kind, struct view where)
{
    add_dev_view(c->msg, kind, c->hdr, where);
}

static int utf8_length(uint8_t c)
{
    return c < 0x80   ? 1
           : c < 0xc2 ? 0
           : c < 0xe0 ? 2
           : c < 0xf0 ? 3
           : c < 0xf5 ? 4
                      : 0;
}

/* utf8_fault gives the offset of the first octet that begins no UTF-8 character
 * (RFC 3629, 4), v.len if there is none. */
static size_t utf8_fault(struct view v)
{
    size_t i = 0;
    while (i < v.len) {
        uint8_t c = v.data[i];
        int n = utf8_length(c);
        if (n == 0 || v.len - i < (size_t)n) {
            return i;
        }
        for (int k = 1; k < n; k++) {
            if ((v.data[i + (size_t)k] & 0xc0) != 0x80) {
                return i;
            }
        }
        uint8_t second = n > 1 ? v.data[i + 1] : 0;
        if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
            (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f)) {
            return i;
        }
        i += (size_t)n;
    }
    return v.len;
}

static int is_repeated(struct view params, struct view name)
{
    struct sip_param p;
    while (sip_param_next(&params, &p) && p.name.data != name.data) {
        if (sip_same_nocase(p.name, name)) {
            return 1;
        }
    }
    return 0;
}

/* gen-value = token / host / quoted-string */
static void check_param_value(const struct check *c, struct view v)
{
    if (v.len > 0 && v.data[0] == '"') {
        size_t end = quoted_end(v, 0);
        if (end != v.len) {
            note(c, end > v.len ? SIP_DEV_QUOTE : SIP_DEV_PARAM, v);
        }
        return;
    }
    for (size_t i = 0; i < v.len; i++) {
        if (!is_class(v.data[i], CC_TOKEN) && v.data[i] != '[' &&
            v.data[i] != ']' && v.data[i] != ':') {
            note(c, SIP_DEV_PARAM, v);
            return;
        }
    }
    if (v.len == 0) {
        note(c, SIP_DEV_PARAM, v);
    }
}

static void check_params(const struct check *c, struct view params)
{
    struct view rest = params;
    struct sip_param p;
    while (sip_param_next(&rest, &p)) {
        if (!view_all(p.name, CC_TOKEN)) {
            note(c, SIP_DEV_PARAM, p.whole);
            continue;
        }
        if (is_repeated(params, p.name)) {
            note(c, SIP_DEV_REPEATED_PARAM, p.whole);
        }
        if (p.has_value) {
            check_param_value(c, p.value);
        }
    }
}

static void check_display(const struct check *c, struct view d)
{
    if (d.len > 0 && d.data[0] == '"') {
        size_t end = quoted_end(d, 0);
        if (end != d.len) {
            note(c, end > d.len ? SIP_DEV_QUOTE : SIP_DEV_DISPLAY_NAME, d);
        }
        return;
    }
    for (size_t i = 0; i < d.len; i++) {
        if (!is_class(d.data[i], CC_TOKEN) && !is_lws(d.data[i])) {
            note(c, SIP_DEV_DISPLAY_NAME, d);
            return;
        }
    }
}

static void check_uri(const struct check *c, struct view uri)
{
    struct view where;
    enum sip_dev d = uri_flaw(uri, &where);
    if (d != SIP_DEV_COUNT) {
        note(c, d, where);
    }
}

static int in_list(struct view v, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (sip_is(v, *list)) {
            return 1;
        }
    }
    return 0;
}

/* From always has a tag (8.1.1.3); To in responses but 100 (8.2.6.2) and in
 * requests that exist inside a dialog only (12.2.1.1). */
static int needs_tag(const struct check *c)
{
    static const char *const inside[] = {"ACK",    "BYE",  "PRACK", "UPDATE",
                                         "NOTIFY", "INFO", NULL};
    if (c->hdr == SIP_HDR_FROM) {
        return 1;
    }
    if (c->hdr != SIP_HDR_TO) {
        return 0;
    }
    return c->msg->is_response ? c->msg->status > 100
                               : in_list(c->msg->method, inside);
}

static void check_addr(const struct check *c, struct view v, int need_angle)
{
    struct sip_addr a;
    sip_addr(v, &a);
    if (a.is_star) {
        if (c->hdr != SIP_HDR_CONTACT || !sip_is(c->msg->method, "REGISTER")) {
            note(c, SIP_DEV_URI, v);
        }
        return;
    }
    struct view after = a.params;
    if (a.has_angle) {
        check_display(c, a.display);
        if (a.bare.len == 0 || a.bare.data[a.bare.len - 1] != '>' ||
            (after.len > 0 && after.data[0] != ';')) {
            note(c, SIP_DEV_ANGLE, v);
        }
    } else if (v.data[0] == '"' && quoted_end(v, 0) > v.len) {
        note(c, SIP_DEV_QUOTE, v);
        return;
    } else if (need_angle) {
        note(c, SIP_DEV_ANGLE, v);
    } else if (view_find(a.uri, 0, '?') < a.uri.len ||
               view_find(a.uri, 0, ',') < a.uri.len) {
        note(c, SIP_DEV_BARE_URI, a.uri);
    }
    check_uri(c, a.uri);
    check_params(c, after);
    if (needs_tag(c) && a.tag.len == 0) {
        note(c, SIP_DEV_TAG, v);
    }
}

/* index-val = number *("." number) (RFC 7044, 5). */
static void check_history(const struct check *c, struct view v)
{
    struct sip_history h;
    check_addr(c, v, 1);
    sip_history(v, &h);
    int ok = h.index.len > 0;
    uint8_t before = '.';
    for (size_t i = 0; i < h.index.len; i++) {
        uint8_t now = h.index.data[i];
        ok &= is_class(now, CC_DIGIT) || (now == '.' && before != '.');
        before = now;
    }
    if (!ok || before == '.') {
        note(c, SIP_DEV_HISTORY_INDEX, h.index.len > 0 ? h.index : v);
    }
}

static void check_via(const struct check *c, struct view v)
{
    struct sip_via via;
    if (sip_via(v, &via) != STATUS_OK || !view_all(via.transport, CC_TOKEN)) {
        note(c, SIP_DEV_VIA, v);
    }
    if (!via.has_cookie) {
        note(c, SIP_DEV_BRANCH, via.branch.len > 0 ? via.branch : v);
    }
    check_params(c, via.params);
}

static void check_cseq(const struct check *c, struct view v)
{
    struct sip_cseq q;
    enum status s = sip_cseq(v, &q);
    if (s == STATUS_SYNTAX) {
        note(c, SIP_DEV_NUMBER, v);
    } else if (s != STATUS_OK || q.num > INT32_MAX) {
        note(c, SIP_DEV_RANGE, v);
    }
    if (!c->msg->is_response && !sip_same(q.method, c->msg->method)) {
        note(c, SIP_DEV_CSEQ_METHOD, q.method);
    }
}

static void check_number(const struct check *c, struct view v)
{
    uint32_t n = 0;
    enum status s = sip_u32(v, &n);
    if (c->hdr == SIP_HDR_CONTENT_LENGTH) {
        return; /* sip_parse has looked */
    }
    if (s == STATUS_SYNTAX) {
        note(c, SIP_DEV_NUMBER, v);
    } else if (s != STATUS_OK || (c->hdr == SIP_HDR_MAX_FORWARDS && n > 255) ||
               (c->hdr == SIP_HDR_RSEQ && n == 0)) {
        note(c, SIP_DEV_RANGE, v);
    }
}

static void check_seconds(const struct check *c, struct view v)
{
    size_t end = skip_class(v, 0, CC_DIGIT);
    struct view num = view_sub(v, 0, end);
    uint32_t n = 0;
    enum status s = sip_u32(num, &n);
    if (s != STATUS_OK) {
        note(c, s == STATUS_SYNTAX ? SIP_DEV_NUMBER : SIP_DEV_RANGE, v);
        return;
    }
    struct view rest = sip_trim(view_tail(v, end));
    if (rest.len > 0 && rest.data[0] == '(') {
        size_t close = view_find(rest, 0, ')');
        rest = sip_trim(view_tail(rest, close + (close < rest.len)));
    }
    if (rest.len > 0 && rest.data[0] != ';') {
        note(c, SIP_DEV_NUMBER, v);
    } else {
        check_params(c, rest);
    }
}

/* callid = word [ "@" word ] */
static void check_call_id(const struct check *c, struct view v)
{
    size_t at = view_find(v, 0, '@');
    int ok = at > 0 && at + 1 != v.len;
    for (size_t i = 0; i < v.len; i++) {
        uint8_t o = v.data[i];
        ok &= i == at || is_class(o, CC_TOKEN) ||
              (o != '\0' && strchr("()<>:\\\"/[]?{}", o) != NULL);
    }
    if (!ok) {
        note(c, SIP_DEV_TOKEN, v);
    }
}

static void check_auth(const struct check *c, struct view v)
{
    struct sip_auth a;
    struct view item;
    if (sip_auth(v, &a) != STATUS_OK) {
        note(c, SIP_DEV_AUTH, v);
        return;
    }
    struct view rest = a.params;
    while (sip_list_next(&rest, &item)) {
        struct sip_param p;
        split_param(item, &p);
        if (!view_all(p.name, CC_TOKEN) || p.value.len == 0) {
            note(c, SIP_DEV_AUTH, item.len > 0 ? item : v);
        } else if (p.value.data[0] == '"' &&
                   quoted_end(p.value, 0) != p.value.len) {
            note(c, SIP_DEV_QUOTE, p.value);
        }
    }
}

/* "Mon, 02 Mar 2026 09:16:02 GMT": letters and digits in their places. */
static void check_date(const struct check *c, struct view v)
{
    static const char form[] = "Aaa, 00 Aaa 0000 00:00:00 GMT";
    static const char days[] = "MonTueWedThuFriSatSun";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int ok = v.len == sizeof form - 1;
    for (size_t i = 0; ok && i < v.len; i++) {
        int want = form[i] == '0' ? is_class(v.data[i], CC_DIGIT)
                   : form[i] == 'A' || form[i] == 'a'
                       ? is_class(v.data[i], CC_ALPHA)
                       : v.data[i] == (uint8_t)form[i];
        ok &= want;
    }
    int day = 0;
    int month = 0;
    for (size_t i = 0; ok && i < 36; i += 3) {
        day |= i < 21 && memcmp(v.data, days + i, 3) == 0;
        month |= memcmp(v.data + 8, months + i, 3) == 0;
    }
    if (!ok || !day || !month) {
        note(c, SIP_DEV_DATE, v);
    }
}

static void check_token_params(const struct check *c, struct view v)
{
    struct sip_token_params t;
    struct view cause;
    uint32_t n;
    if (sip_token_params(v, &t) != STATUS_OK) {
        note(c, SIP_DEV_TOKEN, t.token.len > 0 ? t.token : v);
    }
    check_params(c, t.params);
    if (c->hdr == SIP_HDR_REASON && sip_param(t.params, "cause", &cause) &&
        sip_u32(cause, &n) != STATUS_OK) {
        note(c, SIP_DEV_NUMBER, cause);
    }
}

static void check_media_type(const struct check *c, struct view v)
{
    struct sip_media_type t;
    if (sip_media_type(v, &t) != STATUS_OK) {
        note(c, SIP_DEV_MEDIA_TYPE, v);
    }
    check_params(c, t.params);
}

static void check_value(const struct check *c, struct view v)
{
    struct sip_rack rack;
    struct sip_warning warning;
    switch ((enum value_kind)hdr_info[c->hdr].kind) {
    case VALUE_TEXT:
        return;
    case VALUE_TOKENS:
        if (!view_all(v, CC_TOKEN)) {
            note(c, SIP_DEV_TOKEN, v);
        }
        return;
    case VALUE_TOKEN_PARAMS:
        check_token_params(c, v);
        return;
    case VALUE_ADDR:
    case VALUE_CONTACT:
        check_addr(c, v, 0);
        return;
    case VALUE_ROUTE:
        check_addr(c, v, 1);
        return;
    case VALUE_HISTORY:
        check_history(c, v);
        return;
    case VALUE_VIA:
        check_via(c, v);
        return;
    case VALUE_CSEQ:
        check_cseq(c, v);
        return;
    case VALUE_RACK:
        if (sip_rack(v, &rack) != STATUS_OK) {
            note(c, SIP_DEV_NUMBER, v);
        } else if (rack.rseq == 0) {
            note(c, SIP_DEV_RANGE, v);
        }
        return;
    case VALUE_NUMBER:
        check_number(c, v);
        return;
    case VALUE_SECONDS:
        check_seconds(c, v);
        return;
    case VALUE_MEDIA_TYPE:
    case VALUE_MEDIA_RANGES:
        check_media_type(c, v);
        return;
    case VALUE_CALL_ID:
        check_call_id(c, v);
        return;
    case VALUE_AUTH:
        check_auth(c, v);
        return;
    case VALUE_DATE:
        check_date(c, v);
        return;
    case VALUE_WARNING:
        if (sip_warning(v, &warning) != STATUS_OK) {
            note(c, SIP_DEV_PARAM, v);
        }
        return;
    }
}

static void check_header(struct sip_msg *m, size_t row)
{
    const struct sip_header *h = &m->headers[row];
    const struct hdr_info *info = &hdr_info[h->id];
    struct check c = {.msg = m, .hdr = h->id};
    size_t fault = utf8_fault(h->value);
    if (fault != h->value.len) {
        note(&c, SIP_DEV_UTF8, view_sub(h->value, fault, fault + 1));
    }
    if (h->id == SIP_HDR_OTHER) {
        return;
    }
    if ((info->flags & HDR_ONCE) != 0 && sip_find(m, h->id, 0) != h) {
        add_dev(m, SIP_DEV_REPEATED_HEADER, h->id, h->off, h->len);
    }
    if (h->value.len == 0) {
        if ((info->flags & HDR_EMPTY) == 0) {
            note(&c, SIP_DEV_EMPTY_VALUE, h->value);
        }
        return;
    }
    if ((info->flags & HDR_LIST) == 0) {
        check_value(&c, h->value);
        return;
    }
    struct view rest = h->value;
    struct view v;
    while (sip_list_next(&rest, &v)) {
        if (v.len == 0) {
            note(&c, SIP_DEV_EMPTY_ELEMENT, v);
        } else {
            check_value(&c, v);
        }
    }
}

/* Fields that must be there: by method (NULL: any) and status (0: requests, -1:
 * any response, n < 10: n-hundreds). */
static const struct {
    const char *method;
    int status;
    enum sip_hdr hdr;
} mandatory[] = {
    {NULL, 0, SIP_HDR_VIA}, /* RFC 3261, 8.1.1 */
    {NULL, 0, SIP_HDR_MAX_FORWARDS},
    {NULL, 0, SIP_HDR_FROM},
    {NULL, 0, SIP_HDR_TO},
    {NULL, 0, SIP_HDR_CALL_ID},
    {NULL, 0, SIP_HDR_CSEQ},
    {NULL, -1, SIP_HDR_VIA}, /* 8.2.6.2 */
    {NULL, -1, SIP_HDR_FROM},
    {NULL, -1, SIP_HDR_TO},
    {NULL, -1, SIP_HDR_CALL_ID},
    {NULL, -1, SIP_HDR_CSEQ},
    {"INVITE", 0, SIP_HDR_CONTACT}, /* 8.1.1.8 */
    {"INVITE", 2, SIP_HDR_CONTACT}, /* 12.1.1 */
    {"UPDATE", 0, SIP_HDR_CONTACT}, /* RFC 3311, 7 */
    {"UPDATE", 2, SIP_HDR_CONTACT},
    {"SUBSCRIBE", 0, SIP_HDR_CONTACT}, /* RFC 6665, 4.1.2.1 */
    {"SUBSCRIBE", 0, SIP_HDR_EVENT},
    {"SUBSCRIBE", 2, SIP_HDR_EXPIRES}, /* 4.2.1.1 */
    {"NOTIFY", 0, SIP_HDR_CONTACT},
    {"NOTIFY", 0, SIP_HDR_EVENT}, /* 4.2.2 */
    {"NOTIFY", 0, SIP_HDR_SUBSCRIPTION_STATE},
    {"PRACK", 0, SIP_HDR_RACK}, /* RFC 3262, 7.2 */
    {NULL, 401, SIP_HDR_WWW_AUTHENTICATE},
    {NULL, 405, SIP_HDR_ALLOW},
    {NULL, 407, SIP_HDR_PROXY_AUTHENTICATE},
    {NULL, 420, SIP_HDR_UNSUPPORTED},
    {NULL, 423, SIP_HDR_MIN_EXPIRES},
    {NULL, 489, SIP_HDR_ALLOW_EVENTS}, /* RFC 6665, 8.3.2 */
};

static int status_applies(const struct sip_msg *m, int status)
{
    if (status == 0 || !m->is_response) {
        return status == 0 && !m->is_response;
    }
    return status < 0 || (status < 10 ? m->status / 100 : m->status) == status;
}

static void check_mandatory(struct sip_msg *m)
{
    for (size_t i = 0; i < sizeof mandatory / sizeof *mandatory; i++) {
        const char *method = mandatory[i].method;
        if ((method == NULL || sip_is(m->method, method)) &&
            status_applies(m, mandatory[i].status) &&
            sip_find(m, mandatory[i].hdr, 0) == NULL) {
            add_dev(m, SIP_DEV_MISSING_HEADER, mandatory[i].hdr, m->body_off,
                    0);
        }
    }
    /* RFC 3262, 3: a reliable provisional has its number. */
    if (m->is_response && m->status / 100 == 1 &&
        sip_has_token(m, SIP_HDR_REQUIRE, "100rel") &&
        sip_find(m, SIP_HDR_RSEQ, 0) == NULL) {
        add_dev(m, SIP_DEV_MISSING_HEADER, SIP_HDR_RSEQ, m->body_off, 0);
    }
}

static void check_body(struct sip_msg *m)
{
    const struct sip_header *type = sip_find(m, SIP_HDR_CONTENT_TYPE, 0);
    struct check c = {.msg = m, .hdr = SIP_HDR_CONTENT_TYPE};
    struct sip_part p;
    struct view boundary;
    struct sip_media_type t;
    if (m->body.len == 0) {
        return;
    }
    if (type == NULL) {
        note(&c, SIP_DEV_NO_CONTENT_TYPE, m->body);
        return;
    }
    if (sip_media_type(type->value, &t) != STATUS_OK ||
        !sip_is_nocase(t.type, "multipart")) {
        return;
    }
    if (!multipart_boundary(type->value, &boundary)) {
        note(&c, SIP_DEV_MULTIPART, type->value);
        return;
    }
    for (size_t i = 0; sip_body_part(m, i, &p); i++) {
        if (p.depth == 0) {
            note(&c, SIP_DEV_MULTIPART, m->body);
        } else if (p.unclosed) {
            note(&c, SIP_DEV_MULTIPART, view_tail(p.whole, p.whole.len));
        }
    }
}

void sip_check(struct sip_msg *msg, unsigned flags)
{
    if (msg->start_line.len == 0) {
        return;
    }
    if (!msg->is_response && msg->uri.len > 0) {
        struct check c = {.msg = msg, .hdr = SIP_HDR_OTHER};
        check_uri(&c, msg->uri);
    }
    for (size_t i = 0; i < msg->num_headers; i++) {
        check_header(msg, i);
    }
    check_mandatory(msg);
    if ((flags & SIP_CHECK_STREAM) != 0 &&
        sip_find(msg, SIP_HDR_CONTENT_LENGTH, 0) == NULL) {
        add_dev(msg, SIP_DEV_NO_LENGTH, SIP_HDR_CONTENT_LENGTH, msg->body_off,
                0);
    }
    check_body(msg);
}
