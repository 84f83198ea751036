/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Lists, parameters and typed values. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

static void lists_heed_quotes_and_angles(void)
{
    static const struct {
        const char *text;
        const char *items[5];
    } rows[] = {
        {"a", {"a"}},
        {"a, b ,c", {"a", "b", "c"}},
        {"a,,b", {"a", "", "b"}},
        {"a,", {"a", ""}},
        {"\"x, y\" <sip:a@b>, c", {"\"x, y\" <sip:a@b>", "c"}},
        {"\"x \\\", y\" <sip:a@b>, c", {"\"x \\\", y\" <sip:a@b>", "c"}},
        {"<sip:a,b@c>;x=\"1,2\",d", {"<sip:a,b@c>;x=\"1,2\"", "d"}},
        {"<sip:a\"@b>, c", {"<sip:a\"@b>", "c"}},
        {"\"open, b", {"\"open, b"}},
        {"<open, b", {"<open, b"}},
        {"a\r\n ,\r\n\tb", {"a", "b"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct view rest = sip_text(rows[i].text);
        struct view v;
        size_t n = 0;
        while (sip_list_next(&rest, &v)) {
            CU_ASSERT_FATAL(n < 5 && rows[i].items[n] != NULL);
            SAYS(v, rows[i].items[n]);
            n++;
        }
        CU_ASSERT(n == 5 || rows[i].items[n] == NULL);
    }
}

static void values_are_counted_across_lines(void)
{
    struct sip_msg *m = parse_text("OPTIONS sip:a SIP/2.0\r\n"
                                   "Route: <sip:1>, <sip:2>\r\n"
                                   "Subject: a, b\r\n"
                                   "ROUTE:<sip:3>\r\n"
                                   "X-A: 1\r\n"
                                   "x-a: 2, 3\r\n"
                                   "s: c\r\n\r\n",
                                   0);
    SAYS(sip_value(m, SIP_HDR_ROUTE, 0), "<sip:1>");
    SAYS(sip_value(m, SIP_HDR_ROUTE, 1), "<sip:2>");
    SAYS(sip_value(m, SIP_HDR_ROUTE, 2), "<sip:3>");
    CU_ASSERT(sip_value(m, SIP_HDR_ROUTE, 3).data == NULL);
    CU_ASSERT(sip_count(m, SIP_HDR_ROUTE) == 2);
    SAYS(sip_value(m, SIP_HDR_SUBJECT, 0), "a, b");
    SAYS(sip_value(m, SIP_HDR_SUBJECT, 1), "c");
    SAYS(sip_value_name(m, "X-a", 1), "2, 3");
    SAYS(sip_value_name(m, "route", 2), "<sip:3>");
    SAYS(sip_find_name(m, "x-A", 0)->value, "1");
    CU_ASSERT(sip_find_name(m, "x-b", 0) == NULL);
    CU_ASSERT(sip_find(m, SIP_HDR_ROUTE, 2) == NULL);
}

static void folding_is_kept_in_the_value_and_counted_in_the_line(void)
{
    static const char text[] = "OPTIONS sip:a SIP/2.0\r\n"
                               "Subject:\r\n one\r\n\ttwo  \r\n"
                               "To: x\r\n\r\n";
    struct sip_msg *m = parse_text(text, 0);
    const struct sip_header *h = sip_find(m, SIP_HDR_SUBJECT, 0);
    SAYS(h->value, "one\r\n\ttwo");
    CU_ASSERT(h->off == 23 &&
              h->len == strlen("Subject:\r\n one\r\n\ttwo  \r\n"));
    SAYS(sip_find(m, SIP_HDR_TO, 0)->value, "x");
}

static void tokens_are_found_in_lists(void)
{
    struct sip_msg *m = parse_text("OPTIONS sip:a SIP/2.0\r\n"
                                   "Supported: timer\r\n"
                                   "k: 100REL , histinfo\r\n"
                                   "Accept: application/sdp;level=1, text/*\r\n"
                                   "\r\n",
                                   0);
    CU_ASSERT(sip_has_token(m, SIP_HDR_SUPPORTED, "100rel"));
    CU_ASSERT(sip_has_token(m, SIP_HDR_SUPPORTED, "timer"));
    CU_ASSERT(sip_has_token(m, SIP_HDR_SUPPORTED, "histinfo"));
    CU_ASSERT(!sip_has_token(m, SIP_HDR_SUPPORTED, "100"));
    CU_ASSERT(!sip_has_token(m, SIP_HDR_REQUIRE, "100rel"));
    CU_ASSERT(sip_has_token(m, SIP_HDR_ACCEPT, "application/sdp"));
}

static void parameters_are_found_in_any_case(void)
{
    struct view v;
    struct view p = sip_text(" ; A = b ;c;d=\"x;\\\"y=z\";e=");
    CU_ASSERT(sip_param(p, "a", &v));
    SAYS(v, "b");
    CU_ASSERT(sip_param(p, "C", &v));
    SAYS(v, "");
    CU_ASSERT(sip_param(p, "d", &v));
    SAYS(v, "\"x;\\\"y=z\"");
    CU_ASSERT(sip_param(p, "e", &v));
    SAYS(v, "");
    CU_ASSERT(!sip_param(p, "y", &v));
    CU_ASSERT(!sip_param(sip_text(""), "a", &v));
    CU_ASSERT(
        sip_param_is(sip_text(";actor=\"msg-taker\""), "actor", "Msg-Taker"));
    struct sip_param q;
    size_t n = 0;
    while (sip_param_next(&p, &q)) {
        n++;
    }
    CU_ASSERT(n == 4);
}

static void via_is_read(void)
{
    struct sip_via v;
    CU_ASSERT(sip_via(sip_text("SIP / 2.0 / TCP [2001:db8::1]:5070 ;rport;"
                               "branch=Z9hG4bKx;received=192.0.2.1"),
                      &v) == STATUS_OK);
    SAYS(v.protocol, "SIP");
    SAYS(v.version, "2.0");
    SAYS(v.transport, "TCP");
    SAYS(v.host, "[2001:db8::1]");
    CU_ASSERT(v.port == 5070 && v.has_rport && v.has_cookie);
    SAYS(v.rport, "");
    SAYS(v.received, "192.0.2.1");
    CU_ASSERT(sip_via(sip_text("SIP/2.0/UDP h;rport=5;branch=1"), &v) ==
              STATUS_OK);
    SAYS(v.host, "h");
    SAYS(v.rport, "5");
    CU_ASSERT(v.port == 0 && !v.has_cookie);
    static const char *const bad[] = {"",
                                      "SIP/2.0",
                                      "SIP/2.0/UDP",
                                      "SIP/2.0/UDP :5060",
                                      "SIP/2.0/UDP h:65536",
                                      "SIP/2.0/UDP h:",
                                      "SIP/2.0/UDP h x",
                                      "SIP 2.0/UDP h"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT(sip_via(sip_text(bad[i]), &v) == STATUS_SYNTAX);
    }
}

static void cseq_and_rack_are_read(void)
{
    struct sip_cseq c;
    struct sip_rack r;
    CU_ASSERT(sip_cseq(sip_text("4711 INVITE"), &c) == STATUS_OK);
    CU_ASSERT(c.num == 4711);
    SAYS(c.method, "INVITE");
    CU_ASSERT(sip_cseq(sip_text("1\r\n INVITE"), &c) == STATUS_OK);
    SAYS(c.method, "INVITE");
    CU_ASSERT(sip_cseq(sip_text("INVITE"), &c) == STATUS_SYNTAX);
    CU_ASSERT(sip_cseq(sip_text("1"), &c) == STATUS_SYNTAX);
    CU_ASSERT(sip_cseq(sip_text("4294967296 A"), &c) == STATUS_BAD_VALUE);
    CU_ASSERT(sip_rack(sip_text("8801 1 INVITE"), &r) == STATUS_OK);
    CU_ASSERT(r.rseq == 8801 && r.num == 1);
    SAYS(r.method, "INVITE");
    CU_ASSERT(sip_rack(sip_text("8801 INVITE"), &r) == STATUS_SYNTAX);
    CU_ASSERT(sip_rack(sip_text("8801 1"), &r) == STATUS_SYNTAX);
}

static void addresses_are_read(void)
{
    static const struct {
        const char *text;
        const char *display, *uri, *params, *tag, *bare;
        enum status s;
    } rows[] = {
        {"\"Alice\" <sip:alice@home-a.example>;tag=a-77f1", "\"Alice\"",
         "sip:alice@home-a.example", ";tag=a-77f1", "a-77f1",
         "\"Alice\" <sip:alice@home-a.example>", STATUS_OK},
        {"<sip:b@h;lr?Subject=x>", "", "sip:b@h;lr?Subject=x", "", "",
         "<sip:b@h;lr?Subject=x>", STATUS_OK},
        {"sip:b@h;tag=1", "", "sip:b@h", ";tag=1", "1", "sip:b@h", STATUS_OK},
        {"A B <sip:b@h> ; TAG = x ; y", "A B", "sip:b@h", "; TAG = x ; y", "x",
         "A B <sip:b@h>", STATUS_OK},
        {"\"a <sip:x@y> \\\" b\" <sip:b@h>", "\"a <sip:x@y> \\\" b\"",
         "sip:b@h", "", "", "\"a <sip:x@y> \\\" b\" <sip:b@h>", STATUS_OK},
        {"<sip:b@h", "", "sip:b@h", "", "", "<sip:b@h", STATUS_SYNTAX},
        {"\"open <sip:b@h>", "\"open", "sip:b@h", "", "", "\"open <sip:b@h>",
         STATUS_SYNTAX},
        {"<sip:b@h> x;tag=1", "", "sip:b@h", "x;tag=1", "1", "<sip:b@h>",
         STATUS_SYNTAX},
        {"", "", "", "", "", "", STATUS_SYNTAX},
        {";tag=1", "", "", ";tag=1", "1", "", STATUS_SYNTAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sip_addr a;
        CU_ASSERT(sip_addr(sip_text(rows[i].text), &a) == rows[i].s);
        SAYS(a.display, rows[i].display);
        SAYS(a.uri, rows[i].uri);
        SAYS(a.params, rows[i].params);
        SAYS(a.tag, rows[i].tag);
        SAYS(a.bare, rows[i].bare);
    }
    struct sip_addr a;
    CU_ASSERT(sip_addr(sip_text(" * "), &a) == STATUS_OK && a.is_star);
}

static void quoted_strings_are_undone(void)
{
    char *s = sip_unquote(sip_text("\"a \\\"b\\\" \\\\\""));
    CU_ASSERT_STRING_EQUAL(s, "a \"b\" \\");
    mem_free(s);
    s = sip_unquote(sip_text("a\\b"));
    CU_ASSERT_STRING_EQUAL(s, "a\\b");
    mem_free(s);
    s = sip_unescape(sip_text("SIP%3Bcause%3d408%"));
    CU_ASSERT_STRING_EQUAL(s, "SIP;cause=408%");
    mem_free(s);
    struct wr w;
    wr_init(&w);
    sip_escape(&w, sip_text("sip:bob@home-b.example;x y"), ":");
    SAYS(((struct view){w.data, w.len}), "sip:bob%40home-b.example%3Bx%20y");
    wr_cleanup(&w);
}

static void media_types_are_read(void)
{
    struct sip_media_type t;
    CU_ASSERT(sip_media_type(sip_text("multipart / mixed ; boundary=b"), &t) ==
              STATUS_OK);
    SAYS(t.type, "multipart");
    SAYS(t.subtype, "mixed");
    CU_ASSERT(sip_param_is(t.params, "boundary", "b"));
    CU_ASSERT(sip_media_type(sip_text("text"), &t) == STATUS_SYNTAX);
    CU_ASSERT(sip_media_type(sip_text("text/"), &t) == STATUS_SYNTAX);
    CU_ASSERT(sip_type_is(sip_text("Application/SDP; a=b"), "application/sdp"));
    CU_ASSERT(!sip_type_is(sip_text("application/sdpx"), "application/sdp"));
}

static void reason_and_warning_are_read(void)
{
    struct sip_reason_value r;
    struct sip_warning w;
    CU_ASSERT(sip_reason_value(sip_text("SIP;cause=408;text=\"no reply\""),
                               &r) == STATUS_OK);
    SAYS(r.protocol, "SIP");
    CU_ASSERT(r.cause == 408);
    SAYS(r.text, "\"no reply\"");
    CU_ASSERT(sip_reason_value(sip_text("Q.850"), &r) == STATUS_OK);
    CU_ASSERT(r.cause == -1);
    CU_ASSERT(sip_warning(sip_text("306 vm.home-b.example \"Attribute not "
                                   "understood: key-mgmt\""),
                          &w) == STATUS_OK);
    CU_ASSERT(w.code == 306);
    SAYS(w.agent, "vm.home-b.example");
    SAYS(w.text, "\"Attribute not understood: key-mgmt\"");
    CU_ASSERT(sip_warning(sip_text("30 a \"x\""), &w) == STATUS_SYNTAX);
    CU_ASSERT(sip_warning(sip_text("306 a x"), &w) == STATUS_SYNTAX);
    CU_ASSERT(sip_warning(sip_text("306 a \"x"), &w) == STATUS_SYNTAX);
    struct block b = block_load("e1_488.sip");
    static struct sip_msg m;
    sip_parse(&m, b.data, b.len);
    CU_ASSERT(sip_warning(sip_value(&m, SIP_HDR_WARNING, 1), &w) == STATUS_OK);
    CU_ASSERT(w.code == 399);
    block_free(&b);
}

static void challenges_are_read(void)
{
    struct sip_auth a;
    struct view v;
    CU_ASSERT(sip_auth(sip_text("Digest realm=\"a, b\", nonce = \"n\" ,\r\n "
                                "QOP=\"auth,auth-int\", stale=FALSE"),
                       &a) == STATUS_OK);
    SAYS(a.scheme, "Digest");
    CU_ASSERT(sip_auth_param(&a, "realm", &v));
    SAYS(v, "\"a, b\"");
    CU_ASSERT(sip_auth_param(&a, "Nonce", &v));
    SAYS(v, "\"n\"");
    CU_ASSERT(sip_auth_param(&a, "qop", &v));
    SAYS(v, "\"auth,auth-int\"");
    CU_ASSERT(sip_auth_param(&a, "stale", &v));
    SAYS(v, "FALSE");
    CU_ASSERT(!sip_auth_param(&a, "opaque", &v));
    CU_ASSERT(sip_auth(sip_text("Digest"), &a) == STATUS_SYNTAX);
}

static void message_takers_are_known_by_their_tags(void)
{
    static const struct {
        const char *params;
        int is;
    } rows[] = {
        {";automata;actor=\"msg-taker\";audio", 1},
        {";+sip.x;Actor=\"MSG-TAKER\";AUTOMATA", 1},
        {";automata=\"TRUE\";actor=\"msg-taker\"", 1},
        {";automata=\"FALSE\";actor=\"msg-taker\"", 0},
        {";actor=\"msg-taker\"", 0},
        {";automata", 0},
        {";automata;actor=\"principal\"", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT(sip_is_message_taker(sip_text(rows[i].params)) == rows[i].is);
    }
    struct view v;
    CU_ASSERT(sip_feature(sip_text(";audio;+g.3gpp.icsi-ref=\"urn\""),
                          "+g.3gpp.icsi-ref", &v));
    SAYS(v, "urn");
}

static void fragments_are_read_line_by_line(void)
{
    struct view rest =
        sip_text("From: a\r\nnonsense\r\nDate: b\r\n c\n\r\nbody");
    const uint8_t *base = rest.data;
    struct sip_header h;
    CU_ASSERT(sip_field_next(&rest, base, &h));
    CU_ASSERT(h.id == SIP_HDR_FROM && h.off == 0 && h.len == 9);
    SAYS(h.value, "a");
    CU_ASSERT(sip_field_next(&rest, base, &h));
    SAYS(h.name, "");
    SAYS(h.value, "nonsense");
    CU_ASSERT(sip_field_next(&rest, base, &h));
    CU_ASSERT(h.id == SIP_HDR_DATE && h.off == 19);
    SAYS(h.value, "b\r\n c");
    CU_ASSERT(!sip_field_next(&rest, base, &h));
    SAYS(rest, "body");
    struct view v;
    CU_ASSERT(sip_block_find(sip_text("A: 1\r\nb: 2"), "B", &v));
    SAYS(v, "2");
    CU_ASSERT(!sip_block_find(sip_text("A: 1\r\nb: 2"), "c", &v));
}

static const struct unit_case cases[] = {
    {"lists_heed_quotes_and_angles", lists_heed_quotes_and_angles},
    {"values_are_counted_across_lines", values_are_counted_across_lines},
    {"folding_is_kept_in_the_value_and_counted_in_the_line",
     folding_is_kept_in_the_value_and_counted_in_the_line},
    {"tokens_are_found_in_lists", tokens_are_found_in_lists},
    {"parameters_are_found_in_any_case", parameters_are_found_in_any_case},
    {"via_is_read", via_is_read},
    {"cseq_and_rack_are_read", cseq_and_rack_are_read},
    {"addresses_are_read", addresses_are_read},
    {"quoted_strings_are_undone", quoted_strings_are_undone},
    {"media_types_are_read", media_types_are_read},
    {"reason_and_warning_are_read", reason_and_warning_are_read},
    {"challenges_are_read", challenges_are_read},
    {"message_takers_are_known_by_their_tags",
     message_takers_are_known_by_their_tags},
    {"fragments_are_read_line_by_line", fragments_are_read_line_by_line},
    {NULL, NULL}};
const struct unit_suite sip_fields_suite = {"sip_fields", cases};
