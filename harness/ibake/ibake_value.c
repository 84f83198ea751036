/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Values of edits: numbers, octets, payloads (docs/EDITS.md). */
#include "harness/ibake/ibake_int.h"

#include "harness/base/text.h"

#include <stdarg.h>
#include <stdio.h>

#define VALUE_MAX 65535 /* octets one value may stand for */

static enum status wrong(char why[200], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static enum status wrong(char why[200], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, 200, fmt, ap);
    va_end(ap);
    return STATUS_SYNTAX;
}

/* text begins with word; *rest is what follows. */
static int begins(const char *text, const char *word, const char **rest)
{
    size_t n = strlen(word);
    if (strncmp(text, word, n) != 0) {
        return 0;
    }
    *rest = text + n;
    return 1;
}

/* ---- numbers ---- */

static int parse_number(const char *text, uint64_t *out)
{
    unsigned base = 10;
    uint64_t v = 0;
    const char *p = text;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        base = 16;
        p += 2;
    }
    if (*p == '\0') {
        return 0;
    }
    for (; *p != '\0'; p++) {
        unsigned digit;
        if (*p >= '0' && *p <= '9') {
            digit = (unsigned)(*p - '0');
        } else if (base == 16 && *p >= 'a' && *p <= 'f') {
            digit = (unsigned)(*p - 'a') + 10;
        } else if (base == 16 && *p >= 'A' && *p <= 'F') {
            digit = (unsigned)(*p - 'A') + 10;
        } else {
            return 0;
        }
        if (v > (UINT64_MAX - digit) / base) {
            return 0;
        }
        v = v * base + digit;
    }
    *out = v;
    return 1;
}

enum status value_signed(const char *text, int64_t *out, char why[200])
{
    uint64_t v = 0;
    int minus = text[0] == '-';
    if (!parse_number(text + minus, &v) || v > INT32_MAX) {
        return wrong(why, "\"%.60s\" is no number", text);
    }
    *out = minus ? -(int64_t)v : (int64_t)v;
    return STATUS_OK;
}

enum status value_integer(struct ibake_draft *d, const char *text, uint64_t max,
                          uint64_t *out, char why[200])
{
    struct view v = {0};
    if (!parse_number(text, out)) {
        enum status st = value_octets(d, text, (struct view){0}, &v, why);
        if (st != STATUS_OK || d == NULL) {
            *out = 0;
            return st;
        }
        if (v.len > 8) {
            return wrong(why, "%zu octets are no number", v.len);
        }
        *out = get_be(v);
    }
    return *out <= max ? STATUS_OK
                       : wrong(why, "%llu is more than the field can hold",
                               (unsigned long long)*out);
}

/* ---- octets ---- */

static enum status keep(struct ibake_draft *d, const void *data, size_t len,
                        struct view *out)
{
    *out = arena_copy(&d->arena, (struct view){data, len});
    return out->data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status value_hex(struct ibake_draft *d, const char *hex,
                             struct view *out, char why[200])
{
    size_t digits = strlen(hex);
    size_t len = 0;
    if (digits % 2 != 0 || strspn(hex, "0123456789abcdefABCDEF") != digits ||
        digits / 2 > VALUE_MAX) {
        return wrong(why, "\"%.60s\" is no hex", hex);
    }
    if (d == NULL) {
        return STATUS_OK;
    }
    uint8_t *p = arena_alloc(&d->arena, digits / 2);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = hex_decode(p, digits / 2, &len, hex, digits);
    *out = (struct view){p, len};
    return st;
}

/* "now", "now-7s", "now+2d": seconds of the distance. */
static int parse_offset(const char *text, int64_t *seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t v = 0;
    if (*text == '\0') {
        *seconds = 0;
        return 1;
    }
    if (*text != '+' && *text != '-') {
        return 0;
    }
    size_t n = strspn(text + 1, "0123456789");
    if (n == 0 || n > 9 || text[1 + n] == '\0' || text[2 + n] != '\0') {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        v = v * 10 + (text[1 + i] - '0');
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].unit == text[1 + n]) {
            *seconds = (*text == '-' ? -v : v) * units[i].seconds;
            return 1;
        }
    }
    return 0;
}

static enum status value_now(struct ibake_draft *d, int64_t seconds,
                             struct view *out)
{
    uint8_t t[8];
    uint64_t ntp = ntp_from_us(env_now_us(d->cfg->env));
    put_be(t, ntp + ((uint64_t)seconds << 32), 8);
    return keep(d, t, sizeof t, out);
}

static enum status value_random(struct ibake_draft *d, size_t len,
                                struct view *out)
{
    uint8_t *p = arena_alloc(&d->arena, len);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    *out = (struct view){p, len};
    return len == 0 ? STATUS_OK : env_random(d->cfg->env, p, len);
}

static enum status value_zeros(struct ibake_draft *d, size_t len,
                               struct view *out)
{
    uint8_t *p = arena_alloc(&d->arena, len);
    *out = (struct view){p, len};
    return p != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status other_point(struct ibake_draft *d, struct view *out)
{
    struct ecdh_key k;
    enum status st = ecdh_generate(&k, d->curve, d->cfg->env);
    if (st == STATUS_OK) {
        st = keep(d, k.pub.octets, k.pub.len, out);
    }
    ecdh_key_wipe(&k);
    return st;
}

/* A valid x with a y one bit away: (y + 1)^2 = y^2 has one solution only, which
 * the check excludes. */
static enum status off_curve(struct ibake_draft *d, struct view *out)
{
    enum status st = other_point(d, out);
    if (st != STATUS_OK) {
        return st;
    }
    struct wr w;
    uint8_t buf[ECDH_MAX_POINT];
    for (uint8_t mask = 1; mask != 0; mask = (uint8_t)(mask << 1)) {
        wr_init_fixed(&w, buf, sizeof buf);
        wr_bytes(&w, out->data, out->len);
        buf[w.len - 1] ^= mask;
        if (ecdh_point_check(NULL, d->curve, (struct view){buf, w.len}) !=
            STATUS_OK) {
            return keep(d, buf, w.len, out);
        }
    }
    return STATUS_INTERNAL;
}

static enum status compressed(struct ibake_draft *d, const char *text,
                              struct view cur, struct view *out, char why[200])
{
    struct ecdh_point p;
    struct ecdh_point c;
    struct view v = {0};
    enum status st = value_octets(d, text, cur, &v, why);
    if (st != STATUS_OK || d == NULL) {
        return st;
    }
    if (ecdh_point_check(&p, d->curve, v) != STATUS_OK ||
        ecdh_compress(&c, &p) != STATUS_OK) {
        return wrong(why, "compressed: needs a point");
    }
    return keep(d, c.octets, c.len, out);
}

static enum status recorded(struct ibake_draft *d, const char *text,
                            struct view *out, char why[200])
{
    char name[128];
    size_t n = strcspn(text, "#");
    size_t len = 0;
    struct edit_target t;
    if (n == 0 || n >= sizeof name) {
        return wrong(why, "recorded: needs a name");
    }
    if (d == NULL) {
        return text[n] == '#' ? path_parse(&t, text + n + 1, why) : STATUS_OK;
    }
    memcpy(name, text, n);
    name[n] = '\0';
    const uint8_t *data =
        d->cfg->recorded != NULL
            ? d->cfg->recorded(d->cfg->recorded_ctx, name, &len)
            : NULL;
    if (data == NULL) {
        snprintf(why, 200, "nothing is recorded under \"%.60s\"", name);
        return STATUS_NOT_FOUND;
    }
    if (text[n] == '#') {
        return edit_copy_from(d, (struct view){data, len}, text + n + 1, out,
                              why);
    }
    return keep(d, data, len, out);
}

static enum status some_point(struct ibake_draft *d, const char *text,
                              struct view *out, char why[200])
{
    static const uint8_t infinity[] = {0};
    if (strcmp(text, "infinity") == 0) {
        *out = (struct view){infinity, sizeof infinity};
        return STATUS_OK;
    }
    if (strcmp(text, "other-point") == 0) {
        return other_point(d, out);
    }
    if (strcmp(text, "off-curve") == 0) {
        return off_curve(d, out);
    }
    *out = d->peer_point;
    if (strcmp(text, "own-point") == 0) {
        *out = (struct view){0};
        if (d->own_point != NULL) {
            *out = (struct view){d->own_point->octets, d->own_point->len};
        }
    }
    if (out->len == 0) {
        snprintf(why, 200, "there is no %s yet", text);
        return STATUS_NOT_FOUND;
    }
    return STATUS_OK;
}

static int is_point(const char *text)
{
    static const char *const words[] = {"own-point", "peer-point",
                                        "other-point", "off-curve", "infinity"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static enum status old_time(struct ibake_draft *d, const char *text,
                            struct view *out, char why[200])
{
    const struct ibake_ts *t = text[1] == '1' ? d->t1 : d->t2;
    if (t == NULL) {
        snprintf(why, 200, "there is no %s yet", text);
        return STATUS_NOT_FOUND;
    }
    *out = (struct view){t->value, t->len};
    return STATUS_OK;
}

static enum status counted(struct ibake_draft *d, const char *text,
                           const char *count, struct view *out, char why[200])
{
    uint64_t n = 0;
    if (!parse_number(count, &n) || n > VALUE_MAX) {
        return wrong(why, "\"%.60s\" needs a number of octets", text);
    }
    if (d == NULL) {
        return STATUS_OK;
    }
    return *text == 'r' ? value_random(d, (size_t)n, out)
                        : value_zeros(d, (size_t)n, out);
}

/* A bare number fills the field as it is long now; an empty one as its digits
 * say (0x0000 is two octets), or as short as can be. */
static enum status number_octets(struct ibake_draft *d, const char *text,
                                 uint64_t v, struct view cur, struct view *out)
{
    size_t len = cur.len;
    size_t digits = strlen(text);
    if (d == NULL) {
        return STATUS_OK;
    }
    if (len == 0 && digits > 2 && text[0] == '0') {
        len = text[1] == 'x' || text[1] == 'X' ? (digits - 1) / 2 : 0;
    }
    if (len == 0) {
        for (len = 1; len < 8 && v >> (8 * len) != 0; len++) {
        }
    }
    uint8_t *p = arena_alloc(&d->arena, len);
    if (p == NULL) {
        return STATUS_NO_MEMORY;
    }
    put_be(p, v, len);
    *out = (struct view){p, len};
    return STATUS_OK;
}

enum status value_octets(struct ibake_draft *d, const char *text,
                         struct view cur, struct view *out, char why[200])
{
    const char *rest;
    int64_t seconds = 0;
    uint64_t number = 0;
    struct edit_target t;
    if (begins(text, "hex:", &rest)) {
        return value_hex(d, rest, out, why);
    }
    if (begins(text, "text:", &rest) || begins(text, "id:", &rest)) {
        return d == NULL ? STATUS_OK : keep(d, rest, strlen(rest), out);
    }
    if (begins(text, "now", &rest) && parse_offset(rest, &seconds)) {
        return d == NULL ? STATUS_OK : value_now(d, seconds, out);
    }
    if (strcmp(text, "t1") == 0 || strcmp(text, "t2") == 0) {
        return d == NULL ? STATUS_OK : old_time(d, text, out, why);
    }
    if (is_point(text)) {
        return d == NULL ? STATUS_OK : some_point(d, text, out, why);
    }
    if (strcmp(text, "random") == 0) {
        return d == NULL ? STATUS_OK : value_random(d, cur.len, out);
    }
    if (begins(text, "random:", &rest) || begins(text, "zeros:", &rest)) {
        return counted(d, text, rest, out, why);
    }
    if (begins(text, "copy:", &rest)) {
        return d == NULL ? path_parse(&t, rest, why)
                         : edit_copy(d, rest, out, why);
    }
    if (begins(text, "recorded:", &rest)) {
        return recorded(d, rest, out, why);
    }
    if (begins(text, "compressed:", &rest)) {
        return compressed(d, rest, cur, out, why);
    }
    if (parse_number(text, &number)) {
        return number_octets(d, text, number, cur, out);
    }
    return wrong(why, "\"%.60s\" is no value", text);
}

/* Eight digits, or days from the date of T: "+1d", "-3d". */
enum status value_date(struct ibake_draft *d, const char *text,
                       struct view *out, char why[200])
{
    int64_t seconds = 0;
    uint64_t us = 0;
    char date[9];
    if (strlen(text) == 8 && strspn(text, "0123456789") == 8) {
        return d == NULL ? STATUS_OK : keep(d, text, 8, out);
    }
    if (*text == '\0' || !parse_offset(text, &seconds)) {
        return wrong(why, "\"%.60s\" is no date: write YYYYMMDD or -1d", text);
    }
    if (d == NULL) {
        return STATUS_OK;
    }
    draft_date(d, date);
    if (utc_parse(&us, date) != STATUS_OK) {
        return STATUS_INTERNAL;
    }
    utc_date(date, us + (uint64_t)seconds * 1000000);
    return keep(d, date, 8, out);
}

/* ---- payloads ---- */

static int parse_type(const char *name, size_t len, uint8_t *type)
{
    char digits[4];
    uint64_t v = 0;
    if (len == 0 || len >= sizeof digits) {
        return 0;
    }
    memcpy(digits, name, len);
    digits[len] = '\0';
    if (!parse_number(digits, &v) || v == 0 || v > 254) {
        return 0;
    }
    *type = (uint8_t)v;
    return 1;
}

static void payload_defaults(struct ibake_draft *d, struct ibake_item *it,
                             uint8_t role)
{
    switch (it->pl.type) {
    case MIKEY_PL_IDR:
        it->pl.u.idr.role = role != 0 ? role : MIKEY_ROLE_INITIATOR;
        it->pl.u.idr.type = d->cfg->profile.id_type;
        break;
    case MIKEY_PL_ID:
        it->pl.u.id.type = d->cfg->profile.id_type;
        break;
    case MIKEY_PL_ECCPT:
        it->pl.u.eccpt.curve = d->curve;
        break;
    case MIKEY_PL_SK:
        it->pl.u.sk.type = 1;
        break;
    case MIKEY_PL_KEY_DATA:
        it->pl.u.key_data.type = MIKEY_KEY_K_PR;
        break;
    case MIKEY_PL_V:
        it->pl.u.v.auth_alg = d->cfg->profile.mac_alg;
        break;
    case MIKEY_PL_KEMAC:
        it->pl.u.kemac.encr_alg = 1;
        break;
    default:
        break;
    }
}

enum status value_payload(struct ibake_draft *d, const char *text,
                          struct ibake_item *out, char why[200])
{
    const char *name;
    struct view v = {0};
    if (!begins(text, "payload:", &name)) {
        return wrong(why, "a payload is written payload:NAME:VALUE");
    }
    size_t len = strcspn(name, ":");
    const char *value = name[len] == ':' ? name + len + 1 : "hex:";
    const struct payload_name *n = payload_by_name(name, len);
    *out = (struct ibake_item){.form = ITEM_STRUCT};
    if (n != NULL) {
        out->pl.type = n->type;
        out->tag = n->role;
    } else if (parse_type(name, len, &out->pl.type)) {
        out->form = ITEM_BODY; /* a number: VALUE is all after Next payload */
    } else {
        return wrong(why, "there is no payload \"%.*s\"",
                     (int)(len < 60 ? len : 60), name);
    }
    if (out->pl.type == MIKEY_PL_ERR && n != NULL) {
        uint64_t error = 0;
        enum status st = value_integer(d, value, UINT8_MAX, &error, why);
        out->pl.u.err.error = (uint8_t)error;
        return st;
    }
    enum status st = value_octets(d, value, v, &v, why);
    if (st != STATUS_OK || d == NULL) {
        return st;
    }
    if (out->form == ITEM_BODY) {
        out->raw = v;
        return STATUS_OK;
    }
    payload_defaults(d, out, out->tag);
    struct view *octets = item_default_octets(out);
    if (octets != NULL) {
        *octets = v;
    }
    return STATUS_OK;
}
