/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Each fault of a message, with the payload, field, octet and clause it is
 * blamed on. */
#include "tests/unit/mikey/mikey_tests.h"

#include <stdio.h>
#include <string.h>

struct fault {
    const char *hex;
    enum status status;
    uint8_t payload;
    const char *field;
    uint32_t offset;
    const char *clause;
    size_t num_payloads; /* read before the fault */
};

/* HDR of 10 octets: v1, Error, next, PRF 0, CSB ID, #CS 0, Empty map */
#define HDR(next) "0106" next "00 01020304 00 01"
#define ZEROS_32                                                               \
    "0000000000000000000000000000000000000000000000000000000000000000"
#define ZEROS_96 ZEROS_32 ZEROS_32 ZEROS_32
#define T4 "02 00000001" /* T without Next payload: COUNTER 1 */

static const struct fault message_faults[] = {
    {"", STATUS_TRUNCATED, HDR_ERROR, "version", 0, "RFC 3830, 6.1", 0},
    {"01", STATUS_TRUNCATED, HDR_ERROR, "data type", 1, "RFC 3830, 6.1", 0},
    {"0116", STATUS_TRUNCATED, HDR_ERROR, "Next payload", 2, "RFC 3830, 6.1",
     0},
    {"011605", STATUS_TRUNCATED, HDR_ERROR, "PRF func", 3, "RFC 3830, 6.1", 0},
    {"01160580 0a0b0c", STATUS_TRUNCATED, HDR_ERROR, "CSB ID", 4,
     "RFC 3830, 6.1", 0},
    {"01160580 0a0b0c0d", STATUS_TRUNCATED, HDR_ERROR, "#CS", 8,
     "RFC 3830, 6.1", 0},
    {"01160580 0a0b0c0d 01", STATUS_TRUNCATED, HDR_ERROR, "CS ID map type", 9,
     "RFC 3830, 6.1", 0},
    /* version 2, 0 */
    {"02160580 0a0b0c0d 00 01 00" T4, STATUS_UNSUPPORTED, HDR_ERROR, "version",
     0, "RFC 3830, 6.1", 0},
    {"00160580 0a0b0c0d 00 01 00" T4, STATUS_UNSUPPORTED, HDR_ERROR, "version",
     0, "RFC 3830, 6.1", 0},
    /* a map type nobody knows */
    {"01160580 0a0b0c0d 00 03 00" T4, STATUS_UNSUPPORTED, HDR_ERROR,
     "CS ID map type", 9, "RFC 3830, 6.1", 0},
    /* SRTP-ID: one entry of 9 octets, 8 are there */
    {"01160080 0a0b0c0d 01 00 0001020304050607", STATUS_TRUNCATED, HDR_ERROR,
     "CS ID map info", 10, "RFC 3830, 6.1.1", 0},
    /* GENERIC-ID: three policies, two are there; then each of its lengths */
    {"01160080 0a0b0c0d 01 02 01 00 03 0102", STATUS_TRUNCATED, HDR_ERROR,
     "Policy_no", 13, "RFC 6043, 6.1.1", 0},
    {"01160080 0a0b0c0d 01 02 01 00 00 0003 0102", STATUS_BAD_LENGTH, HDR_ERROR,
     "Session Data Length", 13, "RFC 6043, 6.1.1", 0},
    {"01160080 0a0b0c0d 01 02 01 00 00 0000 01", STATUS_BAD_LENGTH, HDR_ERROR,
     "SPI Length", 15, "RFC 6043, 6.1.1", 0},
    /* payload types: unassigned, private, sub-payloads outside encryption */
    {HDR("12") "00", STATUS_UNKNOWN_TYPE, HDR_ERROR, "Next payload", 2,
     "RFC 3830, 6.1", 0},
    {HDR("ff") "00", STATUS_UNKNOWN_TYPE, HDR_ERROR, "Next payload", 2,
     "RFC 3830, 6.1", 0},
    {HDR("05") "1b" T4 "00", STATUS_UNKNOWN_TYPE, 5, "Next payload", 10,
     "RFC 3830, 6.1", 1},
    {HDR("14") "00 00 0000", STATUS_UNEXPECTED, HDR_ERROR, "Next payload", 2,
     "RFC 3830, 6.13", 0},
    {HDR("05") "18" T4 "00 10 0000", STATUS_UNEXPECTED, 5, "Next payload", 10,
     "RFC 6267, 6.1.5", 1},
    {HDR("05") "19" T4 "00", STATUS_UNEXPECTED, 5, "Next payload", 10,
     "RFC 6267, 6.1.4", 1},
    /* the chain ends too early, too late */
    {HDR("00") "00", STATUS_TRAILING, HDR_ERROR,
     "octets after the last payload", 10, "RFC 3830, 6.1", 0},
    {HDR("05") "00" T4 "aa", STATUS_TRAILING, 5,
     "octets after the last payload", 16, "RFC 3830, 6.1", 1},
    {HDR("04") "0001 aa bb", STATUS_TRAILING, 4,
     "octets after the last payload", 13, "RFC 3830, 6.1", 1},
    {HDR("05"), STATUS_TRUNCATED, 5, "Next payload", 10, "RFC 3830, 6.6", 0},
    {HDR("05") "0b" T4, STATUS_TRUNCATED, 11, "Next payload", 16,
     "RFC 3830, 6.11", 1},
    /* KEMAC */
    {HDR("01") "00 01 0004 aabbcc", STATUS_BAD_LENGTH, 1, "Encr data len", 12,
     "RFC 3830, 6.2", 0},
    {HDR("01") "00 01 0000 03", STATUS_UNSUPPORTED, 1, "MAC alg", 14,
     "RFC 3830, 6.2", 0},
    {HDR("01") "00 01 0000 01 aabb", STATUS_TRUNCATED, 1, "MAC", 15,
     "RFC 3830, 6.2", 0},
    /* PKE, SIGN: lengths that share an octet with something else */
    {HDR("02") "00 4003 aabb", STATUS_BAD_LENGTH, 2, "Data len", 11,
     "RFC 3830, 6.3", 0},
    {HDR("04") "1003 aabb", STATUS_BAD_LENGTH, 4, "Signature len", 10,
     "RFC 3830, 6.5", 0},
    {HDR("04") "10", STATUS_TRUNCATED, 4, "Signature len", 10, "RFC 3830, 6.5",
     0},
    /* DH: group 3, a short value */
    {HDR("03") "00 03 00", STATUS_UNSUPPORTED, 3, "DH-Group", 11,
     "RFC 3830, 6.4", 0},
    {HDR("03") "00 01 00", STATUS_TRUNCATED, 3, "DH-value", 12, "RFC 3830, 6.4",
     0},
    {HDR("03") "00 01" ZEROS_96 "09", STATUS_UNSUPPORTED, 3, "KV", 108,
     "RFC 3830, 6.14", 0},
    /* T: type 4, short values */
    {HDR("05") "00 04 0000000000000000", STATUS_UNSUPPORTED, 5, "TS type", 11,
     "RFC 3830, 6.6", 0},
    {HDR("05") "00 00 00000000000000", STATUS_TRUNCATED, 5, "TS value", 12,
     "RFC 3830, 6.6", 0},
    {HDR("05") "00 02 000000", STATUS_TRUNCATED, 5, "TS value", 12,
     "RFC 3830, 6.6", 0},
    /* ID, CERT, IDR: lengths */
    {HDR("06") "00 00 0004 616263", STATUS_BAD_LENGTH, 6, "ID len", 12,
     "RFC 3830, 6.7", 0},
    {HDR("06") "00 00 00", STATUS_TRUNCATED, 6, "ID len", 12, "RFC 3830, 6.7",
     0},
    {HDR("07") "00 00 ffff 616263", STATUS_BAD_LENGTH, 7, "Cert len", 12,
     "RFC 3830, 6.7", 0},
    {HDR("0e") "00 01 01 0004 616263", STATUS_BAD_LENGTH, 14, "ID len", 13,
     "RFC 6043, 6.6", 0},
    /* CHASH, V: unknown algorithms, short values */
    {HDR("08") "00 03 00", STATUS_UNSUPPORTED, 8, "Hash func", 11,
     "RFC 3830, 6.8", 0},
    {HDR("08") "00 01 00", STATUS_TRUNCATED, 8, "Hash", 12, "RFC 3830, 6.8", 0},
    {HDR("09") "00 03", STATUS_UNSUPPORTED, 9, "Auth alg", 11, "RFC 3830, 6.9",
     0},
    {HDR("09") "00 01 aa", STATUS_TRUNCATED, 9, "Ver data", 12, "RFC 3830, 6.9",
     0},
    /* SP: length past the end; a parameter past the length; half a parameter */
    {HDR("0a") "00 00 00 0004 000101", STATUS_BAD_LENGTH, 10,
     "Policy param length", 13, "RFC 3830, 6.10", 0},
    {HDR("0a") "00 00 00 0006 000101 010210", STATUS_BAD_LENGTH, 10,
     "Policy param", 18, "RFC 3830, 6.10", 0},
    {HDR("0a") "00 00 00 0004 000101 01", STATUS_BAD_LENGTH, 10, "Policy param",
     18, "RFC 3830, 6.10", 0},
    /* RAND, ERR, TR, RANDR */
    {HDR("0b") "00 10 00010203", STATUS_BAD_LENGTH, 11, "RAND len", 11,
     "RFC 3830, 6.11", 0},
    {HDR("0c") "00 0b 00", STATUS_TRUNCATED, 12, "Reserved", 12,
     "RFC 3830, 6.12", 0},
    {HDR("0d") "00 01 09 00", STATUS_UNSUPPORTED, 13, "TS type", 12,
     "RFC 6043, 6.4", 0},
    {HDR("0f") "00 01 02 aa", STATUS_BAD_LENGTH, 15, "RAND length", 12,
     "RFC 6043, 6.8", 0},
    /* TP, TICKET: each length */
    {HDR("10") "00 0001 01 01 0000 00 0001", STATUS_BAD_LENGTH, 16,
     "TP Data length", 18, "RFC 6043, 6.10", 0},
    {HDR("11") "00 0001 01 01 0000 00 0000 0001", STATUS_BAD_LENGTH, 17,
     "Ticket Data length", 20, "RFC 6043, 6.10", 0},
    {HDR("11") "00 0001 01 01 0000 00 0000 0000 0001", STATUS_BAD_LENGTH, 17,
     "Initiator Data length", 22, "RFC 6043, 6.10", 0},
    /* General Extension, IBAKE, ESK, SAKKE */
    {HDR("15") "00 01 0006 6d696b6579", STATUS_BAD_LENGTH, 21, "Length", 12,
     "RFC 3830, 6.15", 0},
    {HDR("16") "00 0100 aabb", STATUS_BAD_LENGTH, 22, "Encr data len", 11,
     "RFC 6267, 6.1.1", 0},
    {HDR("16") "17 0001 aa 00 0001", STATUS_BAD_LENGTH, 23, "Encr data len", 15,
     "RFC 6267, 6.1.2", 1},
    {HDR("1a") "00 01 01 0003 aabb", STATUS_BAD_LENGTH, 26, "SAKKE data length",
     13, "RFC 6509, 4.2", 0},
};

static int error_is(const struct mikey_error *e, const struct fault *f)
{
    int same = e->status == f->status && e->payload == f->payload &&
               e->offset == f->offset && e->field != NULL &&
               strcmp(e->field, f->field) == 0 && e->clause != NULL &&
               strcmp(e->clause, f->clause) == 0;
    if (!same) {
        struct wr w;
        wr_init(&w);
        mikey_error_text(e, &w);
        printf("%s\nexpected %u, %s, octet %u: %s (%s)\nactual   %.*s\n",
               f->hex, f->payload, f->field, f->offset, status_name(f->status),
               f->clause, (int)w.len, (const char *)w.data);
        wr_cleanup(&w);
    }
    return same;
}

static void faults_of_messages_are_named(void)
{
    for (size_t i = 0; i < sizeof message_faults / sizeof *message_faults;
         i++) {
        const struct fault *f = &message_faults[i];
        struct octets o = octets_of(f->hex);
        struct mikey_msg m;
        struct mikey_error err;
        CU_ASSERT(mikey_decode(&m, o.data, o.len, &err) == f->status);
        CU_ASSERT(error_is(&err, f));
        CU_ASSERT(m.num_payloads == f->num_payloads);
        CU_ASSERT(m.raw.data == o.data && m.raw.len == o.len);
        CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == f->status);
        octets_free(&o);
    }
}

#define IDR_A(next) next "01 01 0001 61" /* IDRi "a", 6 octets */

static const struct fault chain_faults[] = {
    {"", STATUS_TRUNCATED, 14, "Next payload", 0, "RFC 6043, 6.6", 0},
    {IDR_A("00") "00", STATUS_TRAILING, 14, "octets after the last payload", 6,
     "RFC 3830, 6.1", 1},
    {IDR_A("1b"), STATUS_UNKNOWN_TYPE, 14, "Next payload", 0, "RFC 3830, 6.1",
     1},
    {IDR_A("12"), STATUS_UNKNOWN_TYPE, 14, "Next payload", 0, "RFC 3830, 6.1",
     1},
    /* ECCPT: curves 0, 17, 255; first octets 00, 06, 07, 05 (AMB-08) */
    {IDR_A("19") "00 00 04", STATUS_UNSUPPORTED, 25, "ECC Curve", 7,
     "RFC 6267, 6.1.4", 1},
    {IDR_A("19") "00 11 04", STATUS_UNSUPPORTED, 25, "ECC Curve", 7,
     "RFC 6267, 6.1.4", 1},
    {IDR_A("19") "00 ff 04", STATUS_UNSUPPORTED, 25, "ECC Curve", 7,
     "RFC 6267, 6.1.4", 1},
    {IDR_A("19") "00 08 00 0000000000", STATUS_BAD_VALUE, 25, "ECC Point", 8,
     "RFC 6267, 6.1.4", 1},
    {IDR_A("19") "00 08 06 0000000000", STATUS_BAD_VALUE, 25, "ECC Point", 8,
     "RFC 6267, 6.1.4", 1},
    {IDR_A("19") "00 08 07 0000000000", STATUS_BAD_VALUE, 25, "ECC Point", 8,
     "RFC 6267, 6.1.4", 1},
    {IDR_A("19") "00 08 05 0000000000", STATUS_BAD_VALUE, 25, "ECC Point", 8,
     "RFC 6267, 6.1.4", 1},
    {IDR_A("19") "00 08", STATUS_TRUNCATED, 25, "ECC Point", 8,
     "RFC 6267, 6.1.4", 1},
    {IDR_A("19") "00 08 04 00", STATUS_TRUNCATED, 25, "ECC Point", 8,
     "RFC 6267, 6.1.4", 1},
    /* SK, Key data: lengths, KV */
    {IDR_A("18") "00 10 0002 aa", STATUS_BAD_LENGTH, 24, "Key data len", 8,
     "RFC 6267, 6.1.5", 1},
    {IDR_A("18") "00 13 0001 aa", STATUS_UNSUPPORTED, 24, "KV", 7,
     "RFC 3830, 6.14", 1},
    {IDR_A("18") "00 18 0001 aa", STATUS_UNSUPPORTED, 24, "KV", 7,
     "RFC 3830, 6.14", 1},
    {IDR_A("14") "00 78 0001 aa", STATUS_UNSUPPORTED, 20, "KV", 7,
     "RFC 3830, 6.14", 1},
    {IDR_A("18") "00 11 0001 aa 02 bb", STATUS_BAD_LENGTH, 24, "SPI length", 11,
     "RFC 3830, 6.14", 1},
    {IDR_A("18") "00 12 0001 aa 01 bb 02 cc", STATUS_BAD_LENGTH, 24,
     "VT length", 13, "RFC 3830, 6.14", 1},
    {IDR_A("18") "00 12 0001 aa 02 bb", STATUS_BAD_LENGTH, 24, "VF length", 11,
     "RFC 3830, 6.14", 1},
    {IDR_A("14") "00 10 0001 aa 0002 bb", STATUS_BAD_LENGTH, 20, "Salt len", 11,
     "RFC 3830, 6.13", 1},
    {IDR_A("14") "00 80 0001 aa", STATUS_UNSUPPORTED, 20, "Type", 7,
     "RFC 3830, 6.13", 1},
};

static void faults_of_chains_are_named(void)
{
    for (size_t i = 0; i < sizeof chain_faults / sizeof *chain_faults; i++) {
        const struct fault *f = &chain_faults[i];
        struct octets o = octets_of(f->hex);
        struct mikey_chain c;
        struct mikey_error err;
        CU_ASSERT(mikey_chain_decode(&c, MIKEY_PL_IDR, o.data, o.len, &err) ==
                  f->status);
        CU_ASSERT(error_is(&err, f));
        CU_ASSERT(c.num_payloads == f->num_payloads);
        octets_free(&o);
    }
}

static void a_chain_cannot_begin_with_the_last_payload(void)
{
    struct mikey_chain c;
    struct mikey_error err;
    CU_ASSERT(mikey_chain_decode(&c, 0, NULL, 0, &err) == STATUS_UNKNOWN_TYPE);
    CU_ASSERT(mikey_chain_decode(&c, 99, NULL, 0, &err) == STATUS_UNKNOWN_TYPE);
}

/* 32 payloads read, 33 do not: RAND of no octets, over and over. */
static void more_payloads_than_the_limit_are_refused(void)
{
    for (size_t num = 32; num <= 33; num++) {
        char hex[512] = HDR("0b");
        for (size_t i = 1; i <= num; i++) {
            strcat(hex, i < num ? "0b00" : "0000");
        }
        struct octets o = octets_of(hex);
        struct mikey_msg m;
        struct mikey_error err;
        enum status s = mikey_decode(&m, o.data, o.len, &err);
        CU_ASSERT(s == (num == 32 ? STATUS_OK : STATUS_UNSUPPORTED));
        CU_ASSERT(m.num_payloads == 32);
        CU_ASSERT(num == 32 || strcmp(err.field, "Next payload") == 0);
        octets_free(&o);
    }
}

/* Of a message cut short HDR still says what it was. */
static void hdr_of_a_broken_message_stands(void)
{
    struct octets o = octets_of("01 16 05 80 0a0b0c0d 01 01 0b 00 ed");
    struct mikey_msg m;
    struct mikey_error err;
    CU_ASSERT(mikey_decode(&m, o.data, o.len, &err) == STATUS_TRUNCATED);
    CU_ASSERT(m.hdr.data_type == MIKEY_DT_I_MESSAGE_1 && m.hdr.v == 1);
    CU_ASSERT(m.hdr.csb_id == 0x0a0b0c0d && m.hdr.num_cs == 1);
    octets_free(&o);
}

static void error_text_names_payloads_without_a_name(void)
{
    static const char expected[] = "payload 99, -, octet 3: bad value (-)";
    const struct mikey_error err = {
        .status = STATUS_BAD_VALUE, .payload = 99, .offset = 3};
    struct wr w;
    wr_init(&w);
    mikey_error_text(&err, &w);
    CU_ASSERT(w.len == strlen(expected));
    CU_ASSERT(w.data != NULL && memcmp(w.data, expected, w.len) == 0);
    wr_cleanup(&w);
}

static void error_text_names_everything(void)
{
    static const char expected[] =
        "IBAKE, Encr data len, octet 11: bad length (RFC 6267, 6.1.1)";
    struct octets o = octets_of(HDR("16") "00 0100 aabb");
    struct mikey_msg m;
    struct mikey_error err;
    struct wr w;
    mikey_decode(&m, o.data, o.len, &err);
    wr_init(&w);
    mikey_error_text(&err, &w);
    CU_ASSERT(w.len == strlen(expected));
    CU_ASSERT(w.data != NULL && memcmp(w.data, expected, w.len) == 0);
    wr_cleanup(&w);
    octets_free(&o);
}

/* A whole KEMAC has at most 2^16 octets (RFC 3830, 6.13). */
static void a_kemac_is_not_longer_than_allowed(void)
{
    for (size_t len = 65531; len <= 65532; len++) {
        struct octets head = octets_of(HDR("01") "00 01");
        struct mikey_msg m;
        struct mikey_error err;
        struct wr w;
        wr_init(&w);
        wr_bytes(&w, head.data, head.len);
        wr_u16(&w, (uint16_t)len);
        wr_fill(&w, 0xee, len);
        wr_u8(&w, 0); /* MAC alg NULL */
        enum status st = mikey_decode(&m, w.data, w.len, &err);
        CU_ASSERT_EQUAL(st, len == 65531 ? STATUS_OK : STATUS_BAD_LENGTH);
        CU_ASSERT(st == STATUS_OK || err.offset == 12);
        wr_cleanup(&w);
        octets_free(&head);
    }
}

static const struct unit_case cases[] = {
    {"faults_of_messages_are_named", faults_of_messages_are_named},
    {"faults_of_chains_are_named", faults_of_chains_are_named},
    {"a_chain_cannot_begin_with_the_last_payload",
     a_chain_cannot_begin_with_the_last_payload},
    {"more_payloads_than_the_limit_are_refused",
     more_payloads_than_the_limit_are_refused},
    {"hdr_of_a_broken_message_stands", hdr_of_a_broken_message_stands},
    {"error_text_names_payloads_without_a_name",
     error_text_names_payloads_without_a_name},
    {"error_text_names_everything", error_text_names_everything},
    {"a_kemac_is_not_longer_than_allowed", a_kemac_is_not_longer_than_allowed},
    {NULL, NULL},
};
const struct unit_suite mikey_errors_suite = {"errors", cases};
