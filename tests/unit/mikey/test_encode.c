/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages that are built: links, forced links, lengths that do not fit,
 * memory. */
#include "tests/unit/mikey/mikey_tests.h"

#include "harness/base/mem.h"

#include <string.h>

static const uint8_t octet_block[70000];

/* HDR, T, RAND, IDRi, IBAKE from structs: the Next payload fields are computed.
 */
static void the_chain_is_linked(void)
{
    static const uint8_t t[] = {0, 0, 0, 1};
    static const uint8_t name[] = "a";
    struct mikey_msg m = {
        .hdr = {.version = 1,
                .data_type = MIKEY_DT_I_MESSAGE_1,
                .next_payload = 77, /* not forced: no effect */
                .v = 1,
                .prf = 1,
                .csb_id = 0x0a0b0c0d,
                .num_cs = 1,
                .map_type = MIKEY_MAP_EMPTY},
        .num_payloads = 4,
        .payloads = {
            {.type = MIKEY_PL_T, .u.t = {MIKEY_TS_COUNTER, {t, 4}}},
            {.type = MIKEY_PL_RAND, .u.rnd = {{t, 4}}},
            {.type = MIKEY_PL_IDR, .next = 77, .u.idr = {1, 1, {name, 1}}},
            {.type = MIKEY_PL_IBAKE, .u.enc = {{t, 2}}}}};
    struct octets o = octets_of("01 16 05 81 0a0b0c0d 01 01"
                                "0b 02 00000001"
                                "0e 04 00000001"
                                "16 01 01 0001 61"
                                "00 0002 0000");
    CU_ASSERT(encodes_to(&m, o.data, o.len));
    octets_free(&o);
    /* forced: HDR says 9, IDR says 23 */
    m.hdr.next_payload = 9;
    m.hdr.next_forced = 1;
    m.payloads[2].next = 23;
    m.payloads[2].next_forced = 1;
    o = octets_of("01 16 09 81 0a0b0c0d 01 01"
                  "0b 02 00000001"
                  "0e 04 00000001"
                  "17 01 01 0001 61"
                  "00 0002 0000");
    CU_ASSERT(encodes_to(&m, o.data, o.len));
    octets_free(&o);
}

/* A type without a format is written from its body. */
static void unknown_types_are_written_from_their_body(void)
{
    struct octets body = octets_of("0102");
    struct mikey_payload pl = {.type = 99, .u.opaque = {{body.data, body.len}}};
    uint8_t buf[8];
    struct wr w;
    wr_init_fixed(&w, buf, sizeof buf);
    mikey_payload_encode(&pl, 5, &w);
    CU_ASSERT(w.err == STATUS_OK);
    CU_ASSERT(octets_are((struct view){buf, w.len}, "05 0102"));
    octets_free(&body);
}

static enum status status_of(const struct mikey_payload *pl, size_t *len)
{
    struct wr w;
    wr_init(&w);
    mikey_payload_encode(pl, 0, &w);
    enum status s = w.err;
    *len = w.len;
    wr_cleanup(&w);
    return s;
}

/* Each length field at its limit, and one above. */
static void lengths_that_do_not_fit_are_refused(void)
{
    const struct {
        uint8_t type;
        size_t max;
    } rows[] = {
        {MIKEY_PL_RAND, 255},    {MIKEY_PL_PKE, 16383}, {MIKEY_PL_SIGN, 4095},
        {MIKEY_PL_IBAKE, 65535}, {MIKEY_PL_ESK, 65535}, {MIKEY_PL_IDR, 65535},
        {MIKEY_PL_ID, 65535},    {MIKEY_PL_SP, 65535},  {MIKEY_PL_SK, 65535},
        {MIKEY_PL_KEMAC, 65535}, {MIKEY_PL_RANDR, 255},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t over = 0; over < 2; over++) {
            struct view v = {octet_block, rows[i].max + over};
            struct mikey_payload pl = {.type = rows[i].type};
            size_t len;
            switch (rows[i].type) {
            case MIKEY_PL_RAND:
                pl.u.rnd.rand = v;
                break;
            case MIKEY_PL_RANDR:
                pl.u.randr.rand = v;
                break;
            case MIKEY_PL_PKE:
                pl.u.pke.data = v;
                break;
            case MIKEY_PL_SIGN:
                pl.u.sign.sig = v;
                break;
            case MIKEY_PL_IDR:
                pl.u.idr.data = v;
                break;
            case MIKEY_PL_ID:
                pl.u.id.data = v;
                break;
            case MIKEY_PL_SP:
                pl.u.sp.params = v;
                break;
            case MIKEY_PL_SK:
                pl.u.sk.key = v;
                break;
            case MIKEY_PL_KEMAC:
                pl.u.kemac.data = v;
                break;
            default:
                pl.u.enc.data = v;
                break;
            }
            enum status s = status_of(&pl, &len);
            CU_ASSERT(s == (over ? STATUS_BAD_LENGTH : STATUS_OK));
            CU_ASSERT(over || len >= rows[i].max);
        }
    }
}

static void a_full_buffer_is_an_error(void)
{
    struct octets o = octets_of(vector_find("ims_i2")->hex);
    struct mikey_msg m;
    uint8_t buf[256];
    struct wr w;
    CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
    for (size_t cap = 0; cap <= o.len; cap++) {
        wr_init_fixed(&w, buf, cap);
        mikey_encode(&m, &w);
        CU_ASSERT(w.err == (cap < o.len ? STATUS_NO_SPACE : STATUS_OK));
    }
    octets_free(&o);
}

static void ladder_message(const struct mikey_msg *m, int text)
{
    unsigned long live = mem_live();
    enum status s = STATUS_NO_MEMORY;
    unsigned long n = 0;
    while (s == STATUS_NO_MEMORY && n < 1000) {
        struct wr w;
        wr_init(&w);
        mem_fail_at(++n);
        if (text) {
            mikey_text(m, &w);
        } else {
            mikey_encode(m, &w);
        }
        mem_fail_at(0);
        s = w.err;
        wr_cleanup(&w);
        CU_ASSERT(mem_live() == live);
    }
    CU_ASSERT(s == STATUS_OK && n > 1);
}

static void every_allocation_may_fail(void)
{
    struct octets o = octets_of(vector_find("c5_i2")->hex);
    struct mikey_msg m;
    CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
    ladder_message(&m, 0);
    ladder_message(&m, 1);
    octets_free(&o);
}

static void the_sample_is_a_valid_message(void)
{
    struct wr w;
    struct mikey_msg m;
    struct mikey_error err;
    wr_init(&w);
    mikey_sample(&w);
    CU_ASSERT(w.err == STATUS_OK);
    CU_ASSERT(mikey_decode(&m, w.data, w.len, &err) == STATUS_OK);
    CU_ASSERT(m.hdr.data_type == MIKEY_DT_I_MESSAGE_2 && m.num_payloads == 6);
    CU_ASSERT(mikey_find(&m, MIKEY_PL_IBAKE)->u.enc.data.len == 284);
    CU_ASSERT(mikey_find(&m, MIKEY_PL_ESK)->u.enc.data.len == 146);
    CU_ASSERT(mikey_i_r_rules(&m, &err) == STATUS_OK);
    wr_cleanup(&w);
}

static const struct unit_case cases[] = {
    {"the_chain_is_linked", the_chain_is_linked},
    {"unknown_types_are_written_from_their_body",
     unknown_types_are_written_from_their_body},
    {"lengths_that_do_not_fit_are_refused",
     lengths_that_do_not_fit_are_refused},
    {"a_full_buffer_is_an_error", a_full_buffer_is_an_error},
    {"every_allocation_may_fail", every_allocation_may_fail},
    {"the_sample_is_a_valid_message", the_sample_is_a_valid_message},
    {NULL, NULL},
};
const struct unit_suite mikey_encode_suite = {"encode", cases};
