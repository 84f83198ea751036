/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Typed values: Via, CSeq, name-addr, media types, Reason, Warning, digest. */
#include "harness/sip/sip_int.h"

/* word takes octets up to LWS or one of stop. */
static struct view word(struct view v, size_t *pos, const char *stop)
{
    size_t i = skip_lws(v, *pos);
    size_t begin = i;
    while (i < v.len && !is_lws(v.data[i]) &&
           (v.data[i] == '\0' || strchr(stop, (char)v.data[i]) == NULL)) {
        i++;
    }
    *pos = i;
    return view_sub(v, begin, i);
}

/* slash takes SLASH, which may have LWS on both sides. */
static int slash(struct view v, size_t *pos)
{
    size_t i = skip_lws(v, *pos);
    if (i < v.len && v.data[i] == '/') {
        *pos = i + 1;
        return 1;
    }
    return 0;
}

/* sent_by reads host [ COLON port ]. */
static int sent_by(struct view v, struct sip_via *out)
{
    size_t end = 0;
    if (v.len > 0 && v.data[0] == '[') {
        end = view_find(v, 0, ']');
        end += end < v.len;
    } else {
        while (end < v.len && v.data[end] != ':' && !is_lws(v.data[end])) {
            end++;
        }
    }
    out->host = view_sub(v, 0, end);
    struct view rest = sip_trim(view_tail(v, end));
    if (rest.len == 0) {
        return out->host.len > 0;
    }
    uint32_t port = 0;
    if (rest.data[0] != ':' ||
        sip_u32(sip_trim(view_tail(rest, 1)), &port) != STATUS_OK ||
        port > 65535) {
        return 0;
    }
    out->port = (uint16_t)port;
    return out->host.len > 0;
}

enum status sip_via(struct view v, struct sip_via *out)
{
    struct view none = view_sub(v, 0, 0);
    *out = (struct sip_via){.protocol = none,
                            .version = none,
                            .transport = none,
                            .host = none,
                            .params = none,
                            .branch = none,
                            .received = none,
                            .rport = none};
    size_t pos = 0;
    out->protocol = word(v, &pos, "/;");
    int ok = slash(v, &pos);
    out->version = word(v, &pos, "/;");
    ok &= slash(v, &pos);
    out->transport = word(v, &pos, "/;");
    size_t semi = view_find(v, pos, ';');
    ok &= sent_by(sip_trim(view_sub(v, pos, semi)), out);
    out->params = view_tail(v, semi);
    sip_param(out->params, "branch", &out->branch);
    sip_param(out->params, "received", &out->received);
    out->has_rport = sip_param(out->params, "rport", &out->rport);
    /* Compared without case: tokens are (RFC 3261, 7.3.1). */
    out->has_cookie = out->branch.len >= 7 &&
                      sip_is_nocase(view_sub(out->branch, 0, 7), "z9hG4bK");
    ok &=
        out->protocol.len > 0 && out->version.len > 0 && out->transport.len > 0;
    return ok ? STATUS_OK : STATUS_SYNTAX;
}

enum status sip_cseq(struct view v, struct sip_cseq *out)
{
    size_t pos = 0;
    struct view num = word(v, &pos, "");
    out->num = 0;
    enum status s = sip_u32(num, &out->num);
    out->method = sip_trim(view_tail(v, pos));
    if (!view_all(out->method, CC_TOKEN)) {
        s = STATUS_SYNTAX;
    }
    return s;
}

enum status sip_rack(struct view v, struct sip_rack *out)
{
    size_t pos = 0;
    *out = (struct sip_rack){.method = view_sub(v, 0, 0)};
    enum status s = sip_u32(word(v, &pos, ""), &out->rseq);
    if (s == STATUS_OK) {
        s = sip_u32(word(v, &pos, ""), &out->num);
    }
    out->method = sip_trim(view_tail(v, pos));
    return s == STATUS_OK && view_all(out->method, CC_TOKEN) ? STATUS_OK
                                                             : STATUS_SYNTAX;
}

/* open_angle finds "<" outside a quoted display name; v.len if there is none.
 */
static size_t open_angle(struct view v, int *bad)
{
    size_t i = skip_lws(v, 0);
    if (i < v.len && v.data[i] == '"') {
        size_t end = quoted_end(v, i);
        if (end > v.len) {
            *bad = 1;
            end = i + 1;
        }
        i = end;
    }
    return view_find(v, i, '<');
}

enum status sip_addr(struct view v, struct sip_addr *out)
{
    v = sip_trim(v);
    struct view none = view_sub(v, 0, 0);
    *out = (struct sip_addr){
        .display = none, .uri = none, .params = none, .bare = v, .tag = none};
    int bad = 0;
    if (sip_is(v, "*")) {
        out->is_star = 1;
        return STATUS_OK;
    }
    size_t open = open_angle(v, &bad);
    if (open < v.len) {
        size_t close = view_find(v, open, '>');
        out->has_angle = 1;
        out->display = sip_trim(view_sub(v, 0, open));
        out->uri = view_sub(v, open + 1, close);
        bad |= close == v.len;
        close += close < v.len;
        out->bare = view_sub(v, 0, close);
        out->params = sip_trim(view_tail(v, close));
        bad |= out->params.len > 0 && out->params.data[0] != ';';
    } else {
        size_t semi = view_find(v, 0, ';');
        out->uri = sip_trim(view_sub(v, 0, semi));
        out->bare = out->uri;
        out->params = view_tail(v, semi);
    }
    sip_param(out->params, "tag", &out->tag);
    return bad || out->uri.len == 0 ? STATUS_SYNTAX : STATUS_OK;
}

enum status sip_token_params(struct view v, struct sip_token_params *out)
{
    size_t semi = view_find(v, 0, ';');
    out->token = sip_trim(view_sub(v, 0, semi));
    out->params = view_tail(v, semi);
    return view_all(out->token, CC_TOKEN) ? STATUS_OK : STATUS_SYNTAX;
}

enum status sip_media_type(struct view v, struct sip_media_type *out)
{
    size_t semi = view_find(v, 0, ';');
    struct view head = sip_trim(view_sub(v, 0, semi));
    size_t cut = view_find(head, 0, '/');
    out->type = sip_trim(view_sub(head, 0, cut));
    out->subtype = sip_trim(view_tail(head, cut < head.len ? cut + 1 : cut));
    out->params = view_tail(v, semi);
    return view_all(out->type, CC_TOKEN) && view_all(out->subtype, CC_TOKEN)
               ? STATUS_OK
               : STATUS_SYNTAX;
}

int sip_type_is(struct view content_type, const char *type)
{
    struct sip_media_type a;
    struct sip_media_type b;
    if (sip_is(content_type, type)) {
        return 1; /* as most are written */
    }
    size_t first = skip_lws(content_type, 0);
    if (first == content_type.len ||
        lower(content_type.data[first]) != lower((uint8_t)type[0])) {
        return 0;
    }
    return sip_media_type(content_type, &a) == STATUS_OK &&
           sip_media_type(sip_text(type), &b) == STATUS_OK &&
           sip_same_nocase(a.type, b.type) &&
           sip_same_nocase(a.subtype, b.subtype);
}

int sip_content_is(const struct sip_msg *msg, const char *type)
{
    const struct sip_header *h = sip_find(msg, SIP_HDR_CONTENT_TYPE, 0);
    return h != NULL && sip_type_is(h->value, type);
}

enum status sip_reason_value(struct view v, struct sip_reason_value *out)
{
    struct sip_token_params t;
    enum status s = sip_token_params(v, &t);
    struct view cause;
    uint32_t n = 0;
    *out = (struct sip_reason_value){.protocol = t.token,
                                     .cause = -1,
                                     .text = view_sub(v, 0, 0),
                                     .params = t.params};
    if (sip_param(t.params, "cause", &cause)) {
        if (sip_u32(cause, &n) == STATUS_OK && n <= INT32_MAX) {
            out->cause = (int)n;
        } else {
            s = STATUS_SYNTAX;
        }
    }
    sip_param(t.params, "text", &out->text);
    return s;
}

enum status sip_warning(struct view v, struct sip_warning *out)
{
    size_t pos = 0;
    struct view code = word(v, &pos, "");
    uint32_t n = 0;
    enum status s = code.len == 3 ? sip_u32(code, &n) : STATUS_SYNTAX;
    out->code = (int)n;
    out->agent = word(v, &pos, "\"");
    out->text = sip_trim(view_tail(v, pos));
    if (out->agent.len == 0 || out->text.len < 2 || out->text.data[0] != '"' ||
        quoted_end(out->text, 0) != out->text.len) {
        s = STATUS_SYNTAX;
    }
    return s;
}

enum status sip_auth(struct view v, struct sip_auth *out)
{
    size_t pos = 0;
    out->scheme = word(v, &pos, ",=\"");
    out->params = sip_trim(view_tail(v, pos));
    return view_all(out->scheme, CC_TOKEN) && out->params.len > 0
               ? STATUS_OK
               : STATUS_SYNTAX;
}

int sip_auth_param(const struct sip_auth *a, const char *name,
                   struct view *value)
{
    struct view rest = a->params;
    struct view item;
    while (sip_list_next(&rest, &item)) {
        struct sip_param p;
        split_param(item, &p);
        if (sip_is_nocase(p.name, name)) {
            *value = p.value;
            return 1;
        }
    }
    return 0;
}

int sip_feature(struct view params, const char *tag, struct view *value)
{
    struct sip_param p;
    if (*tag == '+') {
        tag++;
    }
    while (sip_param_next(&params, &p)) {
        struct view name = p.name;
        if (name.len > 0 && name.data[0] == '+') {
            name = view_tail(name, 1);
        }
        if (sip_is_nocase(name, tag)) {
            if (value != NULL) {
                *value = sip_unquoted(p.value);
            }
            return 1;
        }
    }
    return 0;
}

/* RFC 3840, 10.1 and 10.17: automata is boolean, "FALSE" negates it. */
int sip_is_message_taker(struct view params)
{
    struct view automata;
    struct view actor;
    return sip_feature(params, "automata", &automata) &&
           !sip_is_nocase(automata, "FALSE") &&
           sip_feature(params, "actor", &actor) &&
           sip_is_nocase(actor, "msg-taker");
}
