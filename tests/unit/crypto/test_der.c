/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* DER of parameters, keys and ciphertexts: everything but the one canonical
 * form is refused. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/base/mem.h"
#include "harness/crypto/bf_int.h"

#include <stdio.h>
#include <string.h>

/* What decodes: 0 = parameters, 1 = key, 2 = ciphertext. */
struct subject {
    struct bf_params *bp;
    struct bf_key *key;
    struct octets der[3];
};

static void open_subject(struct subject *s, int64_t bits)
{
    const struct ynode *g = vectors_group("BfIbe", bits, 0);
    const struct ynode *t = valid_test(g, 0);
    enum bf_reason reason;
    s->bp = params_of(g);
    s->der[0] = octets_of(ynode_str(g, "params.paramsDer", ""));
    s->der[1] = octets_of(ynode_str(t, "privateKeyDer", ""));
    s->der[2] = octets_of(ynode_str(t, "ciphertextDer", ""));
    s->key = bf_key_decode(s->bp, s->der[1].data, s->der[1].len, &reason);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->key);
}

static void close_subject(struct subject *s)
{
    bf_key_free(s->key);
    bf_params_free(s->bp);
    for (size_t i = 0; i < 3; i++) {
        octets_free(&s->der[i]);
    }
}

/* Decodes a copy of exactly len octets, so that a read past it is seen. */
static enum bf_reason decode(const struct subject *s, size_t which,
                             const uint8_t *data, size_t len)
{
    struct octets o = octets_copy(data, len);
    enum bf_reason why = BF_REASON_NONE;
    struct wr out;
    wr_init(&out);
    if (which == 0) {
        struct bf_params *bp = bf_params_decode(o.data, o.len, 1, &why);
        CU_ASSERT_EQUAL(bp != NULL, why == BF_REASON_NONE);
        bf_params_free(bp);
    } else if (which == 1) {
        struct bf_key *key = bf_key_decode(s->bp, o.data, o.len, &why);
        CU_ASSERT_EQUAL(key != NULL, why == BF_REASON_NONE);
        bf_key_free(key);
    } else {
        enum status st = bf_decrypt(s->key, o.data, o.len, &out, &why);
        CU_ASSERT_EQUAL(st, why == BF_REASON_NONE ? STATUS_OK : STATUS_DECRYPT);
        CU_ASSERT(why == BF_REASON_NONE || out.len == 0);
    }
    wr_cleanup(&out);
    octets_free(&o);
    return why;
}

static void shorter_lengths(void)
{
    static const int64_t bits[] = {192, 512, 1024};
    for (size_t b = 0; b < 3; b++) {
        struct subject s;
        open_subject(&s, bits[b]);
        for (size_t i = 0; i < 3; i++) {
            CU_ASSERT_EQUAL(decode(&s, i, s.der[i].data, s.der[i].len),
                            BF_REASON_NONE);
            for (size_t len = 0; len < s.der[i].len; len++) {
                CU_ASSERT_EQUAL(decode(&s, i, s.der[i].data, len),
                                BF_REASON_DER);
            }
        }
        close_subject(&s);
    }
}

/* Offsets of every tag and length octet of the structure, recursively. */
static size_t headers(size_t *at, const uint8_t *d, size_t base, size_t len)
{
    size_t num = 0;
    for (size_t pos = 0; pos < len;) {
        int cons = d[pos] == 0x30;
        size_t head = 2;
        size_t body = d[pos + 1];
        if (body >= 0x80) {
            size_t count = body & 0x7f;
            body = 0;
            for (size_t i = 0; i < count; i++) {
                body = body << 8 | d[pos + 2 + i];
            }
            head += count;
        }
        for (size_t i = 0; i < head; i++) {
            at[num++] = base + pos + i;
        }
        if (cons) {
            num += headers(at + num, d + pos + head, base + pos + head, body);
        }
        pos += head + body;
    }
    return num;
}

/* Any other value of any tag or length octet contradicts its surroundings. */
static void changed_headers(void)
{
    static const int64_t bits[] = {192, 512, 1536};
    for (size_t b = 0; b < 3; b++) {
        struct subject s;
        open_subject(&s, bits[b]);
        for (size_t i = 0; i < 3; i++) {
            size_t at[100];
            struct octets o = s.der[i];
            size_t num = headers(at, o.data, 0, o.len);
            CU_ASSERT(num >= 10 && num <= 100);
            for (size_t k = 0; k < num; k++) {
                for (unsigned flip = 1; flip < 256; flip++) {
                    o.data[at[k]] ^= (uint8_t)flip;
                    CU_ASSERT(decode(&s, i, o.data, o.len) != BF_REASON_NONE);
                    o.data[at[k]] ^= (uint8_t)flip;
                }
            }
        }
        close_subject(&s);
    }
}

/* No bit of a ciphertext can be changed. */
static void changed_bits(void)
{
    struct subject s;
    open_subject(&s, 192);
    struct octets o = s.der[2];
    for (size_t bit = 0; bit < 8 * o.len; bit++) {
        o.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT(decode(&s, 2, o.data, o.len) != BF_REASON_NONE);
        o.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    close_subject(&s);
}

/* Lengths written in more octets than needed, octets after the end. */
static void other_encodings(void)
{
    struct subject s;
    uint8_t v[2048];
    open_subject(&s, 192);
    for (size_t i = 1; i < 3; i++) {
        struct octets o = s.der[i];
        size_t head = o.data[1] < 0x80 ? 2 : 3;
        size_t body = o.len - head;
        for (uint8_t count = 1; count <= 6; count++) {
            memset(v, 0, sizeof v);
            v[0] = 0x30;
            v[1] = (uint8_t)(0x80 | count);
            v[1 + count] = (uint8_t)body;
            memcpy(v + 2 + count, o.data + head, body);
            CU_ASSERT_EQUAL(decode(&s, i, v, 2u + count + body),
                            head == 3 && count == 1 ? BF_REASON_NONE
                                                    : BF_REASON_DER);
        }
        memcpy(v, o.data, o.len);
        v[o.len] = 0;
        CU_ASSERT_EQUAL(decode(&s, i, v, o.len + 1), BF_REASON_DER);
        v[1] = 0x80; /* indefinite */
        CU_ASSERT_EQUAL(decode(&s, i, v, o.len + 2), BF_REASON_DER);
    }
    close_subject(&s);
}

static void integers(void)
{
    static const struct {
        const char *hex; /* a key with this x and y = 1 */
        enum bf_reason want;
    } rows[] = {
        {"300b 020102 3006 020100 020101", BF_REASON_WRONG_ORDER}, /* (0,1) */
        {"300b 020102 3006 020102 020103", BF_REASON_WRONG_ORDER}, /* (2,3) */
        {"300b 020102 3006 020103 020103", BF_REASON_NOT_ON_CURVE},
        {"300b 020102 3006 0201ff 020101", BF_REASON_COORDINATE_RANGE},
        {"300c 020102 3007 02020000 020101", BF_REASON_DER},
        {"300c 020102 3007 02020001 020101", BF_REASON_DER},
        {"300c 020102 3007 0202ff80 020101", BF_REASON_DER},
        {"300c 020102 3007 02020080 020101", BF_REASON_NOT_ON_CURVE},
        {"300a 020102 3005 0200 020101", BF_REASON_DER},
        {"300b 020101 3006 020100 020101", BF_REASON_VERSION},
        {"300c 02020002 3006 020100 020101", BF_REASON_DER},
        {"300c 02020102 3006 020100 020101", BF_REASON_VERSION},
        {"3005 020102 3000", BF_REASON_INFINITY},
        {"3005 020102 0500", BF_REASON_DER},
        {"3008 020102 3003 020100", BF_REASON_DER},
        {"300e 020102 3009 020100 020101 020101", BF_REASON_DER},
        {"", BF_REASON_DER},
    };
    struct subject s;
    open_subject(&s, 192);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct octets o = octets_of(rows[i].hex);
        enum bf_reason why = decode(&s, 1, o.data, o.len);
        if (why != rows[i].want) {
            printf("%s: %s\n", rows[i].hex, bf_reason_name(why));
        }
        CU_ASSERT_EQUAL(why, rows[i].want);
        octets_free(&o);
    }
    close_subject(&s);
}

static void parts_of_a_ciphertext(void)
{
    const struct ynode *g = vectors_group("BfIbe", 512, 0);
    struct bf_ciphertext c;
    unsigned count = 0;
    for (const struct ynode *t = ynode_get(g, "tests")->first; t != NULL;
         t = t->next) {
        if (strcmp(ynode_str(t, "result", ""), "valid") != 0) {
            continue;
        }
        struct octets der = octets_of(ynode_str(t, "ciphertextDer", ""));
        uint8_t x[64] = {0};
        CU_ASSERT_EQUAL_FATAL(bf_ciphertext_parse(&c, der.data, der.len),
                              STATUS_OK);
        memcpy(x + 64 - c.ux.len, c.ux.data, c.ux.len);
        CU_ASSERT(hex_is("x", (struct view){x, 64}, ynode_str(t, "U.x", "")));
        memset(x, 0, sizeof x);
        memcpy(x + 64 - c.uy.len, c.uy.data, c.uy.len);
        CU_ASSERT(hex_is("y", (struct view){x, 64}, ynode_str(t, "U.y", "")));
        CU_ASSERT(hex_is("v", c.v, ynode_str(t, "V", "")));
        CU_ASSERT(hex_is("w", c.w, ynode_str(t, "W", "")));
        for (size_t len = 0; len < der.len; len++) {
            struct octets cut = octets_copy(der.data, len);
            CU_ASSERT_EQUAL(bf_ciphertext_parse(&c, cut.data, cut.len),
                            STATUS_SYNTAX);
            octets_free(&cut);
        }
        octets_free(&der);
        count++;
    }
    CU_ASSERT(count > 20);
    uint8_t small[] = {0x30, 15, 2, 1, 2, 0x30, 6, 2, 1,
                       0,    2,  1, 1, 4, 0,    4, 0};
    CU_ASSERT_EQUAL(bf_ciphertext_parse(&c, small, 17), STATUS_OK);
    small[4] = 3; /* version */
    CU_ASSERT_EQUAL(bf_ciphertext_parse(&c, small, 17), STATUS_BAD_VALUE);
    small[4] = 2;
    small[9] = 0x80; /* x = -128 */
    CU_ASSERT_EQUAL(bf_ciphertext_parse(&c, small, 17), STATUS_BAD_VALUE);
}

static void lengths_of_all_sizes(void)
{
    static const size_t lens[] = {0,   1,     127,   128,      255,
                                  256, 65535, 65536, 0xffffff, 0x1000000};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        uint8_t *data = mem_alloc(lens[i] + 1);
        struct wr out;
        wr_init(&out);
        der_put(&out, DER_OCTETS, (struct view){data, lens[i]});
        size_t head = lens[i] < 0x80        ? 2u
                      : lens[i] < 0x100     ? 3u
                      : lens[i] < 0x10000   ? 4u
                      : lens[i] < 0x1000000 ? 5u
                                            : 6u;
        CU_ASSERT_EQUAL(out.err, STATUS_OK);
        CU_ASSERT_EQUAL(out.len, head + lens[i]);
        wr_cleanup(&out);
        mem_free(data);
    }
}

static const struct unit_case cases[] = {
    {"every_shorter_length_is_refused", shorter_lengths},
    {"every_changed_tag_or_length_is_refused", changed_headers},
    {"no_bit_of_a_ciphertext_can_be_changed", changed_bits},
    {"only_minimal_lengths_are_taken", other_encodings},
    {"only_minimal_integers_are_taken", integers},
    {"parts_of_a_ciphertext_are_views", parts_of_a_ciphertext},
    {"lengths_of_all_sizes_are_written", lengths_of_all_sizes},
    {NULL, NULL}};

const struct unit_suite crypto_der_suite = {"der", cases};
