/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Points in ECCPT: sizes of every curve, padding in both forms (AMB-08,
 * AMB-09), ID in the place of IDR (AMB-07). */
#include "tests/unit/mikey/mikey_tests.h"

#include <stdio.h>
#include <string.h>

/* RFC 6267 digest, 3.6: curve, uncompressed length, padding, size of ECCPT, the
 * same compressed. */
static const struct size {
    uint8_t curve;
    const char *name;
    unsigned u, u_pad, u_total, c, c_pad, c_total;
} sizes[] = {
    {1, "P-192", 49, 1, 56, 25, 1, 32},
    {2, "B-163", 43, 3, 52, 22, 0, 28},
    {3, "K-163", 43, 3, 52, 22, 0, 28},
    {4, "sect163r1", 43, 3, 52, 22, 0, 28},
    {5, "P-224", 57, 1, 64, 29, 1, 36},
    {6, "B-233", 61, 1, 68, 31, 3, 40},
    {7, "K-233", 61, 1, 68, 31, 3, 40},
    {8, "P-256", 65, 1, 72, 33, 1, 40},
    {9, "B-283", 73, 1, 80, 37, 1, 44},
    {10, "K-283", 73, 1, 80, 37, 1, 44},
    {11, "P-384", 97, 1, 104, 49, 1, 56},
    {12, "B-409", 105, 1, 112, 53, 1, 60},
    {13, "K-409", 105, 1, 112, 53, 1, 60},
    {14, "P-521", 133, 1, 140, 67, 3, 76},
    {15, "B-571", 145, 1, 152, 73, 1, 80},
    {16, "K-571", 145, 1, 152, 73, 1, 80},
};

/* Appends an ECCPT by hand: Next payload, curve, point (first octet, then a5),
 * padding, then the four ignored octets with the given last one. */
static size_t put_eccpt(uint8_t *out, uint8_t next, uint8_t curve,
                        uint8_t first, unsigned point_len, unsigned pad,
                        uint8_t last)
{
    size_t n = 0;
    out[n++] = next;
    out[n++] = curve;
    out[n++] = first;
    memset(out + n, 0xa5, point_len - 1);
    n += point_len - 1;
    memset(out + n, 0, pad + 3);
    n += pad + 3;
    out[n++] = last;
    return n;
}

/* IDRi "a" or IDRr "b", 6 octets. */
static size_t put_idr(uint8_t *out, uint8_t next, uint8_t role)
{
    const uint8_t idr[] = {next, role, 1, 0, 1, (uint8_t)('a' + role - 1)};
    memcpy(out, idr, sizeof idr);
    return sizeof idr;
}

static void every_curve_has_the_size_of_the_table(void)
{
    uint8_t buf[512];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct size *z = &sizes[i];
        for (int compressed = 0; compressed < 2; compressed++) {
            unsigned len = compressed ? z->c : z->u;
            unsigned pad = compressed ? z->c_pad : z->u_pad;
            unsigned total = compressed ? z->c_total : z->u_total;
            size_t n =
                put_eccpt(buf, 0, z->curve, compressed ? 3 : 4, len, pad, 0);
            struct octets o = octets_copy(buf, n);
            struct mikey_chain c;
            CU_ASSERT(n == total);
            CU_ASSERT(mikey_chain_decode(&c, 25, o.data, o.len, NULL) ==
                      STATUS_OK);
            CU_ASSERT(c.payloads[0].range.len == total);
            CU_ASSERT(c.payloads[0].u.eccpt.point.len == len);
            CU_ASSERT(c.payloads[0].u.eccpt.padding.len == pad);
            CU_ASSERT(!c.payloads[0].u.eccpt.padded_from_point);
            CU_ASSERT(chain_encodes_to(&c, o.data, o.len));
            CU_ASSERT(mikey_eccpt_pad(len, 0) == pad);
            octets_free(&o);
        }
        CU_ASSERT(mikey_curve_octets(z->curve) == z->c - 1);
        CU_ASSERT(strcmp(mikey_curve_name(z->curve), z->name) == 0);
    }
    CU_ASSERT(mikey_curve_octets(0) == 0 && mikey_curve_octets(17) == 0);
}

/* The encoder makes the padding of a point that brings none. */
static void padding_is_made_where_none_is_given(void)
{
    static const uint8_t point[65] = {4, 1, 2, 3};
    static const uint8_t none[1] = {0};
    struct mikey_payload pl = {.type = MIKEY_PL_ECCPT,
                               .u.eccpt = {.curve = 8, .point = {point, 65}}};
    uint8_t buf[128];
    struct wr w;
    wr_init_fixed(&w, buf, sizeof buf);
    mikey_payload_encode(&pl, 14, &w);
    CU_ASSERT(w.err == STATUS_OK && w.len == 72 && buf[0] == 14);
    pl.u.eccpt.padded_from_point = 1; /* form (b): 3 octets */
    wr_init_fixed(&w, buf, sizeof buf);
    mikey_payload_encode(&pl, 14, &w);
    CU_ASSERT(w.err == STATUS_OK && w.len == 74);
    pl.u.eccpt.padding = (struct view){none, 0}; /* given, and empty */
    wr_init_fixed(&w, buf, sizeof buf);
    mikey_payload_encode(&pl, 14, &w);
    CU_ASSERT(w.err == STATUS_OK && w.len == 71);
}

/* IDRi, ECCPTi, IDRr, ECCPTr with each point in either form. */
static struct octets two_points(int b_first, int b_second, uint8_t last)
{
    uint8_t buf[512];
    size_t n = put_idr(buf, 25, 1);
    n += put_eccpt(buf + n, 14, 8, 4, 65, b_first ? 3 : 1, last);
    n += put_idr(buf + n, 25, 2);
    n += put_eccpt(buf + n, 0, 8, 4, 65, b_second ? 3 : 1, last);
    return octets_copy(buf, n);
}

static void padding_from_the_point_is_recognised(void)
{
    for (int forms = 0; forms < 4; forms++) {
        struct octets o = two_points(forms & 1, forms >> 1, 0);
        struct mikey_chain c;
        struct mikey_error err;
        CU_ASSERT(mikey_chain_decode(&c, 14, o.data, o.len, &err) == STATUS_OK);
        CU_ASSERT(err.status == STATUS_OK && c.num_payloads == 4);
        const struct mikey_payload *i = mikey_chain_eccpt(&c, 1);
        const struct mikey_payload *r = mikey_chain_eccpt(&c, 2);
        CU_ASSERT_FATAL(i != NULL && r != NULL);
        CU_ASSERT(i->u.eccpt.padded_from_point == (forms & 1));
        CU_ASSERT(r->u.eccpt.padded_from_point == forms >> 1);
        CU_ASSERT(i->u.eccpt.point.len == 65 && r->u.eccpt.point.len == 65);
        CU_ASSERT(i->range.len == ((forms & 1) ? 74 : 72));
        CU_ASSERT(chain_encodes_to(&c, o.data, o.len));
        CU_ASSERT(chain_fields_cover(&c));
        octets_free(&o);
    }
}

/* Form (b) is taken only with KV Null (AMB-09). */
static void padding_from_the_point_needs_kv_null(void)
{
    uint8_t buf[128];
    size_t n = put_eccpt(buf, 0, 8, 4, 65, 3, 1); /* KV = SPI */
    buf[n++] = 1;
    buf[n++] = 0xaa;
    struct octets o = octets_copy(buf, n);
    struct mikey_chain c;
    CU_ASSERT(mikey_chain_decode(&c, 25, o.data, o.len, NULL) != STATUS_OK);
    octets_free(&o);
    n = put_eccpt(buf, 0, 8, 4, 65, 3, 0);
    CU_ASSERT(mikey_chain_decode(&c, 25, buf, n, NULL) == STATUS_OK);
    buf[68] = 0x77; /* an octet of the padding */
    CU_ASSERT(mikey_chain_decode(&c, 25, buf, n, NULL) != STATUS_OK);
}

/* What fits neither form is blamed on the strict one. */
static void the_error_is_that_of_the_strict_reading(void)
{
    struct octets o = two_points(0, 0, 0);
    struct mikey_chain c;
    struct mikey_error err;
    CU_ASSERT(mikey_chain_decode(&c, 14, o.data, o.len - 1, &err) ==
              STATUS_TRUNCATED);
    CU_ASSERT(err.payload == 25 && strcmp(err.field, "KV") == 0);
    CU_ASSERT(err.offset == 155 && c.num_payloads == 3);
    CU_ASSERT(c.payloads[1].range.len == 72);
    octets_free(&o);
}

/* Receivers must accept anything in the fields IBAKE ignores (AMB-38) and note,
 * not refuse, padding that is not zero (AMB-09). */
static void ignored_fields_and_padding_are_kept(void)
{
    struct octets o = two_points(0, 0, 0xf0);
    struct mikey_chain c;
    o.data[6 + 67] = 0x99; /* padding */
    o.data[6 + 68] = 7;    /* Auth alg */
    o.data[6 + 69] = 0x12; /* TGK len */
    CU_ASSERT(mikey_chain_decode(&c, 14, o.data, o.len, NULL) == STATUS_OK);
    CU_ASSERT(octets_are(c.payloads[1].u.eccpt.padding, "99"));
    CU_ASSERT(c.payloads[1].u.eccpt.auth_alg == 7);
    CU_ASSERT(c.payloads[1].u.eccpt.tgk_len == 0x1200);
    CU_ASSERT(c.payloads[1].u.eccpt.reserved == 15);
    CU_ASSERT(chain_encodes_to(&c, o.data, o.len));
    octets_free(&o);
}

/* Many points in a chain that fits no form: the effort stays small. */
static void many_points_do_not_multiply_the_readings(void)
{
    static uint8_t buf[32 * 72 + 8];
    size_t n = 0;
    for (int i = 0; i < 31; i++) {
        n += put_eccpt(buf + n, 25, 8, 4, 65, 1, 0);
    }
    n += put_eccpt(buf + n, 0, 8, 4, 65, 1, 0);
    buf[n++] = 0xff;
    struct mikey_chain c;
    struct mikey_error err;
    CU_ASSERT(mikey_chain_decode(&c, 25, buf, n, &err) == STATUS_TRAILING);
    CU_ASSERT(c.num_payloads == 32);
}

/* ESK and KEMAC with a plain ID: ID type 1 "sip:a", then SK or Key data. */
static void plain_id_is_recognised_before_a_key(void)
{
    static const struct {
        const char *hex;
        uint8_t type;
    } chains[] = {{"18 01 0005 7369703a61 00 10 0002 aabb", MIKEY_PL_SK},
                  {"14 01 0005 7369703a61 00 70 0002 aabb", MIKEY_PL_KEY_DATA}};
    for (size_t i = 0; i < 2; i++) {
        struct octets o = octets_of(chains[i].hex);
        struct mikey_chain c;
        struct mikey_error err;
        CU_ASSERT(mikey_chain_decode(&c, 14, o.data, o.len, &err) == STATUS_OK);
        CU_ASSERT(err.status == STATUS_OK && c.num_payloads == 2);
        CU_ASSERT(c.payloads[0].type == MIKEY_PL_ID);
        CU_ASSERT(text_is(c.payloads[0].u.id.data, "sip:a"));
        CU_ASSERT(c.payloads[1].type == chains[i].type);
        CU_ASSERT(chain_encodes_to(&c, o.data, o.len));
        octets_free(&o);
    }
}

/* ... but not in IBAKE, where only IDR stands in the text. */
static void plain_id_is_not_recognised_before_a_point(void)
{
    uint8_t buf[256];
    static const uint8_t id[] = {25, 1, 0, 5, 's', 'i', 'p', ':', 'a'};
    memcpy(buf, id, sizeof id);
    size_t n = sizeof id + put_eccpt(buf + sizeof id, 0, 8, 4, 65, 1, 0);
    struct octets o = octets_copy(buf, n);
    struct mikey_chain c;
    struct mikey_error err;
    CU_ASSERT(mikey_chain_decode(&c, 14, o.data, o.len, &err) != STATUS_OK);
    CU_ASSERT(err.payload == MIKEY_PL_IDR);
    CU_ASSERT(mikey_chain_decode(&c, 6, o.data, o.len, &err) == STATUS_OK);
    octets_free(&o);
}

static const struct unit_case cases[] = {
    {"every_curve_has_the_size_of_the_table",
     every_curve_has_the_size_of_the_table},
    {"padding_is_made_where_none_is_given",
     padding_is_made_where_none_is_given},
    {"padding_from_the_point_is_recognised",
     padding_from_the_point_is_recognised},
    {"padding_from_the_point_needs_kv_null",
     padding_from_the_point_needs_kv_null},
    {"the_error_is_that_of_the_strict_reading",
     the_error_is_that_of_the_strict_reading},
    {"ignored_fields_and_padding_are_kept",
     ignored_fields_and_padding_are_kept},
    {"many_points_do_not_multiply_the_readings",
     many_points_do_not_multiply_the_readings},
    {"plain_id_is_recognised_before_a_key",
     plain_id_is_recognised_before_a_key},
    {"plain_id_is_not_recognised_before_a_point",
     plain_id_is_not_recognised_before_a_point},
    {NULL, NULL},
};
const struct unit_suite mikey_eccpt_suite = {"eccpt", cases};
