/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The two things done with the fields of a payload: write them, report them. */
#include "harness/mikey/mikey_int.h"

#include <string.h>

/* Reports the field in p->f, which lies in the next len octets from bit on. */
static void report(struct put *p, const char *name, enum mikey_form form,
                   size_t len)
{
    p->f.name = name;
    p->f.form = form;
    p->f.range.len = (uint32_t)len;
    if (!p->stop) {
        p->stop = p->fn(p->ctx, &p->f);
    }
}

static void advance(struct put *p)
{
    p->f.range.off += p->f.range.len;
}

static void report_number(struct put *p, const char *name, enum mikey_form form,
                          size_t len, uint64_t value, enum mikey_registry reg)
{
    p->f.value = value;
    p->f.octets = (struct view){0};
    p->f.meaning = mikey_name(reg, (unsigned)value);
    p->f.bit = 0;
    p->f.bits = 0;
    report(p, name, form, len);
    advance(p);
}

static void report_octets(struct put *p, const char *name, enum mikey_form form,
                          struct view v, uint64_t value)
{
    p->f.value = value;
    p->f.octets = v;
    p->f.meaning = NULL;
    p->f.bit = 0;
    p->f.bits = 0;
    report(p, name, form, v.len);
    advance(p);
}

void put_u8(struct put *p, const char *name, uint8_t v, enum mikey_registry reg)
{
    if (p->w != NULL) {
        wr_u8(p->w, v);
    } else {
        report_number(p, name, MIKEY_FORM_UINT, 1, v, reg);
    }
}

void put_u16(struct put *p, const char *name, uint16_t v,
             enum mikey_registry reg)
{
    if (p->w != NULL) {
        wr_u16(p->w, v);
    } else {
        report_number(p, name, MIKEY_FORM_UINT, 2, v, reg);
    }
}

void put_u32(struct put *p, const char *name, uint32_t v)
{
    if (p->w != NULL) {
        wr_u32(p->w, v);
    } else {
        report_number(p, name, MIKEY_FORM_HEX, 4, v, MIKEY_REG_NONE);
    }
}

/* A length that does not fit its field spoils what is being written. */
static int fits(struct put *p, size_t value, unsigned width)
{
    if (value >> width == 0) {
        return 1;
    }
    if (p->w != NULL && p->w->err == STATUS_OK) {
        p->w->err = STATUS_BAD_LENGTH;
    }
    return 0;
}

void put_len8(struct put *p, const char *name, size_t len)
{
    if (fits(p, len, 8)) {
        put_u8(p, name, (uint8_t)len, MIKEY_REG_NONE);
    }
}

void put_len16(struct put *p, const char *name, size_t len)
{
    if (fits(p, len, 16)) {
        put_u16(p, name, (uint16_t)len, MIKEY_REG_NONE);
    }
}

void put_octets(struct put *p, const char *name, struct view v)
{
    if (p->w != NULL) {
        wr_bytes(p->w, v.data, v.len);
    } else {
        report_octets(p, name, MIKEY_FORM_OCTETS, v, 0);
    }
}

void put_chars(struct put *p, const char *name, struct view v)
{
    if (p->w != NULL) {
        wr_bytes(p->w, v.data, v.len);
    } else {
        report_octets(p, name, MIKEY_FORM_TEXT, v, 0);
    }
}

void put_time(struct put *p, const char *name, struct view v, uint8_t ts_type)
{
    struct rd r;
    uint64_t ntp = 0;
    uint32_t sec = 0;
    if (p->w != NULL) {
        wr_bytes(p->w, v.data, v.len);
        return;
    }
    rd_init(&r, v.data, v.len);
    if (ts_type == MIKEY_TS_NTP_UTC_32 && rd_u32(&r, &sec) == STATUS_OK) {
        ntp = (uint64_t)sec << 32;
    } else if (ts_type > MIKEY_TS_NTP || rd_u64(&r, &ntp) != STATUS_OK) {
        put_octets(p, name, v); /* a counter */
        return;
    }
    report_octets(p, name, MIKEY_FORM_TIME, v, ntp);
}

static void write_bits(struct put *p, const struct bits *parts, size_t num)
{
    uint64_t all = 0;
    unsigned width = 0;
    for (size_t i = 0; i < num; i++) {
        if (!fits(p, parts[i].value, parts[i].width)) {
            return;
        }
        all = all << parts[i].width | parts[i].value;
        width += parts[i].width;
    }
    for (unsigned at = width; at > 0; at -= 8) {
        wr_u8(p->w, (uint8_t)(all >> (at - 8)));
    }
}

void put_bits(struct put *p, const struct bits *parts, size_t num)
{
    if (p->w != NULL) {
        write_bits(p, parts, num);
        return;
    }
    uint32_t base = p->f.range.off;
    unsigned bit = 0;
    for (size_t i = 0; i < num; i++) {
        unsigned end = bit + parts[i].width;
        p->f.value = parts[i].value;
        p->f.octets = (struct view){0};
        p->f.meaning = mikey_name(parts[i].reg, (unsigned)parts[i].value);
        p->f.bit = (uint8_t)(bit % 8);
        p->f.bits = (uint8_t)parts[i].width;
        p->f.range.off = base + bit / 8;
        report(p, parts[i].name, MIKEY_FORM_UINT, (end + 7) / 8 - bit / 8);
        bit = end;
    }
    p->f.range.off = base + bit / 8;
}

int mikey_hdr_fields(const struct mikey_hdr *hdr, mikey_field_fn fn, void *ctx)
{
    struct put p = {.fn = fn, .ctx = ctx};
    hdr_put(&p, hdr, hdr->next_payload);
    return p.stop;
}

int mikey_payload_fields(const struct mikey_payload *pl, mikey_field_fn fn,
                         void *ctx)
{
    struct put p = {.fn = fn,
                    .ctx = ctx,
                    .f = {.payload = pl, .range = {.off = pl->range.off}}};
    payload_put(&p, pl, pl->next);
    return p.stop;
}

static int list_fields(const struct mikey_payload *payloads, size_t num,
                       mikey_field_fn fn, void *ctx)
{
    int stop = 0;
    for (size_t i = 0; i < num && stop == 0; i++) {
        stop = mikey_payload_fields(&payloads[i], fn, ctx);
    }
    return stop;
}

int mikey_fields(const struct mikey_msg *msg, mikey_field_fn fn, void *ctx)
{
    int stop = mikey_hdr_fields(&msg->hdr, fn, ctx);
    return stop != 0 ? stop
                     : list_fields(msg->payloads, msg->num_payloads, fn, ctx);
}

int mikey_chain_fields(const struct mikey_chain *c, mikey_field_fn fn,
                       void *ctx)
{
    return list_fields(c->payloads, c->num_payloads, fn, ctx);
}

struct finder {
    const char *name;
    struct mikey_field *out;
};

static int find_field(void *ctx, const struct mikey_field *f)
{
    struct finder *find = ctx;
    if (strcmp(f->name, find->name) != 0) {
        return 0;
    }
    *find->out = *f;
    return 1;
}

enum status mikey_field_find(const struct mikey_hdr *hdr,
                             const struct mikey_payload *pl, const char *name,
                             struct mikey_field *out)
{
    struct finder find = {name, out};
    int found = pl != NULL ? mikey_payload_fields(pl, find_field, &find)
                           : mikey_hdr_fields(hdr, find_field, &find);
    return found ? STATUS_OK : STATUS_NOT_FOUND;
}
