/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Edits of messages to send: each path and operation of sip_out_edit. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

#define SDP                                                                    \
    "v=0\r\no=a 1 2 IN IP4 h\r\ns=-\r\nc=IN IP4 h\r\nt=0 0\r\n"                \
    "a=key-mgmt:mikey ARYF\r\na=xy\r\nm=audio 4 RTP/SAVP 97 98\r\n"            \
    "a=rtpmap:97 AMR/8000\r\na=xy\r\n"

static void make_request(struct sip_out *out)
{
    sip_out_request(out, "INVITE", "sip:b");
    sip_out_add(out, "Via", "v1");
    sip_out_add(out, "Via", "v2");
    sip_out_add(out, "From", "f");
    sip_out_body(out, "application/sdp", SDP, sizeof SDP - 1);
}

/* What is left of a message after an edit: start line, head, body. */
static enum status edited(struct wr *w, const char *line)
{
    struct edit_list list = {0};
    struct sip_out out;
    const char *why = NULL;
    make_request(&out);
    wr_init(w);
    enum status s = edit_list_add(&list, line, &why);
    CU_ASSERT_FATAL(s == STATUS_OK && list.num == 1);
    s = sip_out_edit(&out, &list.items[0]);
    CU_ASSERT(out.err == STATUS_OK);
    if (s == STATUS_OK) {
        s = sip_out_encode(&out, w);
    }
    sip_out_free(&out);
    edit_list_clear(&list);
    return s;
}

/* before and after: the part of the message that changes. */
static void edits_change_what_they_name(void)
{
    static const struct {
        const char *edit;
        const char *before;
        const char *after;
    } rows[] = {
        {"* set sip.method BYE", "INVITE sip", "BYE sip"},
        {"* truncate sip.method 3", "INVITE sip", "INV sip"},
        {"* flip sip.method 2", "INVITE sip", "iNVITE sip"},
        {"* set sip.uri tel:1", "sip:b", "tel:1"},
        {"* set sip.version SIP/3.0", "SIP/2.0", "SIP/3.0"},
        {"* set sip.request-line X", "INVITE sip:b SIP/2.0", "X"},
        {"* truncate sip.request-line 8", "INVITE sip:b SIP/2.0", "INVITE s"},
        {"* set sip.Via[1] v3", "Via: v2", "Via: v3"},
        {"* set sip.Via v3", "Via: v1", "Via: v3"},
        {"* set sip.v v3", "Via: v1", "Via: v3"},
        {"* set sip.From a\\r\\n b", "From: f", "From: a\r\n b"},
        {"* drop sip.Via", "Via: v1\r\nVia: v2\r\n", ""},
        {"* drop sip.Via[1]", "Via: v2\r\n", ""},
        {"* repeat sip.From", "From: f\r\n", "From: f\r\nFrom: f\r\n"},
        {"* insert sip.From X: 1", "From: f\r\n", "X: 1\r\nFrom: f\r\n"},
        {"* append sip.From[0] odd", "From: f\r\n", "From: f\r\nodd\r\n"},
        {"* truncate sip.Via[1] 1", "Via: v2", "Via: v"},
        {"* flip sip.From 7", "From: f", "From: g"},
        {"* insert sip.line X: 1", "Via: v1", "X: 1\r\nVia: v1"},
        {"* append sip.line X: 1", "Content-Length: 130",
         "X: 1\r\nContent-Length: 130"},
        {"* set sip.Content-Length 9", "Content-Length: 130",
         "Content-Length: 9"},
        {"* drop sip.Content-Length", "Content-Length: 130\r\n", ""},
        {"* repeat sip.Content-Length", "Content-Length: 130\r\n",
         "Content-Length: 130\r\nContent-Length: 130\r\n"},
        {"* set sdp.v 1", "v=0", "v=1"},
        {"* set sdp.a[1] y", "a=xy\r\nm", "a=y\r\nm"},
        {"* set sdp.xy[1] y", "8000\r\na=xy", "8000\r\na=y"},
        {"* set sdp.key-mgmt[0].data AQID", "mikey ARYF", "mikey AQID"},
        {"* set sdp.key-mgmt.protocol kkkkk", "mikey ARYF", "kkkkk ARYF"},
        {"* set sdp.key-mgmt mikey ABCD", "mikey ARYF", "mikey ABCD"},
        {"* flip sdp.key-mgmt.data 7", "ARYF", "@RYF"},
        {"* set sdp.proto RTP/SAVX", "RTP/SAVP", "RTP/SAVX"},
        {"* set sdp.port 5", "audio 4 ", "audio 5 "},
        {"* set sdp.media video", "audio 4 ", "video 4 "},
        {"* set sdp.fmt 1 2 3", "97 98\r", "1 2 3\r"},
        {"* set sdp.o.sess-version 7", "a 1 2 IN", "a 1 7 IN"},
        {"* set sdp.o.address g", "IP4 h\r\ns", "IP4 g\r\ns"},
        {"* set sdp.c.addrtype IP6", "c=IN IP4", "c=IN IP6"},
        {"* flip sdp.s 7", "s=-", "s=,"},
    };
    struct wr whole;
    struct sip_out out;
    make_request(&out);
    wr_init(&whole);
    sip_out_encode(&out, &whole);
    sip_out_free(&out);
    wr_u8(&whole, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wr w;
        struct wr want;
        const char *text = (const char *)whole.data;
        const char *at = strstr(text, rows[i].before);
        CU_ASSERT_FATAL(at != NULL);
        wr_init(&want);
        wr_bytes(&want, text, (size_t)(at - text));
        wr_str(&want, rows[i].after);
        wr_str(&want, at + strlen(rows[i].before));
        /* The length follows the body. */
        long grown = (long)strlen(rows[i].after) - (long)strlen(rows[i].before);
        enum status s = edited(&w, rows[i].edit);
        wr_u8(&want, 0);
        char *n = strstr((char *)want.data, "Length: 130");
        if (n != NULL && strncmp(rows[i].edit, "* set sdp", 9) == 0 &&
            grown != 0) {
            char digits[24];
            snprintf(digits, sizeof digits, "%ld", 130 + grown);
            memcpy(n + 8, digits, 3);
        }
        if (s != STATUS_OK ||
            !says((struct view){w.data, w.len}, (const char *)want.data)) {
            printf("  %s: %s\n", rows[i].edit, status_name(s));
            CU_FAIL("edit");
        }
        wr_cleanup(&w);
        wr_cleanup(&want);
    }
    wr_cleanup(&whole);
}

/* Edits whose result is only looked at in part. */
static void edits_leave_a_mark(void)
{
    static const struct {
        const char *edit;
        const char *has;
        const char *lacks;
    } rows[] = {
        {"* set sip.Subject hello", "\r\nSubject: hello\r\n", NULL},
        {"* set sip.body a\\x00b", "Length: 3\r\n", "v=0"},
        {"* drop sip.body", "Length: 0\r\n\r\n", "v=0"},
        {"* truncate sip.body 3", "Length: 3\r\n\r\nv=0", "o="},
        {"* repeat sip.body", "Length: 260\r\n", NULL},
        {"* insert sip.body x\\\\y", "\r\n\r\nx\\yv=0", NULL},
        {"* append sip.body \\t", "a=xy\r\n\t", NULL},
        {"* flip sip.body 7", "\r\n\r\nw=0", NULL},
        {"* set sip.octets ab", "ab", "INVITE"},
        {"* insert sip.octets \\r\\n", "\r\nINVITE", NULL},
        {"* append sip.octets zz", "a=xy\r\nzz", NULL},
        {"* set sip.octets[0] BY", "BYVITE", NULL},
        {"* insert sip.octets[6] XX", "INVITEXX sip:b", NULL},
        {"* drop sip.octets[0] 7", "sip:b SIP/2.0", "INVITE"},
        {"* flip sip.octets[1] 2", "InVITE", NULL},
        {"* truncate sip.octets 10", "INVITE sip", ":b"},
        {"* drop sdp.xy", "v=0", "a=xy"},
        {"* drop sdp.xy[0]", "8000\r\na=xy", "ARYF\r\na=xy"},
        {"* drop sdp.a", "m=audio", "a="},
        {"* drop sdp.m", "rtpmap", "m=audio"},
        {"* repeat sdp.key-mgmt",
         "a=key-mgmt:mikey ARYF\r\na=key-mgmt:mikey ARYF\r\n", NULL},
        {"* insert sdp.key-mgmt a=key-mgmt:k1 AQ==",
         "a=key-mgmt:k1 AQ==\r\na=key-mgmt:mikey", NULL},
        {"* append sdp.t a=z", "t=0 0\r\na=z\r\na=key-mgmt", NULL},
        {"* append sdp.xy[1] a=z", "a=xy\r\na=z\r\n", NULL},
        {"* truncate sdp.key-mgmt.data 2", "mikey AR\r\n", NULL},
        {"* drop sdp.key-mgmt.data", "mikey \r\n", "ARYF"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wr w;
        enum status s = edited(&w, rows[i].edit);
        wr_u8(&w, 0);
        const char *text = (const char *)w.data;
        int good =
            s == STATUS_OK && strstr(text, rows[i].has) != NULL &&
            (rows[i].lacks == NULL || strstr(text, rows[i].lacks) == NULL);
        if (!good) {
            printf("  %s: %s\n%s\n", rows[i].edit, status_name(s), text);
        }
        CU_ASSERT(good);
        wr_cleanup(&w);
    }
}

static void edits_that_make_no_sense_are_refused(void)
{
    static const struct {
        const char *edit;
        enum status want;
    } rows[] = {
        {"* set mikey.T x", STATUS_SYNTAX},
        {"* set sip.From[x] y", STATUS_SYNTAX},
        {"* set sip.From[0 y", STATUS_SYNTAX},
        {"* set sip.From.tag y", STATUS_SYNTAX},
        {"* set sip.[0] y", STATUS_SYNTAX},
        {"* set sip.status 200", STATUS_NOT_FOUND},
        {"* set sip.status-line x", STATUS_NOT_FOUND},
        {"* set sip.reason x", STATUS_NOT_FOUND},
        {"* set sip.Via[2] y", STATUS_NOT_FOUND},
        {"* drop sip.Via[2]", STATUS_NOT_FOUND},
        {"* drop sip.Subject", STATUS_NOT_FOUND},
        {"* truncate sip.Subject 1", STATUS_NOT_FOUND},
        {"* truncate sip.From 2", STATUS_NOT_FOUND},
        {"* truncate sip.From x", STATUS_SYNTAX},
        {"* flip sip.From 8", STATUS_NOT_FOUND},
        {"* flip sip.From x", STATUS_SYNTAX},
        {"* set sip.From a\\x00b", STATUS_UNSUPPORTED},
        {"* set sip.line x", STATUS_UNSUPPORTED},
        {"* drop sip.line", STATUS_UNSUPPORTED},
        {"* insert sip.From a\\x00b", STATUS_UNSUPPORTED},
        {"* truncate sip.body 131", STATUS_NOT_FOUND},
        {"* truncate sip.octets x", STATUS_SYNTAX},
        {"* set sip.octets[99999] x", STATUS_NOT_FOUND},
        {"* repeat sip.octets[1]", STATUS_UNSUPPORTED},
        {"* drop sip.octets[1] 99999", STATUS_NOT_FOUND},
        {"* set sdp.i x", STATUS_NOT_FOUND},
        {"* set sdp.fmtp x", STATUS_NOT_FOUND},
        {"* set sdp.key-mgmt.other x", STATUS_SYNTAX},
        {"* set sdp.rtpmap.pt x", STATUS_SYNTAX},
        {"* set sdp.o.port x", STATUS_SYNTAX},
        {"* set sdp.port[1] x", STATUS_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wr w;
        enum status s = edited(&w, rows[i].edit);
        if (s != rows[i].want) {
            printf("  %s: %s\n", rows[i].edit, status_name(s));
        }
        CU_ASSERT(s == rows[i].want);
        wr_cleanup(&w);
    }
}

static void responses_have_a_status_line(void)
{
    static const struct {
        const char *edit;
        const char *line;
    } rows[] = {
        {"* set sip.status 603", "SIP/2.0 603 OK\r\n"},
        {"* set sip.status 20", "SIP/2.0 20 OK\r\n"},
        {"* set sip.reason Fine", "SIP/2.0 200 Fine\r\n"},
        {"* set sip.status-line HTTP/1.1 200", "HTTP/1.1 200\r\n"},
        {"* truncate sip.reason 0", "SIP/2.0 200 \r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct edit_list list = {0};
        struct sip_out out;
        struct wr w;
        struct sip_msg *m = parse_text("BYE sip:b SIP/2.0\r\n\r\n", 0);
        wr_init(&w);
        CU_ASSERT_FATAL(edit_list_add(&list, rows[i].edit, NULL) == STATUS_OK);
        sip_out_response(&out, m, 200, NULL, NULL);
        CU_ASSERT(sip_out_edit(&out, &list.items[0]) == STATUS_OK);
        CU_ASSERT(sip_out_encode(&out, &w) == STATUS_OK);
        size_t n = strlen(rows[i].line);
        CU_ASSERT_FATAL(w.len > n);
        SAYS(((struct view){w.data, n}), rows[i].line);
        wr_cleanup(&w);
        sip_out_free(&out);
        edit_list_clear(&list);
    }
}

static void sdp_is_found_in_a_multipart(void)
{
    struct edit_list list = {0};
    struct sip_out out;
    struct wr w;
    sip_out_request(&out, "INVITE", "sip:b");
    sip_out_multipart_begin(&out, "mixed", "b");
    sip_out_multipart_part(&out, "text/plain", NULL, "v=9", 3);
    sip_out_multipart_part(&out, "application/sdp", NULL, SDP, sizeof SDP - 1);
    sip_out_multipart_end(&out);
    CU_ASSERT(edit_list_add_all(&list, "* set sdp.v 1\n* drop sdp.key-mgmt\n",
                                NULL) == STATUS_OK);
    CU_ASSERT(sip_out_edit(&out, &list.items[0]) == STATUS_OK);
    CU_ASSERT(sip_out_edit(&out, &list.items[1]) == STATUS_OK);
    wr_init(&w);
    CU_ASSERT(sip_out_encode(&out, &w) == STATUS_OK);
    wr_u8(&w, 0);
    CU_ASSERT(strstr((char *)w.data, "v=9\r\n--b") != NULL);
    CU_ASSERT(strstr((char *)w.data, "\r\n\r\nv=1\r\no=") != NULL);
    CU_ASSERT(strstr((char *)w.data, "key-mgmt") == NULL);
    CU_ASSERT(strstr((char *)w.data, "\r\n--b--\r\n") != NULL);
    wr_cleanup(&w);
    sip_out_free(&out);
    edit_list_clear(&list);
}

static void no_sdp_is_no_place(void)
{
    struct edit_list list = {0};
    struct sip_out out;
    CU_ASSERT(edit_list_add(&list, "* set sdp.v 1", NULL) == STATUS_OK);
    sip_out_request(&out, "INVITE", "sip:b");
    CU_ASSERT(sip_out_edit(&out, &list.items[0]) == STATUS_NOT_FOUND);
    sip_out_body(&out, "text/plain", "hello", 5);
    CU_ASSERT(sip_out_edit(&out, &list.items[0]) == STATUS_NOT_FOUND);
    sip_out_free(&out);
    edit_list_clear(&list);
}

static void every_failed_allocation_is_reported(void)
{
    static const char *const lines[] = {
        "* set sip.Via x",     "* repeat sip.From",
        "* set sip.version x", "* truncate sip.body 9",
        "* drop sdp.xy",       "* flip sip.octets 9",
        "* repeat sip.l",      "* set sip.request-line x"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct edit_list list = {0};
        CU_ASSERT(edit_list_add(&list, lines[i], NULL) == STATUS_OK);
        unsigned long before = mem_live();
        enum status s = STATUS_NO_MEMORY;
        unsigned long n = 1;
        for (; n < 200 && s != STATUS_OK; n++) {
            struct sip_out out;
            struct wr w;
            make_request(&out);
            wr_init(&w);
            mem_fail_at(n);
            s = sip_out_edit(&out, &list.items[0]);
            if (s == STATUS_OK) {
                s = sip_out_encode(&out, &w);
            }
            mem_fail_at(0);
            sip_out_free(&out);
            wr_cleanup(&w);
            CU_ASSERT(s == STATUS_OK || s == STATUS_NO_MEMORY);
            CU_ASSERT(mem_live() == before);
        }
        CU_ASSERT(s == STATUS_OK && n > 2);
        edit_list_clear(&list);
    }
}

static const struct unit_case cases[] = {
    {"edits_change_what_they_name", edits_change_what_they_name},
    {"edits_leave_a_mark", edits_leave_a_mark},
    {"edits_that_make_no_sense_are_refused",
     edits_that_make_no_sense_are_refused},
    {"responses_have_a_status_line", responses_have_a_status_line},
    {"sdp_is_found_in_a_multipart", sdp_is_found_in_a_multipart},
    {"no_sdp_is_no_place", no_sdp_is_no_place},
    {"every_failed_allocation_is_reported",
     every_failed_allocation_is_reported},
    {NULL, NULL}};
const struct unit_suite sip_edit_suite = {"sip_edit", cases};
