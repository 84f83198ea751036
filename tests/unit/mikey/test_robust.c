/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Cut, changed and random octets: they fail cleanly or read as something else,
 * and what reads is written again octet by octet. Each input is a heap block of
 * its exact size, so that the sanitizers see a read past the end. */
#include "tests/unit/mikey/mikey_tests.h"

#include <stdio.h>
#include <string.h>

static void check_message(const uint8_t *data, size_t len)
{
    struct octets o = octets_copy(data, len);
    struct mikey_msg m;
    struct mikey_error err;
    enum status s = mikey_decode(&m, o.data, o.len, &err);
    CU_ASSERT(s == err.status);
    if (s == STATUS_OK) {
        CU_ASSERT(encodes_to(&m, o.data, o.len));
        CU_ASSERT(fields_cover(&m));
    } else {
        CU_ASSERT(err.field != NULL && err.clause != NULL);
        CU_ASSERT(err.offset <= o.len && m.num_payloads <= MIKEY_MAX_PAYLOADS);
    }
    octets_free(&o);
}

static void check_chain(uint8_t first, const uint8_t *data, size_t len)
{
    struct octets o = octets_copy(data, len);
    struct mikey_chain c;
    struct mikey_error err;
    enum status s = mikey_chain_decode(&c, first, o.data, o.len, &err);
    CU_ASSERT(s == err.status);
    if (s == STATUS_OK) {
        CU_ASSERT(chain_encodes_to(&c, o.data, o.len));
        CU_ASSERT(chain_fields_cover(&c));
    } else {
        CU_ASSERT(err.field != NULL && err.clause != NULL);
        CU_ASSERT(err.offset <= o.len && c.num_payloads <= MIKEY_MAX_PAYLOADS);
    }
    octets_free(&o);
}

static void check(const struct vector *v, const uint8_t *data, size_t len)
{
    if (v->first == 0) {
        check_message(data, len);
    } else {
        check_chain(v->first, data, len);
    }
}

typedef void (*vector_fn)(const struct vector *v, struct octets *o);

static void each_vector(vector_fn fn)
{
    static const struct vector *const lists[] = {vector_messages,
                                                 vector_chains};
    for (size_t i = 0; i < 2; i++) {
        for (const struct vector *v = lists[i]; v->name != NULL; v++) {
            struct octets o = octets_of(v->hex);
            fn(v, &o);
            octets_free(&o);
        }
    }
}

static enum status decode_any(const struct vector *v, const uint8_t *data,
                              size_t len)
{
    struct mikey_msg m;
    struct mikey_chain c;
    return v->first == 0 ? mikey_decode(&m, data, len, NULL)
                         : mikey_chain_decode(&c, v->first, data, len, NULL);
}

static void cut_everywhere(const struct vector *v, struct octets *o)
{
    for (size_t len = 0; len < o->len; len++) {
        check(v, o->data, len);
        struct octets cut = octets_copy(o->data, len);
        CU_ASSERT(decode_any(v, cut.data, cut.len) != STATUS_OK);
        octets_free(&cut);
    }
}

static void every_shorter_length_fails(void)
{
    each_vector(cut_everywhere);
}

static void change_everything(const struct vector *v, struct octets *o)
{
    for (size_t i = 0; i < o->len; i++) {
        uint8_t was = o->data[i];
        for (unsigned value = 0; value < 256; value++) {
            o->data[i] = (uint8_t)value;
            check(v, o->data, o->len);
        }
        o->data[i] = was;
    }
}

static void every_value_of_every_octet_is_survived(void)
{
    each_vector(change_everything);
}

/* Places of the length fields of a vector. */
struct lengths {
    struct mikey_range at[64];
    size_t num;
};

static int note_length(void *ctx, const struct mikey_field *f)
{
    struct lengths *l = ctx;
    size_t n = strlen(f->name);
    if (f->bits == 0 && l->num < 64 &&
        ((n > 3 && strcmp(f->name + n - 3, "len") == 0) ||
         (n >= 6 && strcmp(f->name + n - 5, "ength") == 0))) {
        l->at[l->num++] = f->range;
    }
    return 0;
}

static void find_lengths(const struct vector *v, const struct octets *o,
                         struct lengths *l)
{
    struct mikey_msg m;
    struct mikey_chain c;
    l->num = 0;
    if (v->first == 0) {
        CU_ASSERT(mikey_decode(&m, o->data, o->len, NULL) == STATUS_OK);
        mikey_fields(&m, note_length, l);
    } else {
        CU_ASSERT(mikey_chain_decode(&c, v->first, o->data, o->len, NULL) ==
                  STATUS_OK);
        mikey_chain_fields(&c, note_length, l);
    }
    CU_ASSERT(l->num > 0);
}

static unsigned get_length(const struct octets *o, const struct mikey_range *r)
{
    return r->len == 1 ? o->data[r->off]
                       : (unsigned)(o->data[r->off] << 8 | o->data[r->off + 1]);
}

static void set_length(struct octets *o, const struct mikey_range *r,
                       unsigned value)
{
    if (r->len == 2) {
        o->data[r->off] = (uint8_t)(value >> 8);
    }
    o->data[r->off + r->len - 1] = (uint8_t)value;
}

static void shift_lengths(const struct vector *v, struct octets *o)
{
    struct lengths l;
    find_lengths(v, o, &l);
    for (size_t i = 0; i < l.num; i++) {
        unsigned was = get_length(o, &l.at[i]);
        const unsigned others[] = {was + 1, was - 1, was + 2,    was - 2,
                                   0xffff,  0,       was ^ 0x80, was + 256};
        for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
            set_length(o, &l.at[i], others[k]);
            check(v, o->data, o->len);
        }
        /* Too long by one is not the same message: TGK len alone is no length
         * of anything (RFC 6267, 6.1.4). */
        set_length(o, &l.at[i], was);
    }
}

static void wrong_lengths_fail_or_read_as_something_else(void)
{
    each_vector(shift_lengths);
}

/* The last length of a message governs up to its end: any other value fails. */
static void a_wrong_last_length_always_fails(void)
{
    static const struct {
        const char *vector;
        size_t off;
    } rows[] = {{"ims_i1", 113}, {"ims_i2", 131}, {"c3_i1", 89}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct octets o = octets_of(vector_find(rows[i].vector)->hex);
        unsigned was =
            (unsigned)(o.data[rows[i].off] << 8 | o.data[rows[i].off + 1]);
        CU_ASSERT(rows[i].off + 2 + was == o.len);
        for (unsigned value = 0; value < 0x10000; value++) {
            struct mikey_msg m;
            o.data[rows[i].off] = (uint8_t)(value >> 8);
            o.data[rows[i].off + 1] = (uint8_t)value;
            enum status s = mikey_decode(&m, o.data, o.len, NULL);
            CU_ASSERT((s == STATUS_OK) == (value == was));
        }
        octets_free(&o);
    }
}

static void append_octets(const struct vector *v, struct octets *o)
{
    uint8_t buf[1024];
    memcpy(buf, o->data, o->len);
    for (size_t more = 1; more <= 4; more++) {
        memset(buf + o->len, 0xff, more);
        check(v, buf, o->len + more);
        CU_ASSERT(decode_any(v, buf, o->len + more) != STATUS_OK);
    }
}

static void octets_after_the_end_fail(void)
{
    each_vector(append_octets);
}

/* xorshift64: the same octets every time. */
static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void random_octets_are_survived(void)
{
    uint64_t x = 88172645463325252U;
    uint8_t buf[256];
    for (int i = 0; i < 20000; i++) {
        size_t len = next_random(&x) % sizeof buf;
        for (size_t k = 0; k < len; k++) {
            /* mostly small values: they are types and lengths */
            uint64_t r = next_random(&x);
            buf[k] = (uint8_t)(r & 0x300 ? (r & 31) : r);
        }
        if (len > 9) {
            buf[0] = 1;
            buf[8] = buf[8] & 3;
            buf[9] = buf[9] & 3;
        }
        check_message(buf, len);
        check_chain(14, buf, len);
        check_chain((uint8_t)(next_random(&x) & 31), buf, len);
    }
}

static const struct unit_case cases[] = {
    {"every_shorter_length_fails", every_shorter_length_fails},
    {"every_value_of_every_octet_is_survived",
     every_value_of_every_octet_is_survived},
    {"wrong_lengths_fail_or_read_as_something_else",
     wrong_lengths_fail_or_read_as_something_else},
    {"a_wrong_last_length_always_fails", a_wrong_last_length_always_fails},
    {"octets_after_the_end_fail", octets_after_the_end_fail},
    {"random_octets_are_survived", random_octets_are_survived},
    {NULL, NULL},
};
const struct unit_suite mikey_robust_suite = {"robust", cases};
