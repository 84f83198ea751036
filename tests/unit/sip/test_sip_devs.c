/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Each deviation, where it stands. In the table the octets concerned are
 * between the marks { and }, which the test takes out. A message has that
 * deviation, and none other, unless also says so. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/sip/sip_int.h"

#include <stdio.h>
#include <string.h>

#define VIA "Via: SIP/2.0/TCP a.example;branch=z9hG4bK1\r\n"
#define FROM "From: <sip:a@a.example>;tag=1\r\n"
#define TO "To: <sip:b@b.example>\r\n"
#define ID "Call-ID: x\r\n"
#define HOPS "Max-Forwards: 70\r\n"
#define CSEQ "CSeq: 1 OPTIONS\r\n"
#define LINE "OPTIONS sip:b@b.example SIP/2.0\r\n"
#define HEAD LINE VIA HOPS FROM TO ID CSEQ
#define REST VIA HOPS FROM TO ID CSEQ "\r\n"
#define ANSWER VIA FROM "To: <sip:b@b.example>;tag=2\r\n" ID CSEQ "\r\n"
#define NONE SIP_DEV_COUNT

static const struct {
    enum sip_dev kind;
    const char *text;
    enum sip_dev also;
    unsigned flags;
} rows[] = {
    {SIP_DEV_EMPTY, "{\r\n\r\n}", NONE, 0},
    {SIP_DEV_LEADING_BLANK, "{\r\n}" HEAD "\r\n", NONE, 0},
    {SIP_DEV_START_LINE, "{HELLO}\r\n" REST, SIP_DEV_CSEQ_METHOD, 0},
    {SIP_DEV_START_LINE, "{OPTIONS sip:b@b.example}\r\n" REST, NONE, 0},
    {SIP_DEV_START_LINE, "{OPTIONS SIP/2.0}\r\n" REST, NONE, 0},
    {SIP_DEV_START_SPACING, "OPTIONS{  }sip:b@b.example SIP/2.0\r\n" REST, NONE,
     0},
    {SIP_DEV_START_SPACING, "OPTIONS sip:b@b.example{  }SIP/2.0\r\n" REST, NONE,
     0},
    {SIP_DEV_START_SPACING, "OPTIONS sip:b@b.example SIP/2.0{ }\r\n" REST, NONE,
     0},
    {SIP_DEV_START_SPACING, "OPTIONS sip:b{ }@b.example SIP/2.0\r\n" REST,
     SIP_DEV_URI, 0},
    {SIP_DEV_START_SPACING, "SIP/2.0{  }200 OK\r\n" ANSWER, NONE, 0},
    {SIP_DEV_START_SPACING, "SIP/2.0 200{}\r\n" ANSWER, NONE, 0},
    {SIP_DEV_METHOD, "{OPT\"IONS} sip:b@b.example SIP/2.0\r\n" REST,
     SIP_DEV_CSEQ_METHOD, 0},
    {SIP_DEV_VERSION, "OPTIONS sip:b@b.example {SIP/3.0}\r\n" REST, NONE, 0},
    {SIP_DEV_VERSION, "OPTIONS sip:b@b.example {sip/2.0}\r\n" REST, NONE, 0},
    {SIP_DEV_VERSION, "{SIP/2} 200 OK\r\n" ANSWER, NONE, 0},
    {SIP_DEV_STATUS_CODE, "SIP/2.0 {99} OK\r\n" ANSWER, NONE, 0},
    {SIP_DEV_STATUS_CODE, "SIP/2.0 {700} OK\r\n" ANSWER, NONE, 0},
    {SIP_DEV_STATUS_CODE, "SIP/2.0 {2OO} OK\r\n" ANSWER, NONE, 0},
    {SIP_DEV_BARE_LF, HEAD "Subject: x{\n}\r\n", NONE, 0},
    {SIP_DEV_BARE_LF, HEAD "{\n}", NONE, 0},
    {SIP_DEV_BARE_CR, HEAD "Subject: x{\r}y\r\n\r\n", NONE, 0},
    {SIP_DEV_CONTROL, HEAD "Subject: x{\x01}y\r\n\r\n", NONE, 0},
    {SIP_DEV_CONTROL, HEAD "Subject: 12345678{\x7f}y\r\n\r\n", NONE, 0},
    {SIP_DEV_NO_COLON, HEAD "{Subject}\r\n\r\n", NONE, 0},
    {SIP_DEV_HEADER_NAME, HEAD "{Sub ject}: x\r\n\r\n", NONE, 0},
    {SIP_DEV_HEADER_NAME, HEAD "{}: x\r\n\r\n", NONE, 0},
    {SIP_DEV_FOLD_FIRST, LINE "{ Subject: x}\r\n" REST, SIP_DEV_HEADER_NAME, 0},
    {SIP_DEV_NO_END, HEAD "{}", NONE, 0},
    {SIP_DEV_CONTENT_LENGTH, HEAD "Content-Length: {0x0}\r\n\r\n", NONE, 0},
    {SIP_DEV_CONTENT_LENGTH, HEAD "Content-Length: {-1}\r\n\r\n", NONE, 0},
    {SIP_DEV_CONTENT_LENGTHS, HEAD "Content-Length: 0\r\nl: {1}\r\n\r\n",
     SIP_DEV_REPEATED_HEADER, 0},
    {SIP_DEV_BODY_SHORT,
     HEAD "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nabc{}", NONE,
     0},
    {SIP_DEV_BODY_LONG,
     HEAD "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nab{c}", NONE,
     0},
    {SIP_DEV_MISSING_HEADER, LINE VIA HOPS FROM TO ID "\r\n{}", NONE, 0},
    {SIP_DEV_MISSING_HEADER, LINE VIA FROM TO ID CSEQ "\r\n{}", NONE, 0},
    {SIP_DEV_MISSING_HEADER, "SIP/2.0 420 Bad Extension\r\n" ANSWER "{}", NONE,
     0},
    {SIP_DEV_REPEATED_HEADER, HEAD "{t: <sip:b@b.example>\r\n}\r\n", NONE, 0},
    {SIP_DEV_EMPTY_VALUE, HEAD "Require:{}\r\n\r\n", NONE, 0},
    {SIP_DEV_EMPTY_ELEMENT, HEAD "Require: 100rel, {},timer\r\n\r\n", NONE, 0},
    {SIP_DEV_EMPTY_ELEMENT, HEAD "Require: 100rel,{}\r\n\r\n", NONE, 0},
    {SIP_DEV_UTF8, HEAD "Subject: a{\xc0}\xafz\r\n\r\n", NONE, 0},
    {SIP_DEV_UTF8, HEAD "X-Any: {\xed}\xa0\x80\r\n\r\n", NONE, 0},
    {SIP_DEV_QUOTE, HEAD "Reply-To: {\"Bob} <sip:b@b.example>\r\n\r\n", NONE,
     0},
    {SIP_DEV_QUOTE, HEAD "Reply-To: <sip:b@b.example>;x={\"y\\\"}\r\n\r\n",
     NONE, 0},
    {SIP_DEV_ANGLE, HEAD "Reply-To: {<sip:b@b.example}\r\n\r\n", NONE, 0},
    {SIP_DEV_ANGLE, HEAD "Reply-To: {<sip:b@b.example> x}\r\n\r\n",
     SIP_DEV_PARAM, 0},
    {SIP_DEV_ANGLE, HEAD "Route: {sip:b@b.example}\r\n\r\n", NONE, 0},
    {SIP_DEV_BARE_URI, HEAD "Reply-To: {sip:b@b.example?a=b}\r\n\r\n", NONE, 0},
    {SIP_DEV_DISPLAY_NAME, HEAD "Reply-To: {A (b)} <sip:b@b.example>\r\n\r\n",
     NONE, 0},
    {SIP_DEV_DISPLAY_NAME, HEAD "Reply-To: {\"A\" b} <sip:b@b.example>\r\n\r\n",
     NONE, 0},
    {SIP_DEV_URI, HEAD "Reply-To: <{bob}>\r\n\r\n", NONE, 0},
    {SIP_DEV_URI, HEAD "Reply-To: <sip:b@{b_example}>\r\n\r\n", NONE, 0},
    {SIP_DEV_URI, "OPTIONS {<sip:b@b.example>} SIP/2.0\r\n" REST, NONE, 0},
    {SIP_DEV_URI, HEAD "Reply-To: <sip:b@b.example;x{@}y>\r\n\r\n", NONE, 0},
    {SIP_DEV_ESCAPE, HEAD "Reply-To: <sip:b{%}4@b.example>\r\n\r\n", NONE, 0},
    {SIP_DEV_PARAM, HEAD "Reply-To: <sip:b@b.example>;{=x}\r\n\r\n", NONE, 0},
    {SIP_DEV_PARAM, HEAD "Reply-To: <sip:b@b.example>;x={}\r\n\r\n", NONE, 0},
    {SIP_DEV_PARAM, HEAD "Reply-To: <sip:b@b.example>;x={a/b}\r\n\r\n", NONE,
     0},
    {SIP_DEV_PARAM, HEAD "Warning: {399 a.example oops}\r\n\r\n", NONE, 0},
    {SIP_DEV_REPEATED_PARAM,
     HEAD "Reply-To: <sip:b@b.example>;x=1;{X=2}\r\n\r\n", NONE, 0},
    {SIP_DEV_NUMBER, HEAD "Expires: {soon}\r\n\r\n", NONE, 0},
    {SIP_DEV_NUMBER, HEAD "RSeq: {1x}\r\n\r\n", NONE, 0},
    {SIP_DEV_NUMBER, HEAD "Reason: SIP;cause={a}\r\n\r\n", NONE, 0},
    {SIP_DEV_RANGE, LINE VIA "Max-Forwards: {256}\r\n" FROM TO ID CSEQ "\r\n",
     NONE, 0},
    {SIP_DEV_RANGE,
     LINE VIA HOPS FROM TO ID "CSeq: {2147483648 OPTIONS}\r\n\r\n", NONE, 0},
    {SIP_DEV_RANGE, HEAD "RSeq: {0}\r\n\r\n", NONE, 0},
    {SIP_DEV_RANGE, HEAD "RAck: {0 1 INVITE}\r\n\r\n", NONE, 0},
    {SIP_DEV_TOKEN, HEAD "Require: {a b}\r\n\r\n", NONE, 0},
    {SIP_DEV_TOKEN, HEAD "Event: {a/b}\r\n\r\n", NONE, 0},
    {SIP_DEV_TOKEN, LINE VIA HOPS FROM TO "Call-ID: {a b}\r\n" CSEQ "\r\n",
     NONE, 0},
    {SIP_DEV_TOKEN, LINE VIA HOPS FROM TO "Call-ID: {x@}\r\n" CSEQ "\r\n", NONE,
     0},
    {SIP_DEV_VIA,
     LINE "Via: {SIP/2.0 a.example;branch=z9hG4bK1}\r\n" HOPS FROM TO ID CSEQ
          "\r\n",
     NONE, 0},
    {SIP_DEV_VIA,
     LINE
     "Via: {SIP/2.0/TCP a.example:x;branch=z9hG4bK1}\r\n" HOPS FROM TO ID CSEQ
     "\r\n",
     NONE, 0},
    {SIP_DEV_BRANCH,
     LINE "Via: SIP/2.0/TCP a.example;branch={1}\r\n" HOPS FROM TO ID CSEQ
          "\r\n",
     NONE, 0},
    {SIP_DEV_BRANCH,
     LINE "Via: {SIP/2.0/TCP a.example}\r\n" HOPS FROM TO ID CSEQ "\r\n", NONE,
     0},
    {SIP_DEV_CSEQ_METHOD, LINE VIA HOPS FROM TO ID "CSeq: 1 {options}\r\n\r\n",
     NONE, 0},
    {SIP_DEV_TAG,
     LINE VIA HOPS "From: {<sip:a@a.example>}\r\n" TO ID CSEQ "\r\n", NONE, 0},
    {SIP_DEV_TAG,
     "SIP/2.0 200 OK\r\n" VIA FROM "To: {<sip:b@b.example>}\r\n" ID CSEQ "\r\n",
     NONE, 0},
    {SIP_DEV_DATE, HEAD "Date: {2 Mar 2026 09:16:02 GMT}\r\n\r\n", NONE, 0},
    {SIP_DEV_DATE, HEAD "Date: {Mon, 02 Mar 2026 09:16:02 UTC}\r\n\r\n", NONE,
     0},
    {SIP_DEV_DATE, HEAD "Date: {Mon, 02 Mai 2026 09:16:02 GMT}\r\n\r\n", NONE,
     0},
    {SIP_DEV_MEDIA_TYPE, HEAD "Content-Type: {sdp}\r\n\r\n", NONE, 0},
    {SIP_DEV_NO_CONTENT_TYPE, HEAD "Content-Length: 3\r\n\r\n{abc}", NONE, 0},
    {SIP_DEV_NO_LENGTH, HEAD "\r\n{}", NONE, SIP_CHECK_STREAM},
    {SIP_DEV_AUTH, HEAD "Authorization: {Digest}\r\n\r\n", NONE, 0},
    {SIP_DEV_AUTH, HEAD "Authorization: Digest a=\"b\", {c}\r\n\r\n", NONE, 0},
    {SIP_DEV_HISTORY_INDEX, HEAD "History-Info: {<sip:b@b.example>}\r\n\r\n",
     NONE, 0},
    {SIP_DEV_HISTORY_INDEX,
     HEAD "History-Info: <sip:b@b.example>;index={1..2}\r\n\r\n", NONE, 0},
    {SIP_DEV_MULTIPART,
     HEAD "Content-Type: {multipart/mixed}\r\nContent-Length: 1\r\n\r\nx", NONE,
     0},
    {SIP_DEV_MULTIPART,
     HEAD "Content-Type: multipart/mixed;boundary=b\r\nContent-Length: 5\r\n"
          "\r\n{--c\r\n}",
     NONE, 0},
    {SIP_DEV_MULTIPART,
     HEAD "Content-Type: multipart/mixed;boundary=b\r\nContent-Length: 8\r\n"
          "\r\n--b\r\n\r\nx{}",
     NONE, 0},
};

/* strip takes the marks out; they stand in no message of the table otherwise.
 */
static size_t strip(char *out, const char *text, size_t *off, size_t *len)
{
    size_t n = 0;
    *off = 0;
    *len = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '{') {
            *off = n;
        } else if (*p == '}') {
            *len = n - *off;
        } else {
            out[n++] = *p;
        }
    }
    return n;
}

static void each_deviation_is_noted_at_its_place(void)
{
    static struct sip_msg m;
    char text[1024];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t off;
        size_t len;
        size_t n = strip(text, rows[i].text, &off, &len);
        struct block b = block_of(text, n);
        sip_parse(&m, b.data, b.len);
        sip_check(&m, rows[i].flags);
        int found = 0;
        int others = 0;
        for (size_t k = 0; k < m.num_devs; k++) {
            const struct sip_deviation *d = &m.devs[k];
            if (d->kind == rows[i].kind && d->off == off && d->len == len) {
                found++;
            } else if (d->kind != rows[i].also) {
                others++;
                printf("  row %zu also %s at %u+%u\n", i, sip_dev_name(d->kind),
                       d->off, d->len);
            }
        }
        if (found != 1) {
            printf("  row %zu: %s at %zu+%zu seen %d times\n", i,
                   sip_dev_name(rows[i].kind), off, len, found);
        }
        CU_ASSERT(found == 1);
        CU_ASSERT(others == 0);
        block_free(&b);
    }
}

static void the_table_has_every_deviation(void)
{
    int seen[SIP_DEV_COUNT] = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        seen[rows[i].kind] = 1;
    }
    seen[SIP_DEV_TOO_MANY_HEADERS] = 1; /* the next case */
    for (int k = 0; k < SIP_DEV_COUNT; k++) {
        if (!seen[k]) {
            printf("  not in the table: %s\n", sip_dev_name((enum sip_dev)k));
        }
        CU_ASSERT(seen[k]);
    }
}

static void header_lines_beyond_the_table_are_noted_once(void)
{
    struct wr w;
    static struct sip_msg m;
    wr_init(&w);
    wr_str(&w, LINE);
    for (int i = 0; i < SIP_MAX_HEADERS + 5; i++) {
        wr_printf(&w, "X-%03d: %d\r\n", i, i);
    }
    wr_str(&w, "\r\nbody");
    sip_parse(&m, w.data, w.len);
    CU_ASSERT(m.num_headers == SIP_MAX_HEADERS);
    CU_ASSERT(m.num_devs == 1);
    CU_ASSERT(m.devs[0].kind == SIP_DEV_TOO_MANY_HEADERS);
    CU_ASSERT(m.devs[0].off == strlen(LINE) + SIP_MAX_HEADERS * 11 -
                                   10 /* one digit less */);
    SAYS(m.body, "body");
    wr_cleanup(&w);
}

static void deviations_beyond_the_table_are_counted(void)
{
    struct wr w;
    static struct sip_msg m;
    wr_init(&w);
    wr_str(&w, LINE "Subject: ");
    wr_fill(&w, 1, SIP_MAX_DEVS + 7);
    wr_str(&w, "\r\n\r\n");
    sip_parse(&m, w.data, w.len);
    CU_ASSERT(m.num_devs == SIP_MAX_DEVS);
    CU_ASSERT(m.lost_devs == 7);
    wr_cleanup(&w);
}

static void requests_inside_a_dialog_need_a_to_tag(void)
{
    static const char *const methods[] = {"BYE",    "ACK",  "PRACK",
                                          "NOTIFY", "INFO", "UPDATE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct wr w;
        wr_init(&w);
        wr_printf(&w, "%s sip:b@b.example SIP/2.0\r\n" VIA HOPS FROM TO ID,
                  methods[i]);
        wr_printf(&w, "CSeq: 1 %s\r\n\r\n", methods[i]);
        wr_u8(&w, 0);
        struct sip_msg *m = parse_text((const char *)w.data, 0);
        int found = 0;
        for (size_t k = 0; k < m->num_devs; k++) {
            found +=
                m->devs[k].kind == SIP_DEV_TAG && m->devs[k].hdr == SIP_HDR_TO;
        }
        CU_ASSERT(found == 1);
        wr_cleanup(&w);
    }
}

static void missing_headers_are_named(void)
{
    struct sip_msg *m = parse_text("NOTIFY sip:b@b.example SIP/2.0\r\n\r\n", 0);
    static const enum sip_hdr want[] = {
        SIP_HDR_VIA,     SIP_HDR_MAX_FORWARDS,
        SIP_HDR_FROM,    SIP_HDR_TO,
        SIP_HDR_CALL_ID, SIP_HDR_CSEQ,
        SIP_HDR_CONTACT, SIP_HDR_SUBSCRIPTION_STATE,
        SIP_HDR_EVENT};
    CU_ASSERT(m->num_devs == sizeof want / sizeof *want);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        int found = 0;
        for (size_t k = 0; k < m->num_devs; k++) {
            found += m->devs[k].kind == SIP_DEV_MISSING_HEADER &&
                     m->devs[k].hdr == want[i];
        }
        CU_ASSERT(found == 1);
    }
}

/* Sound, though unusual: RFC 3261, 7.3.1; RFC 4475, 3.1.1.1 shows most. */
static void odd_but_sound_forms_have_no_deviation(void)
{
    static const char *const sound[] = {
        HEAD "Subject:\r\n\r\n",
        HEAD "Subject  \t :  x\r\n\r\n",
        HEAD "Subject: x\r\n\ty\r\n  z\r\n\r\n",
        HEAD "SUPPORTED:\r\nk: 100rel\r\n\r\n",
        HEAD "Unknown: \xc3\xa4 \xf0\x9f\x98\x80\r\n\r\n",
        HEAD "Contact: \"A, \\\"B\\\" <C>\" <sip:c@c.example;a=b?d=e>;q=0.7,"
             " sip:d@d.example;expires=60\r\n\r\n",
        HEAD "Reply-To: Bob van.der ~Berg <sip:b@[2001:db8::1]:5060>\r\n\r\n",
        HEAD "Expires: 3600 (an hour);x\r\n\r\n",
        HEAD "Accept-Contact: *;+g.3gpp.icsi-ref=\"urn%3Aa\";require\r\n\r\n",
        HEAD "Retry-After: 18000;duration=3600\r\n\r\n",
        LINE "v :  SIP  / 2.0\r\n / UDP   a.example : 5060 ;\r\n "
             "branch = z9hG4bK1;received=2001:db8::9\r\n" HOPS FROM TO ID CSEQ
             "\r\n",
        "SIP/2.0 200 \r\n" ANSWER,
        "SIP/2.0 100 Trying\r\n" VIA FROM TO ID CSEQ "\r\n",
        "OPTIONS tel:+1-212-555;phone-context=x SIP/2.0\r\n" REST,
    };
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
        struct sip_msg *m = parse_text(sound[i], 0);
        for (size_t k = 0; k < m->num_devs; k++) {
            printf("  row %zu: %s at %u+%u\n", i, sip_dev_name(m->devs[k].kind),
                   m->devs[k].off, m->devs[k].len);
        }
        CU_ASSERT(m->num_devs == 0);
    }
}

static const struct unit_case cases[] = {
    {"each_deviation_is_noted_at_its_place",
     each_deviation_is_noted_at_its_place},
    {"the_table_has_every_deviation", the_table_has_every_deviation},
    {"header_lines_beyond_the_table_are_noted_once",
     header_lines_beyond_the_table_are_noted_once},
    {"deviations_beyond_the_table_are_counted",
     deviations_beyond_the_table_are_counted},
    {"requests_inside_a_dialog_need_a_to_tag",
     requests_inside_a_dialog_need_a_to_tag},
    {"missing_headers_are_named", missing_headers_are_named},
    {"odd_but_sound_forms_have_no_deviation",
     odd_but_sound_forms_have_no_deviation},
    {NULL, NULL}};
const struct unit_suite sip_devs_suite = {"sip_devs", cases};
