/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Prints decoded messages as a tree or as JSON. */
#include "harness/cli/decode.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <jansson.h>
#include <stdio.h>

#define INDENT 4

/* ---- text ---- */

static void out(struct wr *w)
{
    if (w->err == STATUS_OK && w->len > 0) {
        fwrite(w->data, 1, w->len, stdout);
    } else if (w->err != STATUS_OK) {
        fprintf(stderr, "latchkey decode: %s\n", status_name(w->err));
    }
    wr_cleanup(w);
}

static void print_error(const char *word, const struct mikey_error *err)
{
    struct wr w;
    wr_init(&w);
    wr_printf(&w, "%s", word);
    mikey_error_text(err, &w);
    wr_str(&w, "\n");
    out(&w);
}

/* Returns whether the payload opened to something malformed. */
static int print_inside(const struct decode_keys *keys,
                        const struct decode_item *item,
                        const struct mikey_payload *pl)
{
    struct decode_inside *in = mem_alloc(sizeof *in);
    struct wr w;
    int bad = 0;
    if (in == NULL) {
        fprintf(stderr, "latchkey decode: %s\n", status_name(STATUS_NO_MEMORY));
        return 1;
    }
    if (decode_open(keys, item, pl, in)) {
        printf("%*s%s\n", INDENT, "", in->how);
        wr_init(&w);
        if (in->opened) {
            mikey_chain_text(&in->chain, INDENT, &w);
        }
        out(&w);
        bad = in->opened && in->status != STATUS_OK;
        if (bad) {
            printf("%*s", INDENT, "");
            print_error("malformed inside: ", &in->err);
        }
    }
    decode_inside_cleanup(in);
    mem_free(in);
    return bad;
}

static void print_rest(const struct decode_item *item)
{
    size_t off = item->err.offset;
    size_t n = item->len > off ? item->len - off : 0;
    size_t show = n < 32 ? n : 32;
    char hex[65];
    if (n > 0) {
        hex_encode(hex, item->data + off, show);
        printf("from octet %zu: %s%s\n", off, hex, n > show ? "..." : "");
    }
}

/* Returns whether the message is unsound, outside or inside. */
static int print_item(const struct decode_keys *keys,
                      const struct decode_item *item)
{
    const struct mikey_msg *m = &item->msg;
    struct wr w;
    int bad = decode_bad(item);
    printf("# %s", item->where);
    printf(item->data != NULL ? ", %zu octets\n" : "\n", item->len);
    if (item->note != NULL) {
        printf("note: %s\n", item->note);
    }
    if (item->problem != NULL) {
        printf("malformed: %s\n", item->problem);
        return bad;
    }
    wr_init(&w);
    if (item->len >= 10) {
        mikey_hdr_text(&m->hdr, &w);
    }
    out(&w);
    for (size_t i = 0; i < m->num_payloads; i++) {
        wr_init(&w);
        mikey_payload_text(&m->payloads[i], 0, &w);
        out(&w);
        bad |= print_inside(keys, item, &m->payloads[i]);
    }
    if (item->err.status != STATUS_OK) {
        print_rest(item);
        print_error("malformed: ", &item->err);
    } else if (item->rules.status != STATUS_OK) {
        print_error("malformed: ", &item->rules);
    }
    return bad;
}

size_t decode_print_text(const struct decode_keys *keys)
{
    size_t bad = 0;
    for (size_t i = 0; i < keys->set->num; i++) {
        if (i > 0) {
            printf("\n");
        }
        bad += (size_t)print_item(keys, keys->set->items[i]);
    }
    return bad;
}

/* ---- JSON ---- */

static json_t *hex_json(struct view v)
{
    char *hex = hex_new(v.data, v.len);
    json_t *j = hex != NULL ? json_string(hex) : NULL;
    mem_free(hex);
    return j;
}

static json_t *text_json(const struct mikey_field *f)
{
    struct wr w;
    wr_init(&w);
    mikey_field_value(f, &w);
    json_t *j = w.err == STATUS_OK && w.data != NULL
                    ? json_stringn((const char *)w.data, w.len)
                    : json_string("");
    wr_cleanup(&w);
    return j;
}

static int field_json(void *ctx, const struct mikey_field *f)
{
    json_t *j = json_pack("{s:s, s:i, s:i}", "name", f->name, "offset",
                          (int)f->range.off, "len", (int)f->range.len);
    if (f->bits != 0) {
        json_object_set_new(j, "bit", json_integer(f->bit));
        json_object_set_new(j, "bits", json_integer(f->bits));
    }
    if (f->nth != 0) {
        json_object_set_new(j, "nth", json_integer(f->nth));
    }
    if (f->form == MIKEY_FORM_UINT || f->form == MIKEY_FORM_HEX) {
        json_object_set_new(j, "value", json_integer((json_int_t)f->value));
    } else {
        json_object_set_new(j, "hex", hex_json(f->octets));
    }
    if (f->form != MIKEY_FORM_OCTETS) {
        json_object_set_new(j, "text", text_json(f));
    }
    json_array_append_new(ctx, j);
    return 0;
}

static json_t *error_json(const struct mikey_error *err)
{
    const char *name =
        err->payload == 0xff ? "HDR" : mikey_payload_name(err->payload);
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:i, s:s}", "status", status_name(err->status),
        "type", err->payload, "payload", name != NULL ? name : "", "field",
        err->field != NULL ? err->field : "", "offset", (int)err->offset,
        "clause", err->clause != NULL ? err->clause : "");
}

static json_t *payload_json(const struct mikey_payload *pl)
{
    json_t *fields = json_array();
    const char *name = mikey_payload_name(pl->type);
    mikey_payload_fields(pl, field_json, fields);
    json_t *j = json_pack("{s:s, s:i, s:i, s:i, s:o}", "payload",
                          name != NULL ? name : "", "type", pl->type, "offset",
                          (int)pl->range.off, "len", (int)pl->range.len,
                          "fields", fields);
    if (pl->type == MIKEY_PL_ECCPT) {
        json_object_set_new(j, "padded_from_point",
                            json_boolean(pl->u.eccpt.padded_from_point));
    }
    return j;
}

/* Returns whether the payload opened to something malformed. */
static int inside_json(const struct decode_keys *keys,
                       const struct decode_item *item,
                       const struct mikey_payload *pl, json_t *j)
{
    struct decode_inside *in = mem_alloc(sizeof *in);
    if (in == NULL || !decode_open(keys, item, pl, in)) {
        int lost = in == NULL;
        mem_free(in);
        return lost;
    }
    json_t *inside =
        json_pack("{s:b, s:s}", "opened", in->opened, "how", in->how);
    if (in->opened) {
        json_t *list = json_array();
        for (size_t i = 0; i < in->chain.num_payloads; i++) {
            json_array_append_new(list, payload_json(&in->chain.payloads[i]));
        }
        json_object_set_new(inside, "payloads", list);
        json_object_set_new(
            inside, "plaintext",
            hex_json((struct view){in->plain.data, in->plain.len}));
    }
    int bad = in->opened && in->status != STATUS_OK;
    if (bad) {
        json_object_set_new(inside, "error", error_json(&in->err));
    }
    json_object_set_new(j, "inside", inside);
    decode_inside_cleanup(in);
    mem_free(in);
    return bad;
}

/* Names of files need not be UTF-8. */
static json_t *where_json(const char *where)
{
    json_t *j = json_string(where);
    char *copy = j == NULL ? mem_strdup(where) : NULL;
    if (copy != NULL) {
        decode_tidy(copy);
        j = json_string(copy);
    }
    mem_free(copy);
    return j;
}

static json_t *item_json(const struct decode_keys *keys,
                         const struct decode_item *item, int *bad)
{
    const struct mikey_msg *m = &item->msg;
    json_t *j = json_object();
    *bad = decode_bad(item);
    json_object_set_new(j, "where", where_json(item->where));
    json_object_set_new(j, "ok", json_boolean(!*bad));
    json_t *list = json_array();
    if (item->note != NULL) {
        json_object_set_new(j, "note", json_string(item->note));
    }
    if (item->problem != NULL) {
        json_object_set_new(j, "problem", json_string(item->problem));
    }
    if (item->data != NULL) {
        json_object_set_new(j, "octets",
                            hex_json((struct view){item->data, item->len}));
    }
    if (item->len >= 10) {
        const char *name = mikey_data_type_name(m->hdr.data_type);
        json_t *fields = json_array();
        mikey_hdr_fields(&m->hdr, field_json, fields);
        json_object_set_new(j, "message",
                            name != NULL ? json_string(name) : json_null());
        json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:o}", "payload",
                                              "HDR", "offset", 0, "len",
                                              (int)(10 + m->hdr.map_info.len),
                                              "fields", fields));
    }
    for (size_t i = 0; i < m->num_payloads; i++) {
        json_t *pl = payload_json(&m->payloads[i]);
        *bad |= inside_json(keys, item, &m->payloads[i], pl);
        json_array_append_new(list, pl);
    }
    json_object_set_new(j, "ok", json_boolean(!*bad));
    json_object_set_new(j, "payloads", list);
    if (item->err.status != STATUS_OK) {
        json_object_set_new(j, "error", error_json(&item->err));
    } else if (item->rules.status != STATUS_OK) {
        json_object_set_new(j, "error", error_json(&item->rules));
    }
    return j;
}

size_t decode_print_json(const struct decode_keys *keys)
{
    size_t bad = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < keys->set->num; i++) {
        int unsound = 0;
        json_array_append_new(list,
                              item_json(keys, keys->set->items[i], &unsound));
        bad += (size_t)unsound;
    }
    json_t *root = json_pack("{s:o}", "messages", list);
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    printf("\n");
    json_decref(root);
    return bad;
}
