/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The messages and chains printed in the specifications. */
#include "tests/unit/mikey/mikey_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>

static void every_message_reads_and_is_written_again(void)
{
    for (const struct vector *v = vector_messages; v->name != NULL; v++) {
        struct octets o = octets_of(v->hex);
        struct mikey_msg msg;
        struct mikey_error err;
        int ok = mikey_decode(&msg, o.data, o.len, &err) == STATUS_OK &&
                 err.status == STATUS_OK && encodes_to(&msg, o.data, o.len) &&
                 fields_cover(&msg) && mikey_i_r_rules(&msg, &err) == STATUS_OK;
        if (!ok) {
            printf("vector %s\n", v->name);
        }
        CU_ASSERT(ok);
        octets_free(&o);
    }
}

static void every_chain_reads_and_is_written_again(void)
{
    for (const struct vector *v = vector_chains; v->name != NULL; v++) {
        struct octets o = octets_of(v->hex);
        struct mikey_chain c;
        struct mikey_error err;
        int ok = mikey_chain_decode(&c, v->first, o.data, o.len, &err) ==
                     STATUS_OK &&
                 err.status == STATUS_OK &&
                 chain_encodes_to(&c, o.data, o.len) && chain_fields_cover(&c);
        if (!ok) {
            printf("vector %s\n", v->name);
        }
        CU_ASSERT(ok);
        octets_free(&o);
    }
}

/* The order of payloads in a message, as "5 11 14 14 22". */
static int order_is(const struct mikey_payload *pls, size_t num,
                    const uint8_t *types, size_t num_types)
{
    int same = num == num_types;
    for (size_t i = 0; same && i < num; i++) {
        same = pls[i].type == types[i];
    }
    return same;
}
#define ORDER_IS(thing, ...)                                                   \
    order_is((thing).payloads, (thing).num_payloads,                           \
             (const uint8_t[]){__VA_ARGS__},                                   \
             sizeof((const uint8_t[]){__VA_ARGS__}))

static void decode_vector(struct octets *o, struct mikey_msg *msg,
                          const char *name)
{
    *o = octets_of(vector_find(name)->hex);
    CU_ASSERT_FATAL(mikey_decode(msg, o->data, o->len, NULL) == STATUS_OK);
}

static void decode_chain_vector(struct octets *o, struct mikey_chain *c,
                                const char *name)
{
    const struct vector *v = vector_find(name);
    *o = octets_of(v->hex);
    CU_ASSERT_FATAL(mikey_chain_decode(c, v->first, o->data, o->len, NULL) ==
                    STATUS_OK);
}

/* ims-deferred-delivery 2.8, I1: CSB ID 1DC0EE5E, #CS 2, SRTP-ID with SSRC A
 * and 0, T1 2026-03-02T09:15:04.25Z, RAND 30..3F, IDRi alice, IDRr bob, IBAKE
 * of 8 E1 */
static void structure_vector_i1_says_what_the_text_says(void)
{
    struct octets o;
    struct mikey_msg m;
    struct mikey_srtp_id cs;
    uint8_t type;
    uint64_t t;
    decode_vector(&o, &m, "ims_i1");
    CU_ASSERT(m.hdr.version == 1 && m.hdr.data_type == MIKEY_DT_I_MESSAGE_1);
    CU_ASSERT(m.hdr.v == 1 && m.hdr.prf == 0 && m.hdr.num_cs == 2);
    CU_ASSERT(m.hdr.csb_id == 0x1dc0ee5e && m.hdr.map_info.len == 18);
    CU_ASSERT(m.hdr.map_type == MIKEY_MAP_SRTP_ID);
    CU_ASSERT(mikey_srtp_id(&m.hdr, 0, &cs) == STATUS_OK);
    CU_ASSERT(cs.policy == 0 && cs.ssrc == 0x0a11ce01 && cs.roc == 0);
    CU_ASSERT(mikey_srtp_id(&m.hdr, 1, &cs) == STATUS_OK && cs.ssrc == 0);
    CU_ASSERT(mikey_srtp_id(&m.hdr, 2, &cs) == STATUS_NOT_FOUND);
    CU_ASSERT(ORDER_IS(m, 5, 11, 14, 14, 22));
    CU_ASSERT(mikey_timestamp(&m, &type, &t) == STATUS_OK);
    CU_ASSERT(type == MIKEY_TS_NTP_UTC && t == 0xed4fd39840000000);
    CU_ASSERT(octets_are(mikey_find(&m, MIKEY_PL_RAND)->u.rnd.rand,
                         "303132333435363738393a3b3c3d3e3f"));
    CU_ASSERT(text_is(mikey_find_idr(&m, MIKEY_ROLE_INITIATOR)->u.idr.data,
                      "sip:alice@home-a.example"));
    CU_ASSERT(text_is(mikey_find_idr(&m, MIKEY_ROLE_RESPONDER)->u.idr.data,
                      "sip:bob@home-b.example"));
    CU_ASSERT(mikey_find_idr(&m, MIKEY_ROLE_KMS) == NULL);
    const struct mikey_payload *ibake = mikey_find(&m, MIKEY_PL_IBAKE);
    CU_ASSERT(octets_are(ibake->u.enc.data, "e1e1e1e1e1e1e1e1"));
    CU_ASSERT(ibake->range.off == 112 && ibake->range.len == 11);
    octets_free(&o);
}

/* R2: V flag 0, IBAKE then V with auth alg 1 and twenty AA */
static void structure_vector_r2_ends_with_v(void)
{
    struct octets o;
    struct mikey_msg m;
    decode_vector(&o, &m, "ims_r2");
    CU_ASSERT(m.hdr.v == 0 && m.hdr.data_type == MIKEY_DT_R_MESSAGE_2);
    CU_ASSERT(ORDER_IS(m, 5, 14, 14, 22, 9));
    const struct mikey_payload *v = mikey_find(&m, MIKEY_PL_V);
    CU_ASSERT(v->u.v.auth_alg == 1 && v->u.v.mac.len == 20);
    CU_ASSERT(v->range.off == 112 && v->range.len == 22);
    octets_free(&o);
}

/* I2: IBAKE (E3) then ESK (E5); T2 2026-03-02T09:15:26.5Z */
static void structure_vector_i2_has_ibake_then_esk(void)
{
    struct octets o;
    struct mikey_msg m;
    decode_vector(&o, &m, "ims_i2");
    CU_ASSERT(ORDER_IS(m, 5, 11, 14, 14, 22, 23));
    CU_ASSERT(octets_are(mikey_find(&m, MIKEY_PL_ESK)->u.enc.data,
                         "e5e5e5e5e5e5e5e5"));
    CU_ASSERT(text_is(mikey_find_idr(&m, MIKEY_ROLE_RESPONDER)->u.idr.data,
                      "sip:bob-mbx@vm.home-b.example"));
    octets_free(&o);
}

/* REQUEST_KEY_PSK: #CS 0, Empty map, T, RAND, IDRi alice, IDRkms, V */
static void key_request_of_annex_c_has_its_parts(void)
{
    struct octets o;
    struct mikey_msg m;
    decode_vector(&o, &m, "c1_request");
    CU_ASSERT(m.hdr.data_type == MIKEY_DT_REQUEST_KEY_PSK);
    CU_ASSERT(m.hdr.num_cs == 0 && m.hdr.map_type == MIKEY_MAP_EMPTY);
    CU_ASSERT(ORDER_IS(m, 5, 11, 14, 14, 9));
    CU_ASSERT(text_is(mikey_find_idr(&m, MIKEY_ROLE_KMS)->u.idr.data,
                      "sip:kms@example.com"));
    octets_free(&o);
    decode_vector(&o, &m, "c1_response");
    CU_ASSERT(ORDER_IS(m, 5, 14, 14, 1, 9));
    const struct mikey_payload *k = mikey_find(&m, MIKEY_PL_KEMAC);
    CU_ASSERT(k->u.kemac.encr_alg == 1 && k->u.kemac.data.len == 107);
    CU_ASSERT(k->u.kemac.mac_alg == 0 && k->u.kemac.mac.len == 0);
    octets_free(&o);
}

/* KEMAC plaintext: IDR(role 1, A), Key data(type 7, KV Interval = that day) */
static void kemac_of_annex_c_holds_a_private_key(void)
{
    struct octets o;
    struct mikey_chain c;
    decode_chain_vector(&o, &c, "c1_kemac");
    CU_ASSERT(ORDER_IS(c, 14, 20));
    const struct mikey_payload *k = &c.payloads[1];
    CU_ASSERT(k->u.key_data.type == MIKEY_KEY_K_PR);
    CU_ASSERT(k->u.key_data.key.len == 59 && k->u.key_data.salt.len == 0);
    CU_ASSERT(k->u.key_data.kv.kv == MIKEY_KV_INTERVAL);
    CU_ASSERT(octets_are(k->u.key_data.kv.from, "ed057d8000000000"));
    CU_ASSERT(octets_are(k->u.key_data.kv.to, "ed06ceff00000000"));
    octets_free(&o);
}

static const char xp[] =
    "04dee194247be003578f96f4a336e118a1771dc347da3e1e1f0e53059d530d4670"
    "3f6267bb3bc3efb81148147031c9023e616972b199c62483d636eb758d4fd25a";
static const char yp[] =
    "04b834030ac886380dde6cfb6fc5e8ac69d7d079e2afb74ad1564a86df8d7aa920"
    "c970bea71ba7a9d4518be07b2c20da21e125ec2ca33d4b75d6a097ee968794b9";

static void points_of_annex_c_belong_to_their_identities(void)
{
    struct octets o;
    struct mikey_chain c;
    const struct mikey_payload *p;
    decode_chain_vector(&o, &c, "c3_ibake");
    CU_ASSERT(ORDER_IS(c, 14, 25, 14));
    p = mikey_chain_eccpt(&c, MIKEY_ROLE_INITIATOR);
    CU_ASSERT_FATAL(p != NULL);
    CU_ASSERT(p->u.eccpt.curve == 8 && octets_are(p->u.eccpt.point, xp));
    CU_ASSERT(octets_are(p->u.eccpt.padding, "00") && p->range.len == 72);
    CU_ASSERT(p->u.eccpt.kv.kv == 0 && !p->u.eccpt.padded_from_point);
    CU_ASSERT(mikey_chain_eccpt(&c, MIKEY_ROLE_RESPONDER) == NULL);
    octets_free(&o);
    decode_chain_vector(&o, &c, "c4_ibake");
    CU_ASSERT(ORDER_IS(c, 14, 14, 25));
    CU_ASSERT(mikey_chain_eccpt(&c, MIKEY_ROLE_INITIATOR) == NULL);
    p = mikey_chain_eccpt(&c, MIKEY_ROLE_RESPONDER);
    CU_ASSERT(p != NULL && octets_are(p->u.eccpt.point, yp));
    CU_ASSERT(text_is(mikey_chain_find_idr(&c, 2)->u.idr.data,
                      "sip:vm.bob@example.net"));
    octets_free(&o);
    decode_chain_vector(&o, &c, "c5_ibake");
    CU_ASSERT(ORDER_IS(c, 14, 25, 14, 25));
    p = mikey_chain_eccpt(&c, MIKEY_ROLE_INITIATOR);
    CU_ASSERT(p != NULL && octets_are(p->u.eccpt.point, xp));
    p = mikey_chain_eccpt(&c, MIKEY_ROLE_RESPONDER);
    CU_ASSERT(p != NULL && octets_are(p->u.eccpt.point, yp));
    octets_free(&o);
}

static void esk_of_annex_c_holds_sk(void)
{
    struct octets o;
    struct mikey_chain c;
    decode_chain_vector(&o, &c, "c5_esk");
    CU_ASSERT(ORDER_IS(c, 14, 24));
    CU_ASSERT(c.payloads[1].u.sk.type == 1 && c.payloads[1].u.sk.kv.kv == 0);
    CU_ASSERT(octets_are(
        c.payloads[1].u.sk.key,
        "1ae55232c15b65f071015b34ba493dc4c0057cef485968cf2193536e5a19d92a"));
    octets_free(&o);
}

/* RFC 4567, 5.1, as resolved in TV-1: HDR, T, RAND, ID NAI, SP without
 * parameters, KEMAC with AES-CM-128 and HMAC-SHA-1-160 */
static void example_of_rfc_4567_has_its_parts(void)
{
    struct octets o;
    struct mikey_msg m;
    struct mikey_chain c;
    decode_vector(&o, &m, "tv1_i");
    CU_ASSERT(m.hdr.data_type == MIKEY_DT_PSK_INIT && m.hdr.v == 1);
    CU_ASSERT(ORDER_IS(m, 5, 11, 6, 10, 1));
    CU_ASSERT(text_is(m.payloads[2].u.id.data, "donald@duck.com"));
    CU_ASSERT(m.payloads[2].u.id.type == MIKEY_ID_NAI);
    CU_ASSERT(m.payloads[3].u.sp.params.len == 0);
    CU_ASSERT(m.payloads[4].u.kemac.data.len == 36);
    CU_ASSERT(octets_are(m.payloads[4].u.kemac.mac,
                         "5f627a69c6508675f5f59050e4abcca4c0bfdcd5"));
    octets_free(&o);
    decode_chain_vector(&o, &c, "tv1_kemac");
    CU_ASSERT(c.payloads[0].u.key_data.type == MIKEY_KEY_TGK_SALT);
    CU_ASSERT(octets_are(c.payloads[0].u.key_data.salt,
                         "980c97f9e383702749ea07332578"));
    octets_free(&o);
}

/* TV-4: HDR (#CS 2: SSRC 0a0b0c0d, 0), T, RAND, IDi, IDr, SP 0, GenExt 1
 * "mikey", KEMAC; Key data with MKI c0ffee01 */
static void psk_exchange_of_tv_4_has_its_parts(void)
{
    struct octets o;
    struct mikey_msg m;
    struct mikey_chain c;
    struct view value;
    decode_vector(&o, &m, "tv4_i");
    CU_ASSERT(ORDER_IS(m, 5, 11, 6, 6, 10, 21, 1));
    CU_ASSERT(m.payloads[4].u.sp.params.len == 36);
    CU_ASSERT(mikey_sp_param(m.payloads[4].u.sp.params, 4, &value) ==
              STATUS_OK);
    CU_ASSERT(octets_are(value, "0e"));
    CU_ASSERT(mikey_sp_param(m.payloads[4].u.sp.params, 20, &value) ==
              STATUS_NOT_FOUND);
    CU_ASSERT(m.payloads[5].u.ext.type == 1);
    CU_ASSERT(text_is(m.payloads[5].u.ext.data, "mikey"));
    octets_free(&o);
    decode_vector(&o, &m, "tv4_r");
    struct mikey_srtp_id cs;
    CU_ASSERT(mikey_srtp_id(&m.hdr, 1, &cs) == STATUS_OK);
    CU_ASSERT(cs.ssrc == 0x0e0f1011 && ORDER_IS(m, 5, 6, 9));
    octets_free(&o);
    decode_chain_vector(&o, &c, "tv4_kemac");
    CU_ASSERT(c.payloads[0].u.key_data.type == MIKEY_KEY_TGK);
    CU_ASSERT(c.payloads[0].u.key_data.kv.kv == MIKEY_KV_SPI);
    CU_ASSERT(octets_are(c.payloads[0].u.key_data.kv.spi, "c0ffee01"));
    octets_free(&o);
}

static void decoding_allocates_nothing(void)
{
    for (const struct vector *v = vector_messages; v->name != NULL; v++) {
        struct octets o = octets_of(v->hex);
        struct mikey_msg msg;
        struct mikey_error err;
        mem_fail_at(1); /* whoever asks first gets nothing */
        CU_ASSERT(mikey_decode(&msg, o.data, o.len, &err) == STATUS_OK);
        CU_ASSERT(mikey_decode(&msg, o.data, o.len - 1, &err) != STATUS_OK);
        CU_ASSERT(mem_alloc(1) == NULL); /* still armed: nobody asked */
        mem_fail_at(0);
        octets_free(&o);
    }
}

static const struct unit_case cases[] = {
    {"every_message_reads_and_is_written_again",
     every_message_reads_and_is_written_again},
    {"every_chain_reads_and_is_written_again",
     every_chain_reads_and_is_written_again},
    {"structure_vector_i1_says_what_the_text_says",
     structure_vector_i1_says_what_the_text_says},
    {"structure_vector_r2_ends_with_v", structure_vector_r2_ends_with_v},
    {"structure_vector_i2_has_ibake_then_esk",
     structure_vector_i2_has_ibake_then_esk},
    {"key_request_of_annex_c_has_its_parts",
     key_request_of_annex_c_has_its_parts},
    {"kemac_of_annex_c_holds_a_private_key",
     kemac_of_annex_c_holds_a_private_key},
    {"points_of_annex_c_belong_to_their_identities",
     points_of_annex_c_belong_to_their_identities},
    {"esk_of_annex_c_holds_sk", esk_of_annex_c_holds_sk},
    {"example_of_rfc_4567_has_its_parts", example_of_rfc_4567_has_its_parts},
    {"psk_exchange_of_tv_4_has_its_parts", psk_exchange_of_tv_4_has_its_parts},
    {"decoding_allocates_nothing", decoding_allocates_nothing},
    {NULL, NULL},
};
const struct unit_suite mikey_vectors_suite = {"vectors", cases};
