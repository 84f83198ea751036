/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Finds MIKEY messages in whatever somebody has at hand. */
#include "harness/cli/decode.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/sip/sdp.h"
#include "harness/sip/sip.h"

#include <string.h>

#define STRING_OF(x) #x
#define DIGITS_OF(x) STRING_OF(x)
#define LIMIT_SDP                                                              \
    DIGITS_OF(SDP_MAX_LINES) " lines or " DIGITS_OF(SDP_MAX_MEDIA) " media"
/* Each part is found from the beginning of the body. */
#define MAX_PARTS 256

/* Adds an item with its texts; takes where and note over, also on failure. */
static struct decode_item *add_item(struct decode_set *set, char *where,
                                    char *note)
{
    struct decode_item **items =
        mem_resize(set->items, (set->num + 1) * sizeof *items);
    if (items != NULL) {
        set->items = items;
    }
    struct decode_item *item =
        items != NULL && where != NULL ? mem_alloc(sizeof *item) : NULL;
    if (item == NULL) {
        mem_free(where);
        mem_free(note);
        return NULL;
    }
    decode_tidy(note);
    item->where = where;
    item->note = note;
    set->items[set->num++] = item;
    return item;
}

void decode_tidy(char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || (unsigned char)*text > '~') {
            *text = '?';
        }
    }
}

static int is_i_r(uint8_t data_type)
{
    return data_type >= MIKEY_DT_I_MESSAGE_1 &&
           data_type <= MIKEY_DT_R_MESSAGE_2;
}

/* Decodes the octets, which the item owns from now on. */
static enum status fill(struct decode_item *item, uint8_t *data, size_t len)
{
    if (data == NULL) {
        return STATUS_NO_MEMORY;
    }
    item->data = data;
    item->len = len;
    mikey_decode(&item->msg, data, len, &item->err);
    if (item->err.status == STATUS_OK && is_i_r(item->msg.hdr.data_type)) {
        mikey_i_r_rules(&item->msg, &item->rules);
    }
    return STATUS_OK;
}

int decode_bad(const struct decode_item *item)
{
    return item->problem != NULL || item->err.status != STATUS_OK ||
           item->rules.status != STATUS_OK;
}

static enum status fill_base64(struct decode_item *item, struct view text)
{
    size_t len = 0;
    uint8_t *data = mem_alloc(text.len / 4 * 3 + 3);
    if (data == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (base64_decode(data, &len, (const char *)text.data, text.len) ==
        STATUS_OK) {
        return fill(item, data, len);
    }
    mem_free(data);
    if (len < text.len) {
        item->problem =
            mem_printf("not base64 at character %zu of %zu", len + 1, text.len);
    } else {
        item->problem =
            mem_printf("not base64: %zu characters, no multiple of 4", len);
    }
    return item->problem != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* What lies beyond the limits of this program is named, not passed over. */
static enum status add_limit(struct decode_set *set, const char *name,
                             const char *what)
{
    struct decode_item *item = add_item(set, mem_strdup(name), NULL);
    if (item != NULL) {
        item->problem = mem_printf("%s: the rest is not looked at", what);
    }
    return item != NULL && item->problem != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- SDP ---- */

/* What is wrong with an a=key-mgmt line short of its base64. */
static char *key_mgmt_note(const struct sdp_key_mgmt *km)
{
    if (km->spaces_before > 1 || (!km->no_data && km->spaces_between != 1)) {
        return mem_strdup("spaces other than 0*1SP prtcl-id SP data (RFC 4567, "
                          "3.1)");
    }
    if (km->bad_id) {
        return mem_strdup("the protocol identifier has other characters than "
                          "letters and digits (RFC 4567, 3.1)");
    }
    if (!km->is_mikey) {
        return mem_printf("protocol identifier \"%.*s\", not \"mikey\"",
                          (int)km->protocol.len,
                          (const char *)km->protocol.data);
    }
    return km->trailing_space
               ? mem_strdup("white space after the data (RFC 4567, 3.1)")
               : NULL;
}

static enum status add_key_mgmt(struct decode_set *set,
                                const struct sdp_key_mgmt *km, char *where)
{
    struct decode_item *item = add_item(set, where, key_mgmt_note(km));
    if (item == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (km->no_data || km->data.len == 0) {
        item->problem = mem_strdup("no data after the protocol identifier");
        return item->problem != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    return fill_base64(item, km->data);
}

/* Whether there was more than fits: 256 lines, 16 media. */
static int sdp_cut(const struct sdp *s)
{
    size_t media = 0;
    size_t end = 0;
    for (size_t i = 0; i < s->num_lines; i++) {
        const struct sdp_line *l = &s->lines[i];
        media += l->type == 'm';
        end = (size_t)l->off + l->len;
    }
    return media > SDP_MAX_MEDIA || end < s->raw.len;
}

static enum status collect_sdp(struct decode_set *set, const char *name,
                               struct view octets, size_t base)
{
    struct sdp *s = mem_alloc(sizeof *s);
    enum status st = s != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    if (s != NULL) {
        sdp_parse(s, octets);
    }
    int levels = s != NULL ? (int)s->num_media : 0;
    for (int level = SDP_SESSION; st == STATUS_OK && level < levels; level++) {
        struct sdp_key_mgmt km;
        for (size_t n = 0; st == STATUS_OK && sdp_key_mgmt(s, level, n, &km);
             n++) {
            size_t at = base + sdp_off(s, km.data);
            char *where =
                level == SDP_SESSION
                    ? mem_printf("%s: a=key-mgmt at session level, octet %zu",
                                 name, at)
                    : mem_printf("%s: a=key-mgmt of media %d, octet %zu", name,
                                 level + 1, at);
            st = add_key_mgmt(set, &km, where);
        }
    }
    if (st == STATUS_OK && sdp_cut(s)) {
        st = add_limit(set, name, "more than " LIMIT_SDP);
    }
    mem_free(s);
    return st;
}

/* ---- SIP ---- */

static int is_text(struct view v)
{
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] != '\t' && v.data[i] != '\r' && v.data[i] != '\n' &&
            (v.data[i] < 0x20 || v.data[i] > 0x7e)) {
            return 0;
        }
    }
    return 1;
}

static enum status collect_mikey_part(struct decode_set *set, const char *name,
                                      const struct sip_msg *m,
                                      const struct sip_part *part)
{
    struct wr w;
    size_t len = 0;
    wr_init(&w);
    struct decode_item *item =
        add_item(set,
                 mem_printf("%s: application/mikey, octet %u", name,
                            (unsigned)sip_off(m, part->body)),
                 NULL);
    if (item == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status st = sip_part_decode(part, &w);
    if (st != STATUS_OK) {
        wr_cleanup(&w);
        item->problem = mem_printf("its Content-Transfer-Encoding \"%.*s\" "
                                   "cannot be undone",
                                   (int)part->encoding.len,
                                   (const char *)part->encoding.data);
        decode_tidy(item->problem);
        return item->problem != NULL && st != STATUS_NO_MEMORY
                   ? STATUS_OK
                   : STATUS_NO_MEMORY;
    }
    uint8_t *data = wr_take(&w, &len);
    if (data != NULL && len > 0 && data[0] != 1 &&
        is_text((struct view){data, len})) {
        item->note = mem_strdup("text in a part that does not say base64");
        st = fill_base64(item, sip_trim((struct view){data, len}));
        mem_free(data);
        return st;
    }
    return fill(item, data, len);
}

static enum status collect_sip(struct decode_set *set, const char *name,
                               const struct sip_msg *m)
{
    struct sip_part part;
    enum status st = STATUS_OK;
    for (size_t n = 0; st == STATUS_OK && sip_body_part(m, n, &part); n++) {
        if (n == MAX_PARTS) {
            return add_limit(set, name,
                             "more than " DIGITS_OF(MAX_PARTS) " body parts");
        }
        if (sip_type_is(part.content_type, "application/mikey")) {
            st = collect_mikey_part(set, name, m, &part);
        } else if (sip_type_is(part.content_type, "application/sdp")) {
            st = collect_sdp(set, name, part.body, sip_off(m, part.body));
        }
    }
    return st;
}

/* ---- text ---- */

static int starts(struct view v, const char *text)
{
    size_t n = strlen(text);
    return v.len >= n && memcmp(v.data, text, n) == 0;
}

/* Takes the next line off rest, without its end. */
static int next_line(struct view *rest, struct view *line)
{
    if (rest->len == 0) {
        return 0;
    }
    const uint8_t *lf = memchr(rest->data, '\n', rest->len);
    size_t n = lf != NULL ? (size_t)(lf - rest->data) : rest->len;
    size_t used = lf != NULL ? n + 1 : n;
    *line = (struct view){rest->data, n};
    while (line->len > 0 && line->data[line->len - 1] == '\r') {
        line->len--;
    }
    *rest = (struct view){rest->data + used, rest->len - used};
    return 1;
}

/* Lines that stand alone: "a=key-mgmt:mikey …", "key-mgmt:mikey …", "mikey …".
 */
static enum status collect_lines(struct decode_set *set, const char *name,
                                 struct view octets)
{
    static const char *const forms[] = {"a=key-mgmt:", "key-mgmt:", ""};
    struct view rest = octets;
    struct view line;
    enum status st = STATUS_OK;
    for (unsigned no = 1; st == STATUS_OK && next_line(&rest, &line); no++) {
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
            struct sdp_key_mgmt km;
            size_t skip = strlen(forms[i]);
            struct view value = {line.data + skip, line.len - skip};
            if (!starts(line, forms[i]) ||
                (skip == 0 && !starts(line, "mikey "))) {
                continue;
            }
            memset(&km, 0, sizeof km);
            sdp_key_mgmt_text(value, &km);
            st = add_key_mgmt(set, &km, mem_printf("%s: line %u", name, no));
            break;
        }
    }
    return st;
}

/* Everything but white space (and, for hex, colons and 0x in front). */
static uint8_t *squeeze(struct view octets, int hex, size_t *out_len)
{
    uint8_t *out = mem_alloc(octets.len + 1);
    size_t n = 0;
    for (size_t i = 0; out != NULL && i < octets.len; i++) {
        uint8_t c = octets.data[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n' &&
            !(hex && c == ':')) {
            out[n++] = c;
        }
    }
    if (hex && n >= 2 && out[0] == '0' && (out[1] | 32) == 'x') {
        memmove(out, out + 2, n - 2);
        n -= 2;
    }
    *out_len = n;
    return out;
}

static int all_hex(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = text[i];
        int lower = c | 32;
        if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'f')) {
            return 0;
        }
    }
    return len > 0 && len % 2 == 0;
}

/* Hex digits are taken as hex: base64 of a version 1 message begins with A and,
 * for every assigned data type, goes on with a letter that is no hex digit. */
static enum status collect_blob(struct decode_set *set, const char *name,
                                struct view octets)
{
    size_t len = 0;
    enum status st = STATUS_NO_MEMORY;
    uint8_t *text = squeeze(octets, 1, &len);
    struct decode_item *item = NULL;
    if (text != NULL && all_hex(text, len)) {
        size_t n = 0;
        uint8_t *data = mem_alloc(len / 2);
        item = add_item(set, mem_printf("%s: hex", name), NULL);
        if (item != NULL && data != NULL &&
            hex_decode(data, len / 2, &n, (const char *)text, len) ==
                STATUS_OK) {
            st = fill(item, data, n);
        } else {
            mem_free(data);
        }
        mem_free(text);
        return st;
    }
    mem_free(text);
    text = squeeze(octets, 0, &len);
    item = text != NULL ? add_item(set, mem_printf("%s: base64", name), NULL)
                        : NULL;
    if (item != NULL) {
        st = fill_base64(item, (struct view){text, len});
    }
    mem_free(text);
    return st;
}

static int has_start_line(const struct sip_msg *m)
{
    for (size_t i = 0; i < m->num_devs; i++) {
        if (m->devs[i].kind == SIP_DEV_START_LINE ||
            m->devs[i].kind == SIP_DEV_EMPTY) {
            return 0;
        }
    }
    return 1;
}

static enum status collect_binary(struct decode_set *set, const char *name,
                                  struct view octets)
{
    struct decode_item *item =
        add_item(set, mem_printf("%s: binary", name), NULL);
    if (item == NULL) {
        return STATUS_NO_MEMORY;
    }
    return fill(item, mem_dup(octets.data, octets.len), octets.len);
}

/* All of the above, the most telling form first. */
static enum status collect(struct decode_set *set, const char *name,
                           struct view octets)
{
    size_t before = set->num;
    struct sip_msg *m = mem_alloc(sizeof *m);
    if (m == NULL) {
        return STATUS_NO_MEMORY;
    }
    sip_parse(m, octets.data, octets.len);
    int sip = octets.data[0] != 1 && has_start_line(m);
    enum status st = sip ? collect_sip(set, name, m) : STATUS_OK;
    mem_free(m);
    if (sip || st != STATUS_OK) {
        return st;
    }
    /* SDP may be in any character set; a message begins with its version, 1 */
    int sdp = starts(octets, "v=");
    if (!sdp && !is_text(octets)) {
        return collect_binary(set, name, octets);
    }
    if (sdp) {
        st = collect_sdp(set, name, octets, 0);
    }
    if (st == STATUS_OK && set->num == before) {
        st = collect_lines(set, name, octets);
    }
    if (st == STATUS_OK && set->num == before && !sdp) {
        st = collect_blob(set, name, octets);
    }
    return st;
}

enum status decode_collect(struct decode_set *set, const char *name,
                           struct view octets)
{
    size_t before = set->num;
    if (octets.len == 0) {
        return STATUS_NOT_FOUND;
    }
    enum status st = collect(set, name, octets);
    if (st == STATUS_OK && set->num == before) {
        st = STATUS_NOT_FOUND;
    }
    return st;
}

void decode_clear(struct decode_set *set)
{
    for (size_t i = 0; i < set->num; i++) {
        struct decode_item *item = set->items[i];
        mem_free(item->where);
        mem_free(item->note);
        mem_free(item->problem);
        mem_free(item->data);
        mem_free(item);
    }
    mem_free(set->items);
    *set = (struct decode_set){0};
}
