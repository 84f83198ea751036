/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Messages to send: fields, bodies, responses (RFC 3261, 8.2.6, 12.1.1). */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

/* Encodes and frees; the text is static, one at a time. */
static const char *encoded(struct sip_out *out)
{
    static char text[8192];
    struct wr w;
    wr_init_fixed(&w, (uint8_t *)text, sizeof text - 1);
    enum status s = sip_out_encode(out, &w);
    CU_ASSERT(s == STATUS_OK);
    text[s == STATUS_OK ? w.len : 0] = '\0';
    sip_out_free(out);
    return text;
}

static void requests_are_written(void)
{
    struct sip_out out;
    CU_ASSERT(sip_out_request(&out, "OPTIONS", "sip:carol@chicago.com") ==
              STATUS_OK);
    sip_out_add(&out, "Via", "SIP/2.0/%s %s;branch=z9hG4bKhjhs8ass877", "UDP",
                "pc33.atlanta.com");
    sip_out_add(&out, "Max-Forwards", "%d", 70);
    sip_out_add_view(&out, "To", sip_text("<sip:carol@chicago.com>"));
    CU_ASSERT(sip_out_add_line(&out, "CSeq:  63104 OPTIONS\r\n") == STATUS_OK);
    CU_ASSERT(sip_out_add_line(&out, "no field") == STATUS_OK);
    SAYS(sip_text(encoded(&out)),
         "OPTIONS sip:carol@chicago.com SIP/2.0\r\n"
         "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKhjhs8ass877\r\n"
         "Max-Forwards: 70\r\nTo: <sip:carol@chicago.com>\r\n"
         "CSeq: 63104 OPTIONS\r\nno field\r\nContent-Length: 0\r\n\r\n");
}

static void fields_are_added_set_and_removed(void)
{
    struct sip_out out;
    sip_out_request(&out, "BYE", "sip:b");
    sip_out_add(&out, "Route", "<sip:r1;lr>, <sip:r2;lr>");
    sip_out_add(&out, "route", "<sip:r3;lr>");
    sip_out_add(&out, "i", "call");
    CU_ASSERT_STRING_EQUAL(sip_out_get(&out, "ROUTE", 1), "<sip:r3;lr>");
    CU_ASSERT_STRING_EQUAL(sip_out_get(&out, "Call-ID", 0), "call");
    CU_ASSERT(sip_out_get(&out, "Route", 2) == NULL);
    CU_ASSERT(sip_out_get(&out, "Via", 0) == NULL);
    sip_out_prepend(&out, "Route", "<sip:r0;lr>");
    sip_out_prepend(&out, "Via", "v");
    sip_out_set(&out, "Call-ID", "other");
    CU_ASSERT(sip_out_remove_value(&out, "Route", 2) == STATUS_OK);
    CU_ASSERT(sip_out_remove_value(&out, "Route", 3) == STATUS_NOT_FOUND);
    CU_ASSERT(sip_out_remove(&out, "From") == STATUS_NOT_FOUND);
    SAYS(sip_text(encoded(&out)),
         "BYE sip:b SIP/2.0\r\nVia: v\r\nRoute: <sip:r0;lr>\r\n"
         "Route: <sip:r1;lr>\r\nroute: <sip:r3;lr>\r\ni: other\r\n"
         "Content-Length: 0\r\n\r\n");
    sip_out_request(&out, "BYE", "sip:b");
    sip_out_add(&out, "X", "1");
    sip_out_add(&out, "Y", "y");
    sip_out_add(&out, "x", "2");
    CU_ASSERT(sip_out_set(&out, "X", "3") == STATUS_OK);
    CU_ASSERT(out.num_headers == 2);
    CU_ASSERT(sip_out_remove_value(&out, "X", 0) == STATUS_OK);
    CU_ASSERT(sip_out_remove(&out, "y") == STATUS_OK && out.num_headers == 0);
    sip_out_free(&out);
}

static void content_length_is_computed_or_overridden(void)
{
    struct sip_out out;
    sip_out_request(&out, "INFO", "sip:b");
    CU_ASSERT(sip_out_body(&out, "text/plain", "abc", 3) == STATUS_OK);
    CU_ASSERT(sip_out_body(&out, NULL, "abcd", 4) == STATUS_OK);
    SAYS(sip_text(encoded(&out)), "INFO sip:b SIP/2.0\r\n"
                                  "Content-Type: text/plain\r\n"
                                  "Content-Length: 4\r\n\r\nabcd");
    sip_out_request(&out, "INFO", "sip:b");
    sip_out_body(&out, NULL, "abc", 3);
    sip_out_set(&out, "l", "999");
    SAYS(sip_text(encoded(&out)),
         "INFO sip:b SIP/2.0\r\nContent-Length: 999\r\n\r\nabc");
    sip_out_request(&out, "INFO", "sip:b");
    sip_out_body(&out, NULL, "abc", 3);
    CU_ASSERT(sip_out_remove(&out, "Content-Length") == STATUS_OK);
    SAYS(sip_text(encoded(&out)), "INFO sip:b SIP/2.0\r\n\r\nabc");
    sip_out_request(&out, "INFO", "sip:b");
    sip_out_add(&out, "Content-Length", "7");
    SAYS(sip_text(encoded(&out)),
         "INFO sip:b SIP/2.0\r\nContent-Length: 7\r\n\r\n");
}

static void responses_copy_what_they_must(void)
{
    static struct sip_msg m;
    struct sip_out out;
    struct block b = block_load("s07_invite.sip");
    sip_parse(&m, b.data, b.len);
    CU_ASSERT(sip_out_response(&out, &m, 180, NULL, "m-4e19") == STATUS_OK);
    SAYS(sip_text(encoded(&out)),
         "SIP/2.0 180 Ringing\r\n"
         "Via: SIP/2.0/TCP as1.home-b.example;branch=z9hG4bK-as-m-02\r\n"
         "Via: SIP/2.0/TCP scscf1.home-b.example;branch=z9hG4bK-sc-b-07\r\n"
         "Via: SIP/2.0/TCP 192.0.2.11:5060;branch=z9hG4bK-a-0001\r\n"
         "Record-Route: <sip:scscf1.home-b.example;lr>, "
         "<sip:scscf1.home-a.example;lr>, <sip:pcscf1.home-a.example;lr>\r\n"
         "From: \"Alice\" <sip:alice@home-a.example>;tag=a-77f1\r\n"
         "To: <sip:bob@home-b.example>;tag=m-4e19\r\n"
         "Call-ID: dd-5f0c2b71@192.0.2.11\r\nCSeq: 1 INVITE\r\n"
         "Content-Length: 0\r\n\r\n");
    CU_ASSERT(sip_out_response(&out, &m, 100, NULL, NULL) == STATUS_OK);
    CU_ASSERT(sip_out_get(&out, "Record-Route", 0) == NULL);
    CU_ASSERT_STRING_EQUAL(sip_out_get(&out, "To", 0),
                           "<sip:bob@home-b.example>");
    sip_out_free(&out);
    CU_ASSERT(sip_out_response(&out, &m, 488, "No", "t") == STATUS_OK);
    CU_ASSERT(sip_out_get(&out, "Record-Route", 0) == NULL);
    CU_ASSERT_STRING_EQUAL(out.reason, "No");
    sip_out_free(&out);
    block_free(&b);
    /* A tag that is there stays. */
    b = block_load("s10_update.sip");
    sip_parse(&m, b.data, b.len);
    CU_ASSERT(sip_out_response(&out, &m, 200, NULL, "other") == STATUS_OK);
    CU_ASSERT_STRING_EQUAL(sip_out_get(&out, "To", 0),
                           "<sip:bob@home-b.example>;tag=m-4e19");
    sip_out_free(&out);
    block_free(&b);
}

static void examples_come_back_octet_by_octet(void)
{
    static struct sip_msg m;
    for (const char *const *name = examples; *name != NULL; name++) {
        struct block b = block_load(*name);
        struct sip_out out;
        struct sip_out copy;
        struct wr w;
        struct wr again;
        wr_init(&w);
        wr_init(&again);
        sip_parse(&m, b.data, b.len);
        CU_ASSERT(sip_out_from_msg(&out, &m) == STATUS_OK);
        CU_ASSERT(sip_out_copy(&copy, &out) == STATUS_OK);
        CU_ASSERT(sip_out_encode(&out, &w) == STATUS_OK);
        CU_ASSERT(sip_out_encode(&copy, &again) == STATUS_OK);
        /* Content-Length stands last in the examples, too. */
        int same = w.len == b.len && memcmp(w.data, b.data, w.len) == 0;
        if (!same) {
            printf("  %s\n%.*s\n", *name, (int)w.len, (const char *)w.data);
        }
        CU_ASSERT(same);
        CU_ASSERT(again.len == w.len && memcmp(again.data, w.data, w.len) == 0);
        sip_out_free(&out);
        sip_out_free(&copy);
        wr_cleanup(&w);
        wr_cleanup(&again);
        block_free(&b);
    }
}

static void folding_is_undone_and_odd_lines_stay(void)
{
    struct sip_out out;
    struct sip_msg *m = parse_text("OPTIONS sip:a SIP/3.0\r\n"
                                   "Subject: one\r\n  two\r\n\tthree\r\n"
                                   "odd line\r\nl: 5\r\n\r\nabcde",
                                   0);
    CU_ASSERT(sip_out_from_msg(&out, m) == STATUS_OK);
    SAYS(sip_text(encoded(&out)), "OPTIONS sip:a SIP/3.0\r\n"
                                  "Subject: one two three\r\nodd line\r\n"
                                  "Content-Length: 5\r\n\r\nabcde");
}

static void multiparts_are_written(void)
{
    static struct sip_msg m;
    struct sip_out out;
    struct sip_part p;
    struct wr w;
    sip_out_request(&out, "MESSAGE", "sip:b");
    sip_out_multipart_begin(&out, "mixed", "dd-b1");
    sip_out_multipart_part(&out, "application/mikey",
                           "Content-Transfer-Encoding: base64\r\n", "ARgF", 4);
    sip_out_multipart_part(&out, "message/sipfrag", NULL, "To: b\r\n", 7);
    CU_ASSERT(sip_out_multipart_end(&out) == STATUS_OK);
    CU_ASSERT(sip_out_multipart_end(&out) == STATUS_MISUSE);
    out.err = STATUS_OK;
    wr_init(&w);
    CU_ASSERT(sip_out_encode(&out, &w) == STATUS_OK);
    sip_out_free(&out);
    SAYS(((struct view){w.data, w.len}),
         "MESSAGE sip:b SIP/2.0\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/mixed;boundary=dd-b1\r\n"
         "Content-Length: 147\r\n\r\n"
         "--dd-b1\r\nContent-Type: application/mikey\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\nARgF"
         "\r\n--dd-b1\r\nContent-Type: message/sipfrag\r\n\r\nTo: b\r\n"
         "\r\n--dd-b1--\r\n");
    sip_parse(&m, w.data, w.len);
    CU_ASSERT_FATAL(sip_body_part(&m, 1, &p));
    SAYS(p.body, "To: b\r\n");
    CU_ASSERT(!p.unclosed);
    wr_cleanup(&w);
}

/* The allocation ladder: the first failure is kept, nothing leaks. */
static enum status make_all(struct wr *w)
{
    static struct sip_msg m;
    static const char text[] =
        "INVITE sip:b SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nTo: <sip:b>\r\n"
        "From: <sip:a>;tag=1\r\nRoute: <sip:x>, <sip:y>\r\n\r\nbody";
    struct sip_out out;
    struct sip_out copy;
    struct sip_out reply;
    sip_parse(&m, (const uint8_t *)text, sizeof text - 1);
    sip_out_from_msg(&out, &m);
    sip_out_set(&out, "Subject", "s");
    sip_out_remove_value(&out, "Route", 0);
    sip_out_multipart_begin(&out, "mixed", "b");
    sip_out_multipart_part(&out, "a/b", NULL, "x", 1);
    sip_out_multipart_end(&out);
    sip_out_copy(&copy, &out);
    enum status s = sip_out_encode(&copy, w);
    sip_out_response(&reply, &m, 200, NULL, "t");
    sip_out_prepend(&reply, "Via", "v");
    enum status r = sip_out_encode(&reply, w);
    sip_out_free(&out);
    sip_out_free(&copy);
    sip_out_free(&reply);
    return s != STATUS_OK ? s : r;
}

static void every_failed_allocation_is_reported(void)
{
    struct wr w;
    wr_init(&w);
    CU_ASSERT(make_all(&w) == STATUS_OK);
    size_t whole = w.len;
    wr_cleanup(&w);
    unsigned long before = mem_live();
    for (unsigned long n = 1; n < 500; n++) {
        wr_init(&w);
        mem_fail_at(n);
        enum status s = make_all(&w);
        mem_fail_at(0);
        size_t len = w.len;
        wr_cleanup(&w);
        CU_ASSERT(mem_live() == before);
        if (s == STATUS_OK && len == whole) {
            CU_ASSERT(n > 30);
            return;
        }
        CU_ASSERT(s == STATUS_NO_MEMORY);
    }
    CU_FAIL("never succeeded");
}

static const struct unit_case cases[] = {
    {"requests_are_written", requests_are_written},
    {"fields_are_added_set_and_removed", fields_are_added_set_and_removed},
    {"content_length_is_computed_or_overridden",
     content_length_is_computed_or_overridden},
    {"responses_copy_what_they_must", responses_copy_what_they_must},
    {"examples_come_back_octet_by_octet", examples_come_back_octet_by_octet},
    {"folding_is_undone_and_odd_lines_stay",
     folding_is_undone_and_odd_lines_stay},
    {"multiparts_are_written", multiparts_are_written},
    {"every_failed_allocation_is_reported",
     every_failed_allocation_is_reported},
    {NULL, NULL}};
const struct unit_suite sip_out_suite = {"sip_out", cases};
