/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The example messages of the deferred delivery digest, 2.5: what they say,
 * that nothing is wrong with them, and what becomes of them when they are cut
 * short. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

/* Taken from the text of the examples, not from the parser. */
static const struct {
    const char *file;
    int status; /* 0: request */
    const char *method;
    const char *line; /* Request-URI or reason */
    size_t headers;   /* lines */
    size_t vias;      /* values */
    const char *branch;
    const char *from_tag;
    const char *to_tag;
    const char *call_id;
    uint32_t cseq;
    size_t body;
} rows[] = {
    {"s01_invite.sip", 0, "INVITE", "sip:bob@home-b.example", 20, 1,
     "z9hG4bK-a-0001", "a-77f1", "", "dd-5f0c2b71@192.0.2.11", 1, 374},
    {"s05_cancel.sip", 0, "CANCEL", "sip:bob@203.0.113.20:5060;transport=tcp",
     8, 1, "z9hG4bK-as-b-01", "a-77f1", "", "dd-5f0c2b71@192.0.2.11", 1, 0},
    {"s05_487.sip", 487, "INVITE", "Request Terminated", 6, 1,
     "z9hG4bK-as-b-01", "a-77f1", "b-310", "dd-5f0c2b71@192.0.2.11", 1, 0},
    {"s06_181.sip", 181, "INVITE", "Call Is Being Forwarded", 8, 1,
     "z9hG4bK-a-0001", "a-77f1", "as-9c2", "dd-5f0c2b71@192.0.2.11", 1, 0},
    {"s07_invite.sip", 0, "INVITE",
     "sip:vm@vm.home-b.example;target=sip:bob%40home-b.example;cause=408", 17,
     3, "z9hG4bK-as-m-02", "a-77f1", "", "dd-5f0c2b71@192.0.2.11", 1, 374},
    {"s08_183.sip", 183, "INVITE", "Session Progress", 16, 3, "z9hG4bK-as-m-02",
     "a-77f1", "m-4e19", "dd-5f0c2b71@192.0.2.11", 1, 347},
    {"s09_prack.sip", 0, "PRACK", "sip:mbx-41@vm.home-b.example;transport=tcp",
     9, 1, "z9hG4bK-a-0002", "a-77f1", "m-4e19", "dd-5f0c2b71@192.0.2.11", 2,
     0},
    {"s10_update.sip", 0, "UPDATE",
     "sip:mbx-41@vm.home-b.example;transport=tcp", 10, 1, "z9hG4bK-a-0003",
     "a-77f1", "m-4e19", "dd-5f0c2b71@192.0.2.11", 3, 383},
    {"s11_200.sip", 200, "UPDATE", "OK", 8, 1, "z9hG4bK-a-0003", "a-77f1",
     "m-4e19", "dd-5f0c2b71@192.0.2.11", 3, 375},
    {"s12_200.sip", 200, "INVITE", "OK", 11, 3, "z9hG4bK-as-m-02", "a-77f1",
     "m-4e19", "dd-5f0c2b71@192.0.2.11", 1, 0},
    {"s12_ack.sip", 0, "ACK", "sip:mbx-41@vm.home-b.example;transport=tcp", 8,
     1, "z9hG4bK-a-0004", "a-77f1", "m-4e19", "dd-5f0c2b71@192.0.2.11", 1, 0},
    {"s15_bye.sip", 0, "BYE", "sip:mbx-41@vm.home-b.example;transport=tcp", 8,
     1, "z9hG4bK-a-0005", "a-77f1", "m-4e19", "dd-5f0c2b71@192.0.2.11", 4, 0},
    {"s20_subscribe.sip", 0, "SUBSCRIBE", "sip:bob-mbx@vm.home-b.example", 13,
     1, "z9hG4bK-b-0101", "b-sub1", "", "mwi-66ab@203.0.113.20", 1, 0},
    {"s21_notify.sip", 0, "NOTIFY", "sip:bob@203.0.113.20:5060;transport=tcp",
     11, 1, "z9hG4bK-m-0201", "m-sub1", "b-sub1", "mwi-66ab@203.0.113.20", 1,
     70},
    {"s22_notify.sip", 0, "NOTIFY", "sip:bob@203.0.113.20:5060;transport=tcp",
     11, 1, "z9hG4bK-m-0202", "m-sub1", "b-sub1", "mwi-66ab@203.0.113.20", 2,
     273},
    {"s30_invite.sip", 0, "INVITE", "sip:bob-mbx@vm.home-b.example", 14, 1,
     "z9hG4bK-b-0301", "b-ret1", "", "ret-1f07@203.0.113.20", 1, 356},
    {"s34_200.sip", 200, "INVITE", "OK", 10, 1, "z9hG4bK-b-0301", "b-ret1",
     "m-ret9", "ret-1f07@203.0.113.20", 1, 728},
    {"e1_488.sip", 488, "UPDATE", "Not Acceptable Here", 7, 1, "z9hG4bK-a-0003",
     "a-77f1", "m-4e19", "dd-5f0c2b71@192.0.2.11", 3, 0},
    {"v1_302.sip", 302, "INVITE", "Moved Temporarily", 7, 1, "z9hG4bK-a-0001",
     "a-77f1", "as-9c2", "dd-5f0c2b71@192.0.2.11", 1, 0},
};

static size_t count_values(const struct sip_msg *m, enum sip_hdr id)
{
    size_t n = 0;
    while (sip_value(m, id, n).data != NULL) {
        n++;
    }
    return n;
}

static void examples_say_what_they_say(void)
{
    static struct sip_msg m;
    struct sip_via via;
    struct sip_addr a;
    struct sip_cseq q;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct block b = block_load(rows[i].file);
        sip_parse(&m, b.data, b.len);
        CU_ASSERT(m.is_response == (rows[i].status != 0));
        CU_ASSERT(m.status == rows[i].status);
        SAYS(m.method, rows[i].method);
        SAYS(rows[i].status != 0 ? m.reason : m.uri, rows[i].line);
        SAYS(m.version, "SIP/2.0");
        CU_ASSERT(m.num_headers == rows[i].headers);
        CU_ASSERT(count_values(&m, SIP_HDR_VIA) == rows[i].vias);
        CU_ASSERT(sip_via(sip_value(&m, SIP_HDR_VIA, 0), &via) == STATUS_OK);
        SAYS(via.branch, rows[i].branch);
        SAYS(via.transport, "TCP");
        CU_ASSERT(sip_addr(sip_value(&m, SIP_HDR_FROM, 0), &a) == STATUS_OK);
        SAYS(a.tag, rows[i].from_tag);
        CU_ASSERT(sip_addr(sip_value(&m, SIP_HDR_TO, 0), &a) == STATUS_OK);
        SAYS(a.tag, rows[i].to_tag);
        SAYS(sip_value(&m, SIP_HDR_CALL_ID, 0), rows[i].call_id);
        CU_ASSERT(sip_cseq(sip_value(&m, SIP_HDR_CSEQ, 0), &q) == STATUS_OK);
        CU_ASSERT(q.num == rows[i].cseq);
        CU_ASSERT(m.body.len == rows[i].body);
        CU_ASSERT(m.content_length == (long)rows[i].body);
        CU_ASSERT(m.body_off + m.body.len == b.len);
        block_free(&b);
    }
}

static void examples_have_no_deviation(void)
{
    static struct sip_msg m;
    static struct sdp sdp;
    struct sip_part p;
    for (size_t i = 0; examples[i] != NULL; i++) {
        struct block b = block_load(examples[i]);
        sip_parse(&m, b.data, b.len);
        sip_check(&m, SIP_CHECK_STREAM);
        for (size_t k = 0; k < m.num_devs; k++) {
            printf("  %s: %s at %u\n", examples[i],
                   sip_dev_name(m.devs[k].kind), m.devs[k].off);
        }
        CU_ASSERT(m.num_devs == 0);
        if (sip_body_find(&m, "application/sdp", &p, NULL)) {
            sdp_parse(&sdp, p.body);
            CU_ASSERT(sdp.num_devs == 0);
            CU_ASSERT(sdp.num_media == 1);
        }
        block_free(&b);
    }
}

/* Offsets: every header lies where it says, and together they make the head. */
static void header_ranges_cover_the_head(void)
{
    static struct sip_msg m;
    for (size_t i = 0; examples[i] != NULL; i++) {
        struct block b = block_load(examples[i]);
        sip_parse(&m, b.data, b.len);
        uint32_t at = m.head_off;
        for (size_t k = 0; k < m.num_headers; k++) {
            const struct sip_header *h = &m.headers[k];
            CU_ASSERT(h->off == at);
            CU_ASSERT(sip_off(&m, h->name) == h->off);
            CU_ASSERT(sip_off(&m, h->value) > h->off);
            CU_ASSERT(sip_off(&m, h->value) + h->value.len + 2 ==
                      h->off + h->len);
            at += h->len;
        }
        CU_ASSERT(at + 2 == m.body_off);
        block_free(&b);
    }
}

static int has_dev(const struct sip_msg *m, enum sip_dev kind)
{
    for (size_t i = 0; i < m->num_devs; i++) {
        if (m->devs[i].kind == kind) {
            return 1;
        }
    }
    return 0;
}

static void walk_everything(struct sip_msg *m)
{
    struct sip_part p;
    struct wr w;
    for (size_t i = 0; i < m->num_headers; i++) {
        struct sip_iter it = {.msg = m, .id = m->headers[i].id};
        struct view v;
        while (sip_next(&it, &v)) {
            struct sip_addr a;
            sip_addr(v, &a);
        }
    }
    for (size_t i = 0; sip_body_part(m, i, &p); i++) {
        wr_init(&w);
        sip_part_decode(&p, &w);
        wr_cleanup(&w);
    }
}

static void shorter_messages_are_reported_as_cut(void)
{
    static struct sip_msg m;
    for (size_t i = 0; examples[i] != NULL; i++) {
        struct block whole = block_load(examples[i]);
        for (size_t n = 0; n < whole.len; n++) {
            struct block b = block_of(whole.data, n);
            size_t total = 0;
            sip_parse(&m, b.data, b.len);
            sip_check(&m, SIP_CHECK_STREAM);
            walk_everything(&m);
            CU_ASSERT(has_dev(&m, n == 0 ? SIP_DEV_EMPTY : SIP_DEV_NO_END) ||
                      has_dev(&m, SIP_DEV_BODY_SHORT));
            CU_ASSERT(sip_frame(b.data, b.len, &total) == STATUS_TRUNCATED);
            CU_ASSERT(total == 0 || total == whole.len);
            block_free(&b);
        }
        size_t total = 0;
        CU_ASSERT(sip_frame(whole.data, whole.len, &total) == STATUS_OK);
        CU_ASSERT(total == whole.len);
        block_free(&whole);
    }
}

/* Any octet may become any other: nothing breaks, all ranges stay inside. */
static void damaged_messages_stay_inside_their_octets(void)
{
    static struct sip_msg m;
    static const uint8_t odd[] = {0,   '\n', '\r', ' ',  '"', '<',
                                  '>', ',',  ';',  ':',  '%', '=',
                                  '?', '@',  0x7f, 0xc3, 0xff};
    struct block b = block_load("s34_200.sip");
    for (size_t i = 0; i < b.len; i++) {
        uint8_t was = b.data[i];
        for (size_t k = 0; k < sizeof odd; k++) {
            b.data[i] = odd[k];
            sip_parse(&m, b.data, b.len);
            sip_check(&m, 0);
            walk_everything(&m);
            for (size_t d = 0; d < m.num_devs; d++) {
                CU_ASSERT((size_t)m.devs[d].off + m.devs[d].len <= b.len);
            }
        }
        b.data[i] = was;
    }
    block_free(&b);
}

static void the_sample_is_sound_and_of_the_size_promised(void)
{
    static struct sip_msg m;
    static struct sdp sdp;
    struct view s = sip_sample();
    sip_parse(&m, s.data, s.len);
    sip_check(&m, SIP_CHECK_STREAM);
    sdp_parse(&sdp, m.body);
    CU_ASSERT(m.num_devs == 0 && sdp.num_devs == 0);
    CU_ASSERT(s.len >= 1000 && s.len <= 1200);
    CU_ASSERT(sdp_num_key_mgmt(&sdp, SDP_SESSION) == 1);
}

static void voicemail_uri_and_history_of_s7(void)
{
    static struct sip_msg m;
    struct block b = block_load("s07_invite.sip");
    sip_parse(&m, b.data, b.len);
    struct sip_uri u;
    char *target;
    int cause;
    CU_ASSERT(sip_uri(m.uri, &u) == STATUS_OK);
    CU_ASSERT(sip_voicemail(&u, &target, &cause));
    CU_ASSERT_STRING_EQUAL(target, "sip:bob@home-b.example");
    CU_ASSERT(cause == 408);
    mem_free(target);
    struct sip_history_node n[4];
    CU_ASSERT_FATAL(sip_history_tree(&m, n, 4) == 3);
    CU_ASSERT(n[0].parent == -1 && n[1].parent == 0 && n[2].parent == 0);
    CU_ASSERT(n[0].entry.cause == 0 && n[1].entry.cause == 408 &&
              n[2].entry.cause == 408);
    SAYS(n[1].entry.rc, "1");
    SAYS(n[2].entry.mp, "1");
    SAYS(n[1].entry.reason, "SIP%3Bcause%3D408");
    for (int i = 0; i < 3; i++) {
        CU_ASSERT(!n[i].gap && !n[i].repeated && !n[i].bad_pointer);
    }
    block_free(&b);
}

static const struct unit_case cases[] = {
    {"examples_say_what_they_say", examples_say_what_they_say},
    {"examples_have_no_deviation", examples_have_no_deviation},
    {"header_ranges_cover_the_head", header_ranges_cover_the_head},
    {"shorter_messages_are_reported_as_cut",
     shorter_messages_are_reported_as_cut},
    {"damaged_messages_stay_inside_their_octets",
     damaged_messages_stay_inside_their_octets},
    {"the_sample_is_sound_and_of_the_size_promised",
     the_sample_is_sound_and_of_the_size_promised},
    {"voicemail_uri_and_history_of_s7", voicemail_uri_and_history_of_s7},
    {NULL, NULL}};
const struct unit_suite sip_examples_suite = {"sip_examples", cases};
