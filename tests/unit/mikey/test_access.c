/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Time, MAC input, the rules of AMB-45, names. */
#include "tests/unit/mikey/mikey_tests.h"

#include <string.h>

/* HDR: v1, R_MESSAGE_2, next, PRF 0, CSB ID, #CS 0, map type */
#define HDR(next, map) "0119" next "00 01020304 00" map

static void decode_hex(struct octets *o, struct mikey_msg *m, const char *hex)
{
    *o = octets_of(hex);
    CU_ASSERT_FATAL(mikey_decode(m, o->data, o->len, NULL) == STATUS_OK);
}

/* What an earlier message left behind the last payload is not found. */
static void nothing_is_found_past_the_last_payload(void)
{
    struct octets o;
    struct mikey_msg m;
    struct mikey_chain c;
    decode_hex(&o, &m, vector_find("ims_i1")->hex);
    CU_ASSERT(mikey_find_idr(&m, 2) != NULL);
    m.num_payloads = 3; /* T, RAND, IDRi */
    CU_ASSERT(mikey_find_idr(&m, 1) == &m.payloads[2]);
    CU_ASSERT(mikey_find_idr(&m, 2) == NULL);
    CU_ASSERT(mikey_find(&m, MIKEY_PL_IBAKE) == NULL);
    m.num_payloads = 0;
    CU_ASSERT(mikey_find(&m, MIKEY_PL_T) == NULL);
    octets_free(&o);
    o = octets_of(vector_find("c5_ibake")->hex);
    CU_ASSERT(mikey_chain_decode(&c, 14, o.data, o.len, NULL) == STATUS_OK);
    c.num_payloads = 3; /* IDRi, ECCPTi, IDRr */
    CU_ASSERT(mikey_chain_eccpt(&c, 1) == &c.payloads[1]);
    CU_ASSERT(mikey_chain_eccpt(&c, 2) == NULL);
    CU_ASSERT(mikey_chain_find_idr(&c, 2) == &c.payloads[2]);
    c.num_payloads = 2;
    CU_ASSERT(mikey_chain_find_idr(&c, 2) == NULL);
    octets_free(&o);
}

/* ECCPTi follows the IDR of role 1 directly: what stands elsewhere is no
 * ECCPTi. */
static void points_belong_to_the_idr_before_them(void)
{
    struct octets o = octets_of(vector_find("c4_ibake")->hex);
    struct mikey_chain c;
    CU_ASSERT(mikey_chain_decode(&c, 14, o.data, o.len, NULL) == STATUS_OK);
    CU_ASSERT(mikey_chain_eccpt(&c, 2) == &c.payloads[2]);
    CU_ASSERT(mikey_chain_eccpt(&c, 1) == NULL);
    CU_ASSERT(mikey_chain_eccpt(&c, 3) == NULL);
    octets_free(&o);
}

static void srtp_id_entries_are_written_as_they_read(void)
{
    const struct mikey_srtp_id id = {3, 0x0a0b0c0d, 0x01020304};
    uint8_t buf[9];
    struct wr w;
    struct mikey_srtp_id got;
    struct mikey_generic_id generic;
    wr_init_fixed(&w, buf, sizeof buf);
    mikey_srtp_id_put(&id, &w);
    CU_ASSERT(octets_are((struct view){buf, w.len}, "03 0a0b0c0d 01020304"));
    const struct mikey_hdr hdr = {.num_cs = 1, .map_info = {buf, 9}};
    CU_ASSERT(mikey_srtp_id(&hdr, 0, &got) == STATUS_OK);
    CU_ASSERT(got.policy == 3 && got.ssrc == id.ssrc && got.roc == id.roc);
    CU_ASSERT(mikey_generic_id(&hdr, 0, &generic) == STATUS_NOT_FOUND);
}

static void timestamps_widen_to_64_bits(void)
{
    static const struct {
        const char *hex;
        uint8_t type;
        uint64_t value;
    } rows[] = {
        {HDR("05", "01") "00 00 ed4fd39840000000", 0, 0xed4fd39840000000},
        {HDR("05", "01") "00 01 ed4fd39840000000", 1, 0xed4fd39840000000},
        {HDR("05", "01") "00 02 00000007", 2, 7},
        {HDR("05", "01") "00 03 ed4fd398", 3, 0xed4fd39800000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct octets o;
        struct mikey_msg m;
        uint8_t type = 99;
        uint64_t value = 0;
        decode_hex(&o, &m, rows[i].hex);
        CU_ASSERT(mikey_timestamp(&m, &type, &value) == STATUS_OK);
        CU_ASSERT(type == rows[i].type && value == rows[i].value);
        octets_free(&o);
    }
    struct octets o;
    struct mikey_msg m;
    uint8_t type;
    uint64_t value;
    decode_hex(&o, &m, HDR("00", "01"));
    CU_ASSERT(mikey_timestamp(&m, &type, &value) == STATUS_NOT_FOUND);
    octets_free(&o);
}

/* All but Ver data; for SIGN all but the signature. */
static void mac_input_is_the_message_without_its_mac(void)
{
    struct octets o;
    struct mikey_msg m;
    struct view in[2];
    size_t num = 0;
    decode_hex(&o, &m, vector_find("ims_r2")->hex);
    CU_ASSERT(mikey_mac_input(&m, in, &num) == STATUS_OK && num == 1);
    CU_ASSERT(in[0].data == o.data && in[0].len == o.len - 20);
    octets_free(&o);
    decode_hex(&o, &m, HDR("05", "01") "04 02 00000001 1003 aabbcc");
    CU_ASSERT(mikey_mac_input(&m, in, &num) == STATUS_OK && num == 1);
    CU_ASSERT(in[0].data == o.data && in[0].len == o.len - 3);
    octets_free(&o);
    decode_hex(&o, &m, HDR("09", "01") "00 00"); /* NULL */
    CU_ASSERT(mikey_mac_input(&m, in, &num) == STATUS_OK && num == 1);
    CU_ASSERT(in[0].len == o.len);
    octets_free(&o);
}

/* HDR, ESK of 2 octets, T, V: the five octets of ESK are skipped (RFC
 * 6267, 5.4). */
static void mac_input_leaves_esk_out(void)
{
    struct octets o;
    struct mikey_msg m;
    struct view in[2];
    size_t num = 0;
    decode_hex(&o, &m,
               HDR("17", "01") "05 0002 e5e5 09 02 00000001 00 01"
                               "000102030405060708090a0b0c0d0e0f10111213");
    CU_ASSERT(mikey_mac_input(&m, in, &num) == STATUS_OK && num == 2);
    CU_ASSERT(in[0].data == o.data && in[0].len == 10);
    CU_ASSERT(in[1].data == o.data + 15 && in[1].len == 8);
    octets_free(&o);
}

static void mac_input_needs_v_or_sign_at_the_end(void)
{
    static const struct {
        const char *hex;
        enum status status;
    } rows[] = {
        {HDR("00", "01"), STATUS_NOT_FOUND},
        {HDR("05", "01") "00 02 00000001", STATUS_NOT_FOUND},
        {HDR("09", "01") "05 00 00 02 00000001", STATUS_NOT_FOUND},
        {HDR("17", "01") "17 0000 09 0000 00 00", STATUS_DUPLICATE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct octets o;
        struct mikey_msg m;
        struct view in[2];
        size_t num;
        decode_hex(&o, &m, rows[i].hex);
        CU_ASSERT(mikey_mac_input(&m, in, &num) == rows[i].status);
        octets_free(&o);
    }
}

/* Version 2 with #CS 4 and a map type: the map was not read, so it has no
 * entries. */
static void a_map_that_was_not_read_has_no_entries(void)
{
    for (int generic = 0; generic < 2; generic++) {
        struct octets o = octets_of(generic ? "02 00 00 00 01020304 04 02"
                                            : "02 00 00 00 01020304 04 00");
        struct mikey_msg m;
        struct mikey_srtp_id srtp;
        struct mikey_generic_id id;
        CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_UNSUPPORTED);
        CU_ASSERT(m.hdr.num_cs == 4 && m.hdr.map_info.len == 0);
        CU_ASSERT(mikey_srtp_id(&m.hdr, 0, &srtp) == STATUS_NOT_FOUND);
        CU_ASSERT(mikey_generic_id(&m.hdr, 0, &id) == STATUS_NOT_FOUND);
        octets_free(&o);
    }
}

#define T(next) next "02 00000001"
#define IDR(next, role) next role "01 0001 61"

static void rules_of_i_and_r_messages(void)
{
    static const struct {
        const char *hex;
        enum status status;
        uint8_t payload;
        uint32_t offset;
        const char *clause;
    } rows[] = {
        {HDR("05", "01") T("0e") IDR("0e", "01") IDR("00", "02"), STATUS_OK, 0,
         0, NULL},
        /* General Extension and two SPs with a map: unexpected, not refused */
        {HDR("0a", "00") "0a 00 00 0000 15 01 00 0000 00 01 0000", STATUS_OK, 0,
         0, NULL},
        {HDR("05", "01") T("05") T("00"), STATUS_DUPLICATE, 5, 16,
         "RFC 6267, 4.2.2 (AMB-45)"},
        {HDR("0b", "01") "0b 01 aa 00 01 aa", STATUS_DUPLICATE, 11, 13,
         "RFC 6267, 4.2.2 (AMB-45)"},
        {HDR("0e", "01") IDR("0e", "01") IDR("0e", "02") IDR("00", "01"),
         STATUS_DUPLICATE, 14, 22, "RFC 6267, 4.2.2 (AMB-45)"},
        {HDR("16", "01") "16 0000 00 0000", STATUS_DUPLICATE, 22, 13,
         "RFC 6267, 4.2.2 (AMB-45)"},
        {HDR("17", "01") "17 0000 00 0000", STATUS_DUPLICATE, 23, 13,
         "RFC 6267, 4.2.2 (AMB-45)"},
        {HDR("05", "01") T("09") "00 00", STATUS_OK, 0, 0, NULL},
        {HDR("09", "01") "05 00" T("00"), STATUS_ORDER, 9, 10,
         "RFC 6267, 4.2.2.7"},
        {HDR("0a", "01") "00 00 00 0000", STATUS_UNEXPECTED, 10, 10,
         "RFC 4563, 5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct octets o = octets_of(rows[i].hex);
        struct mikey_msg m;
        struct mikey_error err;
        CU_ASSERT_FATAL(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
        CU_ASSERT(mikey_i_r_rules(&m, &err) == rows[i].status);
        CU_ASSERT(mikey_i_r_rules(&m, NULL) == rows[i].status);
        CU_ASSERT(err.status == rows[i].status);
        CU_ASSERT(err.payload == rows[i].payload);
        CU_ASSERT(err.offset == rows[i].offset);
        CU_ASSERT((err.clause == NULL) == (rows[i].clause == NULL));
        CU_ASSERT(err.clause == NULL ||
                  strcmp(err.clause, rows[i].clause) == 0);
        octets_free(&o);
    }
}

/* Tables 4.1, 4.2, 4.18 of the RFC 3830 digest, a sample of each. */
static void names_are_those_of_the_registries(void)
{
    CU_ASSERT(strcmp(mikey_data_type_name(22), "I_MESSAGE_1") == 0);
    CU_ASSERT(strcmp(mikey_data_type_name(23), "R_MESSAGE_1") == 0);
    CU_ASSERT(strcmp(mikey_data_type_name(24), "I_MESSAGE_2") == 0);
    CU_ASSERT(strcmp(mikey_data_type_name(25), "R_MESSAGE_2") == 0);
    CU_ASSERT(strcmp(mikey_data_type_name(19), "REQUEST_KEY_PSK") == 0);
    CU_ASSERT(strcmp(mikey_data_type_name(21), "REQUEST_KEY_RESP") == 0);
    CU_ASSERT(mikey_data_type_name(27) == NULL);
    CU_ASSERT(mikey_data_type_name(255) == NULL);
    CU_ASSERT(strcmp(mikey_payload_name(1), "KEMAC") == 0);
    CU_ASSERT(strcmp(mikey_payload_name(22), "IBAKE") == 0);
    CU_ASSERT(strcmp(mikey_payload_name(23), "ESK") == 0);
    CU_ASSERT(strcmp(mikey_payload_name(24), "SK") == 0);
    CU_ASSERT(strcmp(mikey_payload_name(25), "ECCPT") == 0);
    CU_ASSERT(mikey_payload_name(18) == NULL);
    CU_ASSERT(mikey_payload_name(19) == NULL);
    CU_ASSERT(mikey_payload_name(27) == NULL);
    CU_ASSERT(strcmp(mikey_error_no_name(0), "Auth failure") == 0);
    CU_ASSERT(strcmp(mikey_error_no_name(11), "Invalid DT") == 0);
    CU_ASSERT(strcmp(mikey_error_no_name(15), "Invalid TPpar") == 0);
    CU_ASSERT(mikey_error_no_name(16) == NULL);
    CU_ASSERT(strcmp(mikey_name(MIKEY_REG_ID_ROLE, 5), "IDRapp") == 0);
    CU_ASSERT(strcmp(mikey_name(MIKEY_REG_KEY_TYPE, 7), "K_PR") == 0);
    CU_ASSERT(strcmp(mikey_name(MIKEY_REG_SRTP_PARAM, 20),
                     "AEAD authentication tag length") == 0);
    CU_ASSERT(mikey_name(MIKEY_REG_NONE, 0) == NULL);
}

static const struct unit_case cases[] = {
    {"nothing_is_found_past_the_last_payload",
     nothing_is_found_past_the_last_payload},
    {"points_belong_to_the_idr_before_them",
     points_belong_to_the_idr_before_them},
    {"srtp_id_entries_are_written_as_they_read",
     srtp_id_entries_are_written_as_they_read},
    {"timestamps_widen_to_64_bits", timestamps_widen_to_64_bits},
    {"mac_input_is_the_message_without_its_mac",
     mac_input_is_the_message_without_its_mac},
    {"mac_input_leaves_esk_out", mac_input_leaves_esk_out},
    {"mac_input_needs_v_or_sign_at_the_end",
     mac_input_needs_v_or_sign_at_the_end},
    {"a_map_that_was_not_read_has_no_entries",
     a_map_that_was_not_read_has_no_entries},
    {"rules_of_i_and_r_messages", rules_of_i_and_r_messages},
    {"names_are_those_of_the_registries", names_are_those_of_the_registries},
    {NULL, NULL},
};
const struct unit_suite mikey_access_suite = {"access", cases};
