/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages in the making: payloads as structs that edits can change, then
 * encryption, octets and MAC. */
#include "harness/ibake/ibake_int.h"

#include <stdio.h>

/* ---- arena: octets that live as long as the draft ---- */

struct ibake_block {
    struct ibake_block *next;
    size_t len;
    uint8_t data[];
};

uint8_t *arena_alloc(struct ibake_arena *a, size_t len)
{
    struct ibake_block *b = mem_alloc(sizeof *b + len);
    if (b == NULL) {
        return NULL;
    }
    b->len = len;
    b->next = a->first;
    a->first = b;
    return b->data;
}

struct view arena_copy(struct ibake_arena *a, struct view v)
{
    uint8_t *p = arena_alloc(a, v.len);
    if (p == NULL) {
        return (struct view){0};
    }
    if (v.len != 0) {
        memcpy(p, v.data, v.len);
    }
    return (struct view){p, v.len};
}

void arena_free(struct ibake_arena *a)
{
    while (a->first != NULL) {
        struct ibake_block *b = a->first;
        a->first = b->next;
        mem_wipe(b->data, b->len);
        mem_free(b);
    }
}

/* ---- drafts ---- */

struct ibake_draft *draft_new(const struct ibake_config *cfg, uint8_t data_type)
{
    struct ibake_draft *d = mem_alloc(sizeof *d);
    if (d != NULL) {
        d->cfg = cfg;
        d->message = mikey_data_type_name(data_type);
        d->hdr = (struct mikey_hdr){.version = 1, .data_type = data_type};
        d->curve = cfg->profile.curve;
    }
    return d;
}

void draft_free(struct ibake_draft *d)
{
    if (d != NULL) {
        arena_free(&d->arena);
        mem_wipe(d, sizeof *d);
        mem_free(d);
    }
}

struct ibake_seq *draft_seq(struct ibake_draft *d, int part)
{
    return part == PART_OUTER ? &d->outer : &d->parts[part].chain;
}

struct ibake_item *draft_add(struct ibake_draft *d, int part, uint8_t type)
{
    struct ibake_seq *q = draft_seq(d, part);
    if (q->num == IBAKE_MAX_ITEMS) {
        d->err = STATUS_NO_SPACE;
        return NULL;
    }
    struct ibake_item *it = &q->items[q->num++];
    *it = (struct ibake_item){.pl = {.type = type}};
    return it;
}

void draft_add_t(struct ibake_draft *d, const struct ibake_ts *t)
{
    struct ibake_item *it = draft_add(d, PART_OUTER, MIKEY_PL_T);
    if (it != NULL) {
        it->pl.u.t.ts_type = t->type;
        it->pl.u.t.value = (struct view){t->value, t->len};
    }
}

void draft_add_rand(struct ibake_draft *d, struct view rnd)
{
    struct ibake_item *it = draft_add(d, PART_OUTER, MIKEY_PL_RAND);
    if (it != NULL) {
        it->pl.u.rnd.rand = rnd;
    }
}

void draft_add_idr(struct ibake_draft *d, int part, uint8_t role, uint8_t type,
                   struct view data)
{
    struct ibake_item *it = draft_add(d, part, MIKEY_PL_IDR);
    if (it != NULL) {
        it->tag = role;
        it->pl.u.idr.role = role;
        it->pl.u.idr.type = type;
        it->pl.u.idr.data = data;
    }
}

void draft_add_eccpt(struct ibake_draft *d, int part, uint8_t curve,
                     struct view point)
{
    const struct ibake_seq *q = draft_seq(d, part);
    uint8_t owner = q->num > 0 ? q->items[q->num - 1].tag : 0;
    struct ibake_item *it = draft_add(d, part, MIKEY_PL_ECCPT);
    if (it != NULL) {
        it->tag = owner;
        it->pl.u.eccpt.curve = curve;
        it->pl.u.eccpt.point = point;
    }
}

static const uint8_t part_types[NUM_PARTS] = {[PART_IBAKE] = MIKEY_PL_IBAKE,
                                              [PART_ESK] = MIKEY_PL_ESK,
                                              [PART_KEMAC] = MIKEY_PL_KEMAC};

void draft_add_part(struct ibake_draft *d, int part, struct view key_id)
{
    struct ibake_item *it = draft_add(d, PART_OUTER, part_types[part]);
    if (it != NULL && part == PART_KEMAC) {
        it->pl.u.kemac.encr_alg = 1; /* AES-CM-128; no MAC of its own */
    }
    d->parts[part].used = 1;
    d->parts[part].key_id = key_id;
}

/* SRTP defaults (RFC 3830, 6.10.1; RFC 3711, 5, 8.2), written out. */
void draft_add_sp(struct ibake_draft *d)
{
    static const uint8_t params[] = {
        0,  1, 1,  /* encryption: AES-CM */
        1,  1, 16, /* session encryption key length */
        2,  1, 1,  /* authentication: HMAC-SHA-1 */
        3,  1, 20, /* session authentication key length */
        4,  1, 14, /* session salt key length */
        5,  1, 0,  /* SRTP PRF: AES-CM */
        6,  1, 0,  /* key derivation rate */
        7,  1, 1,  /* SRTP encryption on */
        8,  1, 1,  /* SRTCP encryption on */
        9,  1, 0,  /* FEC order */
        10, 1, 1,  /* SRTP authentication on */
        11, 1, 10, /* authentication tag length */
    };
    struct ibake_item *it = draft_add(d, PART_OUTER, MIKEY_PL_SP);
    if (it != NULL) {
        it->pl.u.sp.params = (struct view){params, sizeof params};
    }
}

struct ibake_item *seq_find(struct ibake_seq *q, uint8_t type, uint8_t role)
{
    for (size_t i = 0; i < q->num; i++) {
        struct ibake_item *it = &q->items[i];
        if (it->pl.type == type && (role == 0 || it->tag == role)) {
            return it;
        }
    }
    return NULL;
}

/* ---- encoding ---- */

/* Where a payload has its length field: octets before it, and its width. */
static int length_field(uint8_t type, size_t *at, size_t *width)
{
    static const struct {
        uint8_t type, at, width;
    } rows[] = {{MIKEY_PL_RAND, 1, 1},        {MIKEY_PL_ID, 2, 2},
                {MIKEY_PL_CERT, 2, 2},        {MIKEY_PL_IDR, 3, 2},
                {MIKEY_PL_IBAKE, 1, 2},       {MIKEY_PL_ESK, 1, 2},
                {MIKEY_PL_KEMAC, 2, 2},       {MIKEY_PL_SP, 3, 2},
                {MIKEY_PL_GENERAL_EXT, 2, 2}, {MIKEY_PL_SK, 2, 2},
                {MIKEY_PL_KEY_DATA, 2, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].type == type) {
            *at = rows[i].at;
            *width = rows[i].width;
            return 1;
        }
    }
    return 0;
}

int item_has_length(uint8_t type, uint64_t *max)
{
    size_t at;
    size_t width;
    if (!length_field(type, &at, &width)) {
        return 0;
    }
    *max = width == 1 ? UINT8_MAX : UINT16_MAX;
    return 1;
}

void item_encode(struct ibake_item *it, uint8_t next, struct wr *w)
{
    size_t at;
    size_t width;
    if (it->pl.next_forced) {
        next = it->pl.next;
    }
    it->off = w->len;
    if (it->form == ITEM_STRUCT) {
        mikey_payload_encode(&it->pl, next, w);
    } else {
        wr_u8(w, next);
        wr_bytes(w, it->raw.data, it->raw.len);
    }
    it->end = w->len;
    if (it->len_forced && w->err == STATUS_OK &&
        length_field(it->pl.type, &at, &width) &&
        it->off + at + width <= w->len) {
        put_be(&w->data[it->off + at], it->len, width);
    }
}

void seq_encode(struct ibake_seq *q, struct wr *w)
{
    for (size_t i = 0; i < q->num; i++) {
        uint8_t next = i + 1 < q->num ? q->items[i + 1].pl.type : MIKEY_PL_LAST;
        item_encode(&q->items[i], next, w);
    }
}

static void encode_message(struct ibake_draft *d, struct wr *w)
{
    struct mikey_msg head = {.hdr = d->hdr};
    if (!d->hdr_next_forced) {
        head.hdr.next_payload =
            d->outer.num > 0 ? d->outer.items[0].pl.type : MIKEY_PL_LAST;
    }
    head.hdr.next_forced = 1;
    mikey_encode(&head, w);
    seq_encode(&d->outer, w);
}

/* ---- encryption ---- */

void draft_date(const struct ibake_draft *d, char date[9])
{
    struct mikey_msg m = {.num_payloads = 0};
    for (size_t i = 0; i < d->outer.num; i++) {
        if (d->outer.items[i].pl.type == MIKEY_PL_T &&
            d->outer.items[i].form == ITEM_STRUCT) {
            m.payloads[m.num_payloads++] = d->outer.items[i].pl;
            break;
        }
    }
    ibake_date_of(date, &m, d->cfg->env);
}

static enum status encrypt_ibe(struct ibake_draft *d, struct ibake_part *p,
                               const struct wr *plain, struct wr *cipher)
{
    char date[9];
    draft_date(d, date);
    if (p->date.len == 8) {
        memcpy(date, p->date.data, 8);
    }
    if (ibake_keyring_params(d->cfg->keyring, p->key_id) == NULL) {
        snprintf(d->why, sizeof d->why, "no public parameters for %.*s",
                 (int)(p->key_id.len < 100 ? p->key_id.len : 100),
                 (const char *)p->key_id.data);
        return STATUS_NO_KEY;
    }
    const struct bf_id *id =
        ibake_keyring_public(d->cfg->keyring, p->key_id, date);
    if (id == NULL) {
        return STATUS_NO_MEMORY;
    }
    return bf_encrypt(id, d->cfg->env, (struct view){plain->data, plain->len},
                      cipher);
}

static enum status encrypt_kemac(struct ibake_draft *d, const struct wr *plain,
                                 struct wr *cipher)
{
    wr_bytes(cipher, plain->data, plain->len);
    if (cipher->err != STATUS_OK) {
        return cipher->err;
    }
    return kdf_aes_cm(cipher->data, cipher->len,
                      (struct view){d->encr_key, sizeof d->encr_key},
                      d->salt_key, d->kemac_csb, d->kemac_t);
}

static enum status encrypt_part(struct ibake_draft *d, int part)
{
    struct ibake_part *p = &d->parts[part];
    struct wr plain;
    struct wr cipher;
    wr_init(&plain);
    wr_init(&cipher);
    seq_encode(&p->chain, &plain);
    enum status st = plain.err;
    if (st == STATUS_OK) {
        st = edits_apply(d, STAGE_PLAIN, part, &plain);
    }
    if (st == STATUS_OK) {
        st = part == PART_KEMAC ? encrypt_kemac(d, &plain, &cipher)
                                : encrypt_ibe(d, p, &plain, &cipher);
    }
    if (st == STATUS_OK) {
        st = cipher.err;
    }
    if (st == STATUS_OK) {
        p->cipher =
            arena_copy(&d->arena, (struct view){cipher.data, cipher.len});
        st = p->cipher.data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    wr_cleanup(&plain);
    wr_cleanup(&cipher);
    return st;
}

static enum status encrypt_parts(struct ibake_draft *d)
{
    for (int part = 0; part < NUM_PARTS; part++) {
        struct ibake_item *it = seq_find(&d->outer, part_types[part], 0);
        if (!d->parts[part].used || it == NULL) {
            continue;
        }
        enum status st = encrypt_part(d, part);
        if (st != STATUS_OK) {
            return st;
        }
        if (part == PART_KEMAC) {
            it->pl.u.kemac.data = d->parts[part].cipher;
        } else {
            it->pl.u.enc.data = d->parts[part].cipher;
        }
    }
    return STATUS_OK;
}

/* ---- MAC ---- */

/* RFC 6267, 5.4: all but Ver data, without ESK, then the tail (AMB-18, 19). */
static enum status compute_v(struct ibake_draft *d, const struct ibake_mac *mac)
{
    struct view parts[IBAKE_MAX_ITEMS];
    size_t num = 0;
    uint8_t tag[KDF_MAX_MAC];
    size_t tag_len = 0;
    struct ibake_item *v = seq_find(&d->outer, MIKEY_PL_V, 0);
    if (v == NULL) {
        return STATUS_OK;
    }
    struct wr w;
    struct rd r;
    struct view skip;
    wr_init(&w);
    encode_message(d, &w);
    rd_init(&r, w.data, w.len);
    for (size_t i = 0; i < d->outer.num && w.err == STATUS_OK; i++) {
        const struct ibake_item *it = &d->outer.items[i];
        if (it->pl.type == MIKEY_PL_ESK && it->off < v->off) {
            rd_bytes(&r, &parts[num++], it->off - r.pos);
            rd_bytes(&r, &skip, it->end - it->off);
        }
    }
    enum status st = w.err;
    if (st == STATUS_OK) { /* Next payload, Auth alg of V */
        rd_bytes(&r, &parts[num++], v->off + 2 - r.pos);
        st = r.err;
    }
    if (st == STATUS_OK) {
        st = mac_compute(mac, parts, num, tag, &tag_len);
    }
    if (st == STATUS_OK) {
        v->pl.u.v.mac = arena_copy(&d->arena, (struct view){tag, tag_len});
        st = v->pl.u.v.mac.data != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    wr_cleanup(&w);
    return st;
}

static void add_v(struct ibake_draft *d, const struct ibake_mac *mac)
{
    struct ibake_item *v = draft_add(d, PART_OUTER, MIKEY_PL_V);
    if (v != NULL) {
        v->pl.u.v.auth_alg = mac->alg;
    }
}

/* ---- the whole ---- */

static enum status build(struct ibake_draft *d, const struct ibake_mac *mac)
{
    static const enum edit_stage before[] = {STAGE_FIELDS, STAGE_INNER,
                                             STAGE_KEY};
    enum status st = STATUS_OK;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        if (st == STATUS_OK) {
            st = edits_apply(d, before[i], PART_OUTER, NULL);
        }
    }
    if (st == STATUS_OK) {
        st = encrypt_parts(d);
    }
    if (st == STATUS_OK) {
        st = edits_apply(d, STAGE_AFTER, PART_OUTER, NULL);
    }
    if (st == STATUS_OK && mac != NULL) {
        st = compute_v(d, mac);
    }
    if (st == STATUS_OK) {
        st = edits_apply(d, STAGE_V, PART_OUTER, NULL);
    }
    return st;
}

enum status draft_finish(struct ibake_draft *d, const struct ibake_mac *mac,
                         struct wr *out)
{
    struct wr w;
    if (mac != NULL) {
        add_v(d, mac);
    }
    enum status st = d->err != STATUS_OK ? d->err : build(d, mac);
    if (st != STATUS_OK) {
        return st;
    }
    wr_init(&w);
    encode_message(d, &w);
    st = w.err;
    if (st == STATUS_OK) {
        st = edits_apply(d, STAGE_OCTETS, PART_OUTER, &w);
    }
    if (st == STATUS_OK) {
        wr_bytes(out, w.data, w.len);
        st = out->err;
    }
    wr_cleanup(&w);
    return st;
}
