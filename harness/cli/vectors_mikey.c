/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Known answers for MIKEY: PRF, keys, MAC, key transport, ECDH, messages. */
#include "harness/cli/vectors.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/crypto/ecdh.h"
#include "harness/crypto/kdf.h"
#include "harness/mikey/mikey.h"

#include <stdio.h>
#include <string.h>

/* Octets wanted: those of the field out, or of the number outLen. */
static int out_len(struct vec *v, size_t *len)
{
    struct view want;
    uint64_t n = 0;
    if (vec_has(v, "outLen")) {
        if (!vec_number(v, v->test, "outLen", 1 << 20, &n)) {
            return 0;
        }
        *len = (size_t)n;
        return 1;
    }
    if (!vec_hex(v, v->test, "out", &want)) {
        return 0;
    }
    *len = want.len;
    return 1;
}

static struct wr *filled(struct vec *v, size_t len)
{
    struct wr *w = vec_buf(v);
    if (w != NULL) {
        wr_fill(w, 0, len + 1);
        w->len = w->err == STATUS_OK ? len : 0;
    }
    return w;
}

static int id32(struct vec *v, const char *name, uint32_t *out)
{
    struct view o;
    struct rd r;
    if (!vec_hex(v, v->test, name, &o)) {
        return 0;
    }
    rd_init(&r, o.data, o.len);
    if (rd_u32(&r, out) != STATUS_OK || rd_left(&r) != 0) {
        vec_bad(v, "csbId and constant have 4 octets");
        return 0;
    }
    return 1;
}

static enum vec_outcome mikey_prf(struct vec *v)
{
    struct view inkey, label;
    uint64_t prf = 0;
    size_t len = 0;
    if (!vec_number(v, v->test, "prf", 127, &prf) ||
        !vec_hex(v, v->test, "inkey", &inkey) ||
        !vec_hex(v, v->test, "label", &label) || !out_len(v, &len)) {
        return VEC_BAD;
    }
    struct wr *w = filled(v, len);
    if (w == NULL || w->err != STATUS_OK) {
        return VEC_ERROR;
    }
    enum vec_outcome o =
        vec_status(v, kdf_prf(w->data, len, (uint8_t)prf, inkey, label));
    return o == VEC_DONE ? vec_same(v, "out", vec_view(w)) : o;
}

static enum vec_outcome mikey_key(struct vec *v)
{
    struct view inkey, rnd, cs;
    uint64_t prf = 0;
    uint32_t constant = 0;
    uint32_t csb = 0;
    size_t len = 0;
    if (!vec_number(v, v->test, "prf", 127, &prf) ||
        !vec_hex(v, v->test, "inkey", &inkey) ||
        !id32(v, "constant", &constant) || !vec_hex(v, v->test, "csId", &cs) ||
        !id32(v, "csbId", &csb) || !vec_hex(v, v->test, "rand", &rnd) ||
        !out_len(v, &len)) {
        return VEC_BAD;
    }
    if (cs.len != 1) {
        return vec_bad(v, "csId has one octet");
    }
    struct wr *w = filled(v, len);
    if (w == NULL || w->err != STATUS_OK) {
        return VEC_ERROR;
    }
    enum vec_outcome o = vec_status(
        v, kdf_derive(w->data, len, (uint8_t)prf, inkey,
                      (enum kdf_const)constant, cs.data[0], csb, rnd));
    return o == VEC_DONE ? vec_same(v, "out", vec_view(w)) : o;
}

/* MAC of parts one after the other; or of a message with V, KEMAC or SIGN last,
 * without its MAC field, then tail. */
static enum vec_outcome mikey_mac(struct vec *v)
{
    struct view parts[16];
    struct view key, octets;
    uint8_t mac[KDF_MAX_MAC];
    size_t num = 0;
    size_t len = 0;
    uint64_t alg = 0;
    struct mikey_msg *msg = NULL;
    if (!vec_number(v, v->test, "macAlg", 255, &alg) ||
        !vec_hex(v, v->test, "key", &key)) {
        return VEC_BAD;
    }
    if (vec_has(v, "message")) {
        msg = mem_alloc(sizeof *msg);
        if (msg == NULL) {
            return VEC_ERROR;
        }
        enum vec_outcome o =
            !vec_hex(v, v->test, "message", &octets)
                ? VEC_BAD
                : vec_status(v,
                             mikey_decode(msg, octets.data, octets.len, NULL));
        if (o == VEC_DONE) {
            o = vec_status(v, mikey_mac_input(msg, parts, &num));
        }
        if (o != VEC_DONE) {
            mem_free(msg);
            return o;
        }
    }
    mem_free(msg);
    const json_t *list = json_object_get(v->test, "parts");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *part = json_array_get(list, i);
        if (num == 16 || !vec_hex(v, part, "", &parts[num++])) {
            return vec_bad(v, "more than 14 parts");
        }
    }
    enum vec_outcome o =
        vec_status(v, kdf_mac(mac, &len, (uint8_t)alg, key, parts, num));
    return o == VEC_DONE ? vec_same(v, "mac", (struct view){mac, len}) : o;
}

static enum vec_outcome mikey_cipher(struct vec *v)
{
    struct view key, salt, plain, t;
    uint8_t iv[16];
    uint32_t csb = 0;
    uint64_t when = 0;
    struct rd r;
    struct wr *w = vec_buf(v);
    if (w == NULL || !vec_hex(v, v->test, "key", &key) ||
        !vec_hex(v, v->test, "salt", &salt) || !id32(v, "csbId", &csb) ||
        !vec_hex(v, v->test, "t", &t) ||
        !vec_hex(v, v->test, "plain", &plain)) {
        return VEC_BAD;
    }
    rd_init(&r, t.data, t.len);
    if (salt.len != 14 || rd_u64(&r, &when) != STATUS_OK || rd_left(&r) != 0) {
        return vec_bad(v, "salt has 14 octets, t has 8");
    }
    kdf_aes_cm_iv(iv, salt.data, csb, when);
    enum vec_outcome o = vec_same_if(v, "iv", (struct view){iv, sizeof iv});
    if (o != VEC_DONE) {
        return o;
    }
    wr_bytes(w, plain.data, plain.len);
    if (w->err != STATUS_OK) {
        return VEC_ERROR;
    }
    o = vec_status(v, kdf_aes_cm(w->data, w->len, key, salt.data, csb, when));
    return o == VEC_DONE ? vec_same(v, "cipher", vec_view(w)) : o;
}

static enum vec_outcome ecdh(struct vec *v)
{
    struct view scalar, peer;
    uint64_t curve = 0;
    struct ecdh_key key;
    struct ecdh_point z;
    if (!vec_number(v, v->test, "curve", 255, &curve) ||
        !vec_hex(v, v->test, "scalar", &scalar)) {
        return VEC_BAD;
    }
    enum vec_outcome o =
        vec_status(v, ecdh_from_scalar(&key, (uint8_t)curve, scalar));
    if (o != VEC_DONE) {
        return o;
    }
    o = vec_same_if(v, "public", (struct view){key.pub.octets, key.pub.len});
    if (o == VEC_DONE && vec_has(v, "peer")) {
        o = vec_hex(v, v->test, "peer", &peer)
                ? vec_status(v, ecdh_shared(&z, &key, peer))
                : VEC_BAD;
        o = o == VEC_DONE
                ? vec_same(v, "shared", (struct view){z.octets, z.len})
                : o;
    } else if (o == VEC_DONE && !vec_has(v, "public")) {
        o = vec_bad(v, "neither public nor peer");
    }
    ecdh_key_wipe(&key);
    return o;
}

/* ---- messages ---- */

/* The field of a decoded message or chain: "T.TS value", "HDR.CSB ID",
 * "IDR[2].ID Data" as in mikey_fields, its value as octets or as text. */
struct wanted {
    const char *path;
    size_t payload_len; /* of "IDR" */
    unsigned nth;       /* from 1 */
    unsigned seen;
    const struct mikey_payload *at;
    struct wr *text;
    int found;
};

static int look(void *ctx, const struct mikey_field *f)
{
    struct wanted *w = ctx;
    const char *name =
        f->payload != NULL ? mikey_payload_name(f->payload->type) : "HDR";
    const char *field = strrchr(w->path, '.');
    if (name == NULL || strlen(name) != w->payload_len ||
        strncmp(name, w->path, w->payload_len) != 0) {
        return 0;
    }
    if (f->payload != w->at || w->seen == 0) {
        w->at = f->payload;
        w->seen++;
    }
    if (w->seen != w->nth || field == NULL || strcmp(f->name, field + 1) != 0) {
        return 0;
    }
    w->found = 1;
    mikey_field_value(f, w->text);
    return 1;
}

static struct wanted want(const char *path)
{
    struct wanted w = {.path = path, .nth = 1};
    w.payload_len = strcspn(path, ".[");
    if (path[w.payload_len] == '[') {
        sscanf(path + w.payload_len, "[%u]", &w.nth);
    }
    return w;
}

/* fields: {"T.TS value": "2026-01-05T12:00:00.000000Z", ...} */
static enum vec_outcome check_fields(struct vec *v, const struct mikey_msg *msg,
                                     const struct mikey_chain *chain)
{
    const char *path;
    json_t *value;
    json_t *fields = json_object_get(v->test, "fields");
    json_object_foreach(fields, path, value)
    {
        struct wanted w = want(path);
        const char *text = json_string_value(value);
        w.text = vec_buf(v);
        if (text == NULL || w.text == NULL) {
            return vec_bad(v, "a field is not a string");
        }
        if (msg != NULL) {
            mikey_fields(msg, look, &w);
        } else {
            mikey_chain_fields(chain, look, &w);
        }
        if (w.text->err != STATUS_OK) {
            return VEC_ERROR;
        }
        if (!w.found) {
            return vec_wrong(v, "there is no %s", path);
        }
        if (w.text->len != strlen(text) ||
            memcmp(w.text->data, text, w.text->len) != 0) {
            return vec_wrong(v, "%s comes out as %.*s", path,
                             (int)(w.text->len < 80 ? w.text->len : 80),
                             (const char *)w.text->data);
        }
    }
    return VEC_DONE;
}

/* payloads: the types in order, as numbers. */
static enum vec_outcome
check_payloads(struct vec *v, const struct mikey_payload *pl, size_t num)
{
    const json_t *list = json_object_get(v->test, "payloads");
    if (!json_is_array(list)) {
        return vec_bad(v, "field payloads is missing");
    }
    if (json_array_size(list) != num) {
        return vec_wrong(v, "there are %zu payloads", num);
    }
    for (size_t i = 0; i < num; i++) {
        if (json_integer_value(json_array_get(list, i)) != pl[i].type) {
            return vec_wrong(v, "payload %zu is of type %u", i + 1, pl[i].type);
        }
    }
    return VEC_DONE;
}

static enum vec_outcome check_message(struct vec *v, struct mikey_msg *msg,
                                      struct view octets)
{
    struct mikey_error err = {0};
    struct wr *again = vec_buf(v);
    if (again == NULL) {
        return VEC_BAD;
    }
    enum status s = mikey_decode(msg, octets.data, octets.len, &err);
    if (s == STATUS_OK && msg->hdr.data_type >= MIKEY_DT_I_MESSAGE_1 &&
        msg->hdr.data_type <= MIKEY_DT_R_MESSAGE_2) {
        s = mikey_i_r_rules(msg, &err);
    }
    enum vec_outcome o = vec_status(v, s);
    if (o == VEC_DONE) {
        o = check_payloads(v, msg->payloads, msg->num_payloads);
    }
    if (o == VEC_DONE) {
        o = check_fields(v, msg, NULL);
    }
    if (o == VEC_DONE) {
        mikey_encode(msg, again);
        o = vec_status(v, again->err);
    }
    return o == VEC_DONE ? vec_same(v, "message", vec_view(again)) : o;
}

static enum vec_outcome mikey_message(struct vec *v)
{
    struct view octets;
    if (!vec_hex(v, v->test, "message", &octets)) {
        return VEC_BAD;
    }
    struct mikey_msg *msg = mem_alloc(sizeof *msg);
    if (msg == NULL) {
        return VEC_ERROR;
    }
    enum vec_outcome o = check_message(v, msg, octets);
    mem_free(msg);
    if (o == VEC_DONE && vec_has(v, "base64")) {
        const char *text = vec_string(v, v->test, "base64");
        char *got = base64_new(octets.data, octets.len);
        if (text == NULL || got == NULL) {
            o = text == NULL ? VEC_BAD : VEC_ERROR;
        } else if (strcmp(text, got) != 0) {
            o = vec_wrong(v, "base64 is not that of message");
        }
        mem_free(got);
    }
    return o;
}

static enum vec_outcome check_chain(struct vec *v, struct mikey_chain *chain,
                                    struct view octets, uint8_t first)
{
    struct wr *again = vec_buf(v);
    if (again == NULL) {
        return VEC_BAD;
    }
    enum vec_outcome o = vec_status(
        v, mikey_chain_decode(chain, first, octets.data, octets.len, NULL));
    if (o == VEC_DONE) {
        o = check_payloads(v, chain->payloads, chain->num_payloads);
    }
    if (o == VEC_DONE) {
        o = check_fields(v, NULL, chain);
    }
    if (o == VEC_DONE) {
        mikey_chain_encode(chain->payloads, chain->num_payloads, again);
        o = vec_status(v, again->err);
    }
    return o == VEC_DONE ? vec_same(v, "chain", vec_view(again)) : o;
}

static enum vec_outcome mikey_sub_payloads(struct vec *v)
{
    struct view octets;
    uint64_t first = MIKEY_PL_IDR;
    if (!vec_hex(v, v->test, "chain", &octets) ||
        (vec_has(v, "first") &&
         !vec_number(v, v->test, "first", 255, &first))) {
        return VEC_BAD;
    }
    struct mikey_chain *chain = mem_alloc(sizeof *chain);
    if (chain == NULL) {
        return VEC_ERROR;
    }
    enum vec_outcome o = check_chain(v, chain, octets, (uint8_t)first);
    mem_free(chain);
    return o;
}

const struct vec_type vec_types_mikey[] = {
    {"MikeyPrf", mikey_prf},
    {"MikeyKey", mikey_key},
    {"MikeyMac", mikey_mac},
    {"MikeyCipher", mikey_cipher},
    {"MikeyMessage", mikey_message},
    {"MikeyChain", mikey_sub_payloads},
    {"Ecdh", ecdh},
    {NULL, NULL},
};
