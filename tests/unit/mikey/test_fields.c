/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Fields by name, and listings. */
#include "tests/unit/mikey/mikey_tests.h"

#include <stdio.h>
#include <string.h>

/* Octet ranges of I1 of ims-deferred-delivery 2.8, counted by hand: HDR 0-27, T
 * 28-37, RAND 38-55, IDRi 56-84, IDRr 85-111, IBAKE 112-122. */
static void fields_are_found_with_their_octets(void)
{
    static const struct {
        int payload; /* -1 = HDR */
        const char *name;
        uint32_t off, len;
        uint64_t value;
    } rows[] = {
        {-1, "CSB ID", 4, 4, 0x1dc0ee5e},
        {-1, "V", 3, 1, 1},
        {-1, "SSRC", 11, 4, 0x0a11ce01},
        {0, "TS value", 30, 8, 0xed4fd39840000000},
        {1, "RAND", 40, 16, 0},
        {2, "ID Role", 57, 1, 1},
        {3, "ID len", 88, 2, 22},
        {4, "Encr data", 115, 8, 0},
    };
    struct octets o = octets_of(vector_find("ims_i1")->hex);
    struct mikey_msg m;
    struct mikey_field f;
    CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct mikey_payload *pl =
            rows[i].payload < 0 ? NULL : &m.payloads[rows[i].payload];
        CU_ASSERT(mikey_field_find(&m.hdr, pl, rows[i].name, &f) == STATUS_OK);
        CU_ASSERT(f.payload == pl);
        CU_ASSERT(f.range.off == rows[i].off && f.range.len == rows[i].len);
        CU_ASSERT(f.value == rows[i].value);
    }
    CU_ASSERT(mikey_field_find(&m.hdr, NULL, "RAND", &f) == STATUS_NOT_FOUND);
    CU_ASSERT(mikey_field_find(NULL, &m.payloads[0], "RAND", &f) ==
              STATUS_NOT_FOUND);
    octets_free(&o);
}

static int stop_at(void *ctx, const struct mikey_field *f)
{
    int *left = ctx;
    (void)f;
    return --*left == 0 ? 42 : 0;
}

static void the_walk_stops_when_told(void)
{
    struct octets o = octets_of(vector_find("ims_i1")->hex);
    struct mikey_msg m;
    CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
    for (int n = 1; n < 30; n++) {
        int left = n;
        CU_ASSERT(mikey_fields(&m, stop_at, &left) == 42 && left == 0);
    }
    octets_free(&o);
}

struct count {
    const char *name;
    uint8_t nth[8];
    size_t num;
};

static int count_field(void *ctx, const struct mikey_field *f)
{
    struct count *c = ctx;
    if (strcmp(f->name, c->name) == 0 && c->num < sizeof c->nth) {
        c->nth[c->num++] = f->nth;
    }
    return 0;
}

/* Elements of a repetition are numbered from 1; what follows has no number. */
static void repetitions_are_numbered_from_one(void)
{
    static const struct {
        const char *hex, *name;
        size_t num;
    } rows[] = {
        {"01160080 0a0b0c0d 02 00 00 0a0b0c0d 00000000 00 00000000 00000000",
         "SSRC", 2},
        {"01160080 0a0b0c0d 02 02 04 00 01 07 0000 00 06 00 00 0000 00",
         "CS ID", 2},
        {"01160a80 0a0b0c0d 00 01 00 00 00 0007 0001 01 0100 0200", "Length",
         3},
        {"01161580 0a0b0c0d 00 01 00 03 0005 00 01 aa 01 00", "Key ID Length",
         2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct octets o = octets_of(rows[i].hex);
        struct mikey_msg m;
        struct count c = {rows[i].name, {0}, 0};
        struct count next = {"Next payload", {0}, 0};
        CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
        mikey_fields(&m, count_field, &c);
        CU_ASSERT(c.num == rows[i].num);
        for (size_t k = 0; k < c.num; k++) {
            CU_ASSERT(c.nth[k] == k + 1);
        }
        mikey_fields(&m, count_field, &next);
        CU_ASSERT(next.num >= 1 && next.nth[next.num - 1] == 0);
        octets_free(&o);
    }
}

/* Bodies built for a test that are no TP, TICKET or SAKKE are one field. */
static void bodies_that_do_not_read_are_one_field(void)
{
    static const struct {
        uint8_t type;
        const char *sound, *name, *odd;
    } rows[] = {
        {16, "0001 01 01 0000 00 0000", "Ticket Type",
         "0001 01 01 0000 00 0000 ff"},
        {16, "0001 01 01 0000 00 0000", "Ticket Type", "0001 01"},
        {17, "0001 01 01 0000 00 0000 0000 0000", "Ticket Type",
         "0001 01 01 0000 00 0000 0000 0000 ff"},
        {17, "0001 01 01 0000 00 0000 0000 0000", "Ticket Type", "00"},
        {26, "01 01 0000", "ID scheme", "01 01 0000 ff"},
        {26, "01 01 0000", "ID scheme", "01 01 0009"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mikey_field f;
        for (int odd = 0; odd < 2; odd++) {
            struct octets o = octets_of(odd ? rows[i].odd : rows[i].sound);
            struct mikey_payload pl = {.type = rows[i].type,
                                       .u.opaque = {{o.data, o.len}}};
            CU_ASSERT(mikey_field_find(NULL, &pl, rows[i].name, &f) ==
                      (odd ? STATUS_NOT_FOUND : STATUS_OK));
            CU_ASSERT(mikey_field_find(NULL, &pl, "body", &f) ==
                      (odd ? STATUS_OK : STATUS_NOT_FOUND));
            octets_free(&o);
        }
    }
}

static int has_line(const struct wr *w, const char *line)
{
    const char *text = (const char *)w->data;
    size_t n = strlen(line);
    for (size_t i = 0; i + n <= w->len; i++) {
        if ((i == 0 || text[i - 1] == '\n') && memcmp(text + i, line, n) == 0 &&
            (i + n == w->len || text[i + n] == '\n')) {
            return 1;
        }
    }
    printf("no line: %s\n", line);
    return 0;
}

static void the_listing_has_a_line_for_each_field(void)
{
    struct octets o = octets_of(vector_find("ims_r2")->hex);
    struct mikey_msg m;
    struct wr w;
    CU_ASSERT(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
    wr_init(&w);
    mikey_text(&m, &w);
    CU_ASSERT_FATAL(w.err == STATUS_OK);
    CU_ASSERT(has_line(&w, "0..27         HDR of R_MESSAGE_2"));
    CU_ASSERT(has_line(&w, "3:0             V                        0"));
    CU_ASSERT(
        has_line(&w, "3:1-7           PRF func                 0 MIKEY-1"));
    CU_ASSERT(
        has_line(&w, "20..23          [2] SSRC                 0x0b0b5eee"));
    CU_ASSERT(has_line(&w, "28..37        T"));
    CU_ASSERT(has_line(&w, "30..37          TS value                 "
                           "2026-03-02T09:15:26.500000Z (ed4fd3ae80000000)"));
    CU_ASSERT(has_line(&w, "38..66        IDRi"));
    CU_ASSERT(has_line(&w, "43..66          ID Data                  "
                           "sip:alice@home-a.example"));
    CU_ASSERT(has_line(&w, "112..133      V"));
    CU_ASSERT(has_line(&w, "114..133        Ver data                 "
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    wr_cleanup(&w);
    octets_free(&o);
}

/* Roles give payloads their names, empty values are said to be, long ones are
 * cut, bits are shown with the octets they lie in. */
static void the_listing_shows_what_is_unusual(void)
{
    struct octets o = octets_of(
        "01160d80 0a0b0c0d 00 01"
        "0f 02 03 ed4fd398"
        "02 02 02 aabb"
        "16 8000"
        "06 0031 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d"
        "1e1f202122232425262728292a2b2c2d2e2f30"
        "06 01 0003 7e207e"
        "00 02 0002 7f20");
    struct mikey_msg m;
    struct wr w;
    CU_ASSERT_FATAL(mikey_decode(&m, o.data, o.len, NULL) == STATUS_OK);
    wr_init(&w);
    mikey_text(&m, &w);
    CU_ASSERT_FATAL(w.err == STATUS_OK);
    CU_ASSERT(has_line(&w, "10..16        TRs"));
    CU_ASSERT(has_line(&w, "17..21        RANDRr"));
    CU_ASSERT(has_line(&w, "22..24        PKE"));
    CU_ASSERT(has_line(
        &w, "23:0-1          C                        2 Cache for CSB"));
    CU_ASSERT(has_line(&w, "23..24:2-15     Data len                 0"));
    CU_ASSERT(has_line(&w, "25..24          Data                     (empty)"));
    CU_ASSERT(has_line(&w, "28..76          Encr data                "
                           "000102030405060708090a0b0c0d0e0f1011121314151617181"
                           "91a1b1c1d1e1f202122232425262728292a2b2c2d2e2f... "
                           "(49 octets)"));
    CU_ASSERT(has_line(&w, "81..83          ID Data                  ~ ~"));
    CU_ASSERT(has_line(&w, "88..89          ID Data                  7f20"));
    wr_cleanup(&w);
    octets_free(&o);
}

static void the_listing_of_a_chain_is_indented(void)
{
    struct octets o = octets_of(vector_find("c5_esk")->hex);
    struct mikey_chain c;
    struct wr w;
    CU_ASSERT(mikey_chain_decode(&c, 14, o.data, o.len, NULL) == STATUS_OK);
    wr_init(&w);
    mikey_chain_text(&c, 2, &w);
    CU_ASSERT_FATAL(w.err == STATUS_OK);
    CU_ASSERT(has_line(&w, "  0..25         IDRi"));
    CU_ASSERT(has_line(&w, "  26..61        SK"));
    CU_ASSERT(has_line(&w, "  27:0-3          Type                     1 SK"));
    wr_cleanup(&w);
    octets_free(&o);
}

/* Of a broken message what came before the fault is listed, HDR too if it is
 * whole. */
static void the_listing_of_a_broken_message_ends_at_the_fault(void)
{
    struct octets o = octets_of(vector_find("ims_r2")->hex);
    struct mikey_msg m;
    struct wr w;
    CU_ASSERT(mikey_decode(&m, o.data, 50, NULL) != STATUS_OK);
    wr_init(&w);
    mikey_text(&m, &w);
    CU_ASSERT_FATAL(w.err == STATUS_OK);
    CU_ASSERT(has_line(&w, "28..37        T"));
    CU_ASSERT(m.num_payloads == 1);
    wr_cleanup(&w);
    CU_ASSERT(mikey_decode(&m, o.data, 9, NULL) != STATUS_OK);
    wr_init(&w);
    mikey_text(&m, &w);
    CU_ASSERT(w.len == 0);
    wr_cleanup(&w);
    octets_free(&o);
}

static const struct unit_case cases[] = {
    {"fields_are_found_with_their_octets", fields_are_found_with_their_octets},
    {"the_walk_stops_when_told", the_walk_stops_when_told},
    {"repetitions_are_numbered_from_one", repetitions_are_numbered_from_one},
    {"bodies_that_do_not_read_are_one_field",
     bodies_that_do_not_read_are_one_field},
    {"the_listing_shows_what_is_unusual", the_listing_shows_what_is_unusual},
    {"the_listing_has_a_line_for_each_field",
     the_listing_has_a_line_for_each_field},
    {"the_listing_of_a_chain_is_indented", the_listing_of_a_chain_is_indented},
    {"the_listing_of_a_broken_message_ends_at_the_fault",
     the_listing_of_a_broken_message_ends_at_the_fault},
    {NULL, NULL},
};
const struct unit_suite mikey_fields_suite = {"fields", cases};
