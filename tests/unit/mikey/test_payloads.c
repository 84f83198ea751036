/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Every payload, assembled by hand from the tables of the specifications:
 * octets and what they say, field by field. */
#include "tests/unit/mikey/mikey_tests.h"

#include <stdio.h>
#include <string.h>

/* HDR: v1, Error, next to be set, V 0, PRF 0, CSB ID 01020304, #CS 0, Empty map
 */
#define HDR_BEFORE "0106"
#define HDR_AFTER "00 01020304 00 01"

struct row {
    uint8_t type;
    const char *hex;  /* of the payload */
    const char *says; /* "name=value; name=value", Next payload left out */
};

/* A digit string of 2 * n digits. */
#define H16 "000102030405060708090a0b0c0d0e0f"
#define H20 H16 "10111213"
#define H32 H16 "101112131415161718191a1b1c1d1e1f"
#define H96 H32 H32 H32
#define H128 H96 H32
#define H192 H96 H96

static const struct row message_rows[] = {
    /* KEMAC (RFC 3830, 6.2): AES-CM-128, 3 octets, HMAC-SHA-1-160 */
    {1, "00 01 0003 aabbcc 01" H20,
     "Encr alg=1 AES-CM-128; Encr data len=3; Encr data=aabbcc; "
     "MAC alg=1 HMAC-SHA-1-160; MAC=" H20},
    {1, "00 00 0000 00",
     "Encr alg=0 NULL; Encr data len=0; Encr data=; MAC alg=0 NULL; MAC="},
    {1, "00 03 0001 07 02" H32,
     "Encr alg=3 AES-CM-256; Encr data len=1; Encr data=07; "
     "MAC alg=2 HMAC-SHA-256-256; MAC=" H32},
    /* an Encr alg nobody assigned has a length all the same */
    {1, "00 f1 0001 07 00",
     "Encr alg=241; Encr data len=1; Encr data=07; MAC alg=0 NULL; MAC="},
    /* PKE (6.3): C = 2, 5 octets */
    {2, "00 8005 0102030405", "C=2 Cache for CSB; Data len=5; Data=0102030405"},
    {2, "00 c000", "C=3; Data len=0; Data="},
    /* DH (6.4): each group, KV Null, SPI, Interval */
    {3, "00 00" H192 "00",
     "DH-Group=0 OAKLEY 5; DH-value=" H192 "; Reserv=0; KV=0 Null"},
    {3, "00 01" H96 "f1 02 abcd",
     "DH-Group=1 OAKLEY 1; DH-value=" H96
     "; Reserv=15; KV=1 SPI; SPI length=2; SPI=abcd"},
    {3, "00 02" H128 "02 06 000000000001 06 0000000000ff",
     "DH-Group=2 OAKLEY 2; DH-value=" H128
     "; Reserv=0; KV=2 Interval; VF length=6; Valid From=000000000001; "
     "VT length=6; Valid To=0000000000ff"},
    /* SIGN (6.5): S type 2, 4 octets; no Next payload */
    {4, "2004 deadbeef", "S type=2 ECCSI; Signature len=4; Signature=deadbeef"},
    /* T (6.6; RFC 6043, 6.3) */
    {5, "00 00 ed4fd39840000000",
     "TS type=0 NTP-UTC; TS value=2026-03-02T09:15:04.250000Z"},
    {5, "00 01 ed4fd39840000000",
     "TS type=1 NTP; TS value=2026-03-02T09:15:04.250000Z"},
    {5, "00 02 00000007", "TS type=2 COUNTER; TS value=00000007"},
    {5, "00 03 ed4fd398",
     "TS type=3 NTP-UTC-32; TS value=2026-03-02T09:15:04.000000Z"},
    /* ID (6.7) */
    {6, "00 00 0003 614062", "ID type=0 NAI; ID len=3; ID Data=a@b"},
    {6, "00 01 0000", "ID type=1 URI; ID len=0; ID Data="},
    {6, "00 02 0002 00ff", "ID type=2 Byte string; ID len=2; ID Data=00ff"},
    /* CERT (6.7) */
    {7, "00 00 0002 3000", "Cert type=0 X.509v3; Cert len=2; Cert data=3000"},
    {7, "00 01 0008 687474703a2f2f78",
     "Cert type=1 X.509v3 URL; Cert len=8; Cert data=http://x"},
    /* CHASH (6.8; RFC 6043, 6.7) */
    {8, "00 00" H20, "Hash func=0 SHA-1; Hash=" H20},
    {8, "00 01" H16, "Hash func=1 MD5; Hash=" H16},
    {8, "00 02" H32, "Hash func=2 SHA-256; Hash=" H32},
    /* V (6.9) */
    {9, "00 00", "Auth alg=0 NULL; Ver data="},
    {9, "00 01" H20, "Auth alg=1 HMAC-SHA-1-160; Ver data=" H20},
    {9, "00 02" H32, "Auth alg=2 HMAC-SHA-256-256; Ver data=" H32},
    /* SP (6.10): policy 3, SRTP, encryption AES-CM, key length 16 */
    {10, "00 03 00 0006 000101 010110",
     "Policy no=3; Prot type=0 SRTP; Policy param length=6; "
     "Type=0 Encryption algorithm; Length=1; Value=01; "
     "Type=1 Session Encr. key length; Length=1; Value=10"},
    {10, "00 00 00 0000",
     "Policy no=0; Prot type=0 SRTP; Policy param length=0"},
    {10, "00 00 01 0002 0500",
     "Policy no=0; Prot type=1 TESLA; Policy param length=2; Type=5; "
     "Length=0; Value="},
    /* RAND (6.11) */
    {11, "00 10" H16, "RAND len=16; RAND=" H16},
    {11, "00 00", "RAND len=0; RAND="},
    /* ERR (6.12): Invalid DT */
    {12, "00 0b 0000", "Error no=11 Invalid DT; Reserved=0"},
    {12, "00 0d 1234", "Error no=13 Unsupported message type; Reserved=4660"},
    /* TR (RFC 6043, 6.4): end of validity */
    {13, "00 03 03 ed4fd398",
     "TS Role=3 TRe; TS type=3 NTP-UTC-32; "
     "TS value=2026-03-02T09:15:04.000000Z"},
    /* IDR (RFC 6043, 6.6) */
    {14, "00 03 01 0005 7369703a6b",
     "ID Role=3 IDRkms; ID Type=1 URI; ID len=5; ID Data=sip:k"},
    {14, "00 07 01 0001 61",
     "ID Role=7 IDRkmsr; ID Type=1 URI; ID len=1; ID Data=a"},
    {14, "00 08 05 0001 61", "ID Role=8; ID Type=5; ID len=1; ID Data=a"},
    /* RANDR (RFC 6043, 6.8) */
    {15, "00 02 03 aabbcc", "RAND Role=2 RANDRr; RAND length=3; RAND=aabbcc"},
    /* TP (RFC 6043, 6.10): base ticket, PRF 1, flags D and O, Res 3, 2 octets
     */
    {16, "00 0001 01 01 0300 23 0002 0e0f",
     "Ticket Type=1 MIKEY Base Ticket; Subtype=1; Version=1; "
     "PRF Func=1 PRF-HMAC-SHA-256; flags=2049; Res=3; TP Data length=2; "
     "TP Data=0e0f"},
    /* TICKET: the same, then ticket and initiator data */
    {17, "00 0002 01 01 0000 00 0000 0003 616263 0001 ff",
     "Ticket Type=2 3GPP Base Ticket; Subtype=1; Version=1; "
     "PRF Func=0 MIKEY-1; flags=0; Res=0; TP Data length=0; TP Data=; "
     "Ticket Data length=3; Ticket Data=616263; Initiator Data length=1; "
     "Initiator Data=ff"},
    /* General Extension (6.15): SDP IDs; Key ID (RFC 4563, 4) */
    {21, "00 01 0005 6d696b6579", "Type=1 SDP IDs; Length=5; Data=mikey"},
    {21, "00 03 0007 00 01 aa 01 02 bbcc",
     "Type=3 Key ID; Length=7; Key ID Type=0 MBMS Key Domain ID; "
     "Key ID Length=1; Key ID=aa; Key ID Type=1 MBMS Service Key ID; "
     "Key ID Length=2; Key ID=bbcc"},
    {21, "00 03 0002 00 01", "Type=3 Key ID; Length=2; Data=0001"},
    /* IBAKE, ESK (RFC 6267, 6.1.1, 6.1.2) */
    {22, "00 0004 30020201", "Encr data len=4; Encr data=30020201"},
    {23, "00 0000", "Encr data len=0; Encr data="},
    /* SAKKE (RFC 6509): params 1, scheme 1, 2 octets */
    {26, "00 01 01 0002 0405",
     "SAKKE params=1; ID scheme=1; SAKKE data length=2; SAKKE data=0405"},
};

static const struct row inner_rows[] = {
    /* Key data (RFC 3830, 6.13) */
    {20, "00 00 0002 aabb",
     "Type=0 TGK; KV=0 Null; Key data len=2; Key data=aabb"},
    {20, "00 11 0002 aabb 0003 010203 04 c0ffee01",
     "Type=1 TGK+SALT; KV=1 SPI; Key data len=2; Key data=aabb; Salt len=3; "
     "Salt data=010203; SPI length=4; SPI=c0ffee01"},
    {20, "00 20 0001 aa", "Type=2 TEK; KV=0 Null; Key data len=1; Key data=aa"},
    {20, "00 30 0000 0000",
     "Type=3 TEK+SALT; KV=0 Null; Key data len=0; Key data=; Salt len=0; "
     "Salt data="},
    {20, "00 40 0001 aa",
     "Type=4 GTGK; KV=0 Null; Key data len=1; Key data=aa"},
    {20, "00 50 0001 aa 0001 bb",
     "Type=5 GTGK+SALT; KV=0 Null; Key data len=1; Key data=aa; Salt len=1; "
     "Salt data=bb"},
    {20, "00 60 0001 aa", "Type=6 MPK; KV=0 Null; Key data len=1; Key data=aa"},
    {20, "00 72 0001 aa 08 ed057d8000000000 08 ed06ceff00000000",
     "Type=7 K_PR; KV=2 Interval; Key data len=1; Key data=aa; VF length=8; "
     "Valid From=2026-01-05T00:00:00.000000Z; VT length=8; "
     "Valid To=2026-01-05T23:59:59.000000Z"},
    /* SK (RFC 6267, 6.1.5); other types have the same form */
    {24, "00 10 0002 aabb",
     "Type=1 SK; KV=0 Null; Key data len=2; Key data=aabb"},
    {24, "00 f1 0000 01 07",
     "Type=15; KV=1 SPI; Key data len=0; Key data=; SPI length=1; SPI=07"},
    /* ECCPT (RFC 6267, 6.1.4): P-256, compressed, ignored fields not zero,
     * padding not zero */
    {25, "00 08 02" H32 "77 05 0102 31 01 09",
     "ECC Curve=8 P-256; ECC Point=02" H32
     "; padding=77; Auth alg=5; TGK len=258; Reserv=3; KV=1 SPI; "
     "SPI length=1; SPI=09"},
};

struct saying {
    struct wr w;
};

static int say(void *ctx, const struct mikey_field *f)
{
    struct saying *s = ctx;
    if (strcmp(f->name, "Next payload") == 0) {
        return 0;
    }
    if (s->w.len > 0) {
        wr_str(&s->w, "; ");
    }
    wr_printf(&s->w, "%s=", f->name);
    mikey_field_value(f, &s->w);
    return 0;
}

static int says(const struct mikey_payload *pl, const char *expected)
{
    struct saying s = {{0}};
    wr_init(&s.w);
    mikey_payload_fields(pl, say, &s);
    int same = s.w.err == STATUS_OK && s.w.len == strlen(expected) &&
               memcmp(s.w.data, expected, s.w.len) == 0;
    if (!same) {
        printf("expected %s\nactual   %.*s\n", expected, (int)s.w.len,
               (const char *)s.w.data);
    }
    wr_cleanup(&s.w);
    return same;
}

static void every_payload_of_messages_says_what_its_octets_mean(void)
{
    for (size_t i = 0; i < sizeof message_rows / sizeof *message_rows; i++) {
        const struct row *r = &message_rows[i];
        char hex[2048];
        snprintf(hex, sizeof hex, "%s %02x %s %s", HDR_BEFORE, r->type,
                 HDR_AFTER, r->hex);
        struct octets o = octets_of(hex);
        struct mikey_msg m;
        struct mikey_error err;
        CU_ASSERT_FATAL(mikey_decode(&m, o.data, o.len, &err) == STATUS_OK);
        CU_ASSERT_FATAL(m.num_payloads == 1);
        CU_ASSERT(m.payloads[0].type == r->type);
        CU_ASSERT(says(&m.payloads[0], r->says));
        CU_ASSERT(fields_cover(&m));
        CU_ASSERT(encodes_to(&m, o.data, o.len));
        octets_free(&o);
    }
}

static void every_sub_payload_says_what_its_octets_mean(void)
{
    for (size_t i = 0; i < sizeof inner_rows / sizeof *inner_rows; i++) {
        const struct row *r = &inner_rows[i];
        struct octets o = octets_of(r->hex);
        struct mikey_chain c;
        struct mikey_error err;
        CU_ASSERT_FATAL(mikey_chain_decode(&c, r->type, o.data, o.len, &err) ==
                        STATUS_OK);
        CU_ASSERT_FATAL(c.num_payloads == 1);
        CU_ASSERT(says(&c.payloads[0], r->says));
        CU_ASSERT(chain_fields_cover(&c));
        CU_ASSERT(chain_encodes_to(&c, o.data, o.len));
        octets_free(&o);
    }
}

/* Payloads that may stand in a message are read inside encrypted data as well.
 */
static void payloads_of_messages_read_in_chains(void)
{
    for (size_t i = 0; i < sizeof message_rows / sizeof *message_rows; i++) {
        const struct row *r = &message_rows[i];
        struct octets o = octets_of(r->hex);
        struct mikey_chain c;
        CU_ASSERT_FATAL(mikey_chain_decode(&c, r->type, o.data, o.len, NULL) ==
                        STATUS_OK);
        CU_ASSERT(says(&c.payloads[0], r->says));
        CU_ASSERT(chain_encodes_to(&c, o.data, o.len));
        octets_free(&o);
    }
}

/* The rows above name every payload type that has a format. */
static void the_rows_leave_no_payload_type_out(void)
{
    for (unsigned type = 1; type < 256; type++) {
        int seen = 0;
        for (size_t i = 0; i < sizeof message_rows / sizeof *message_rows;
             i++) {
            seen |= message_rows[i].type == type;
        }
        for (size_t i = 0; i < sizeof inner_rows / sizeof *inner_rows; i++) {
            seen |= inner_rows[i].type == type;
        }
        CU_ASSERT(seen == (mikey_payload_name((uint8_t)type) != NULL));
    }
}

/* HDR: v1, I_MESSAGE_1, next 0, V 1, PRF 1, CSB ID, #CS 2, GENERIC-ID:
 * CS 4, SRTP, S 1, policies 7 and 8, session data 0a0b, SPI c0;
 * CS 6, SRTP, S 0, no policy, no session data, no SPI */
static void generic_id_map_reads_entry_by_entry(void)
{
    struct octets o = octets_of("01 16 00 81 0a0b0c0d 02 02"
                                "04 00 82 0708 0002 0a0b 01 c0"
                                "06 00 00 0000 00");
    struct mikey_msg m;
    struct mikey_generic_id id;
    CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
    CU_ASSERT(m.num_payloads == 0 && m.hdr.v == 1 && m.hdr.prf == 1);
    CU_ASSERT(mikey_generic_id(&m.hdr, 0, &id) == STATUS_OK);
    CU_ASSERT(id.cs_id == 4 && id.prot == 0 && id.s == 1);
    CU_ASSERT(octets_are(id.policies, "0708") && octets_are(id.spi, "c0"));
    CU_ASSERT(octets_are(id.session_data, "0a0b"));
    CU_ASSERT(mikey_generic_id(&m.hdr, 1, &id) == STATUS_OK);
    CU_ASSERT(id.cs_id == 6 && id.s == 0 && id.policies.len == 0);
    CU_ASSERT(mikey_generic_id(&m.hdr, 2, &id) == STATUS_NOT_FOUND);
    struct mikey_srtp_id srtp;
    CU_ASSERT(mikey_srtp_id(&m.hdr, 0, &srtp) == STATUS_NOT_FOUND);
    CU_ASSERT(fields_cover(&m) && encodes_to(&m, o.data, o.len));
    octets_free(&o);
}

/* An unassigned data type does not keep the payloads from being read: the
 * answer is Error 11, not silence. */
static void unknown_data_types_read(void)
{
    struct octets o = octets_of("01 c8 05 00 01020304 00 01 00 02 00000001");
    struct mikey_msg m;
    CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
    CU_ASSERT(m.hdr.data_type == 200 && m.num_payloads == 1);
    CU_ASSERT(mikey_data_type_name(200) == NULL);
    octets_free(&o);
}

static const struct unit_case cases[] = {
    {"every_payload_of_messages_says_what_its_octets_mean",
     every_payload_of_messages_says_what_its_octets_mean},
    {"every_sub_payload_says_what_its_octets_mean",
     every_sub_payload_says_what_its_octets_mean},
    {"payloads_of_messages_read_in_chains",
     payloads_of_messages_read_in_chains},
    {"the_rows_leave_no_payload_type_out", the_rows_leave_no_payload_type_out},
    {"generic_id_map_reads_entry_by_entry",
     generic_id_map_reads_entry_by_entry},
    {"unknown_data_types_read", unknown_data_types_read},
    {NULL, NULL},
};
const struct unit_suite mikey_payloads_suite = {"payloads", cases};
