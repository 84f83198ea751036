/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* MIKEY in SIP messages (RFC 4567, 3.1; application/mikey) and outside; RTP
 * addresses named in SDP. */
#include "tests/unit/capture/capture_tests.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <string.h>

#define SDP_HEAD                                                               \
    "v=0\r\no=a 1 1 IN IP4 192.0.2.11\r\ns=-\r\nc=IN IP4 192.0.2.11\r\n"       \
    "t=0 0\r\n"

static struct trace *load(struct made *m)
{
    struct trace *t = made_load(m, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    made_done(m);
    return t;
}

/* One message in one datagram; cut: octets that the capture lacks. */
static struct trace *datagram(const char *head, const char *body, size_t cut)
{
    struct made m;
    struct wr w;
    wr_init(&w);
    wr_printf(&w, "MESSAGE sip:b SIP/2.0\r\nContent-Length: %zu\r\n%s\r\n",
              strlen(body), head);
    wr_str(&w, body);
    made_init(&m, 101);
    m.cut_to = cut != 0 ? (int)(28 + w.len - cut) : 0;
    made_udp(&m, HOST_A, HOST_B, w.data, w.len);
    wr_cleanup(&w);
    return load(&m);
}

#define SDP_TYPE "Content-Type: application/sdp\r\n"

static void attributes_of_both_levels_are_found(void)
{
    struct wr w;
    wr_init(&w);
    wr_printf(&w,
              SDP_HEAD "a=key-mgmt:mikey %s\r\na=key-mgmt:other AQID\r\n"
                       "a=key-mgmt: mikey %s\r\nm=audio 4000 RTP/SAVP 97\r\n"
                       "m=video 0 RTP/SAVP 98\r\na=key-mgmt:mikey %s\r\n",
              i1_base64, i1_base64, i1_base64);
    wr_u8(&w, 0);
    struct trace *t = datagram(SDP_TYPE, (const char *)w.data, 0);
    wr_cleanup(&w);
    CU_ASSERT_FATAL(t->num_sip == 1 && t->num_mikey == 3);
    static const struct {
        enum trace_carrier carrier;
        uint32_t media, nth;
        uint8_t spaced;
    } want[] = {{TRACE_CARRIER_SDP_SESSION, 0, 0, 0},
                {TRACE_CARRIER_SDP_SESSION, 0, 2, 1},
                {TRACE_CARRIER_SDP_MEDIA, 1, 0, 0}};
    for (size_t i = 0; i < 3; i++) {
        const struct trace_mikey *k = &t->mikey[i];
        CU_ASSERT(k->carrier == want[i].carrier && k->media == want[i].media);
        CU_ASSERT(k->nth == want[i].nth && k->spaced == want[i].spaced);
        CU_ASSERT(k->sip == 0 && k->part == 0 && k->frame == 1 &&
                  k->last_frame == 1);
        CU_ASSERT(made_is(k->text, i1_base64));
        CU_ASSERT(k->text_status == STATUS_OK);
        CU_ASSERT(k->text.data == t->sip[0].octets.data + k->text_off);
        CU_ASSERT(k->octets.len == strlen(i1_base64) / 4 * 3);
        CU_ASSERT_FATAL(k->msg != NULL);
        CU_ASSERT(k->err.status == STATUS_OK &&
                  k->msg->hdr.data_type == MIKEY_DT_I_MESSAGE_1);
        CU_ASSERT(k->src.port == 5060 && k->time_us == t->sip[0].time_us);
    }
    trace_free(t);
}

static void what_does_not_decode_is_told(void)
{
    static const struct {
        const char *value;
        enum status text_status;
        uint32_t bad;
        size_t octets;
        int decodes;
    } rows[] = {
        {"mikey AQID*AAA", STATUS_SYNTAX, 4, 0, 0},
        {"mikey AQIDA", STATUS_SYNTAX, 5, 0, 0},
        {"mikey AQI=", STATUS_OK, 0, 2, 0},
        {"mikey AQJ=", STATUS_SYNTAX, 2, 0, 0}, /* pad bits */
        {"mikey", STATUS_OK, 0, 0, 0},
        {"mikey ", STATUS_OK, 0, 0, 0},
        {"mikey  AAAA", STATUS_OK, 0, 3, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[256];
        snprintf(body, sizeof body, SDP_HEAD "a=key-mgmt:%s\r\n",
                 rows[i].value);
        struct trace *t = datagram(SDP_TYPE, body, 0);
        CU_ASSERT_FATAL(t->num_mikey == 1);
        const struct trace_mikey *k = &t->mikey[0];
        CU_ASSERT(k->text_status == rows[i].text_status);
        CU_ASSERT(k->text_bad == rows[i].bad);
        CU_ASSERT(k->octets.len == rows[i].octets);
        CU_ASSERT((k->msg != NULL) == (rows[i].octets != 0));
        CU_ASSERT(k->err.status != STATUS_OK);
        trace_free(t);
    }
}

static void other_protocols_are_none_of_ours(void)
{
    struct trace *t =
        datagram(SDP_TYPE,
                 SDP_HEAD "a=key-mgmt:MIKEY AQID\r\na=key-mgmt:keyp1 AQID\r\n"
                          "a=keymgmt:mikey AQID\r\na=x-key-mgmt:mikey AQID\r\n",
                 0);
    CU_ASSERT(t->num_sip == 1 && t->num_mikey == 0);
    trace_free(t);
    t = datagram("Content-Type: text/plain\r\n",
                 SDP_HEAD "a=key-mgmt:mikey AQID\r\n", 0);
    CU_ASSERT(t->num_sip == 1 && t->num_mikey == 0);
    trace_free(t);
}

static void body_parts_are_found(void)
{
    struct wr w;
    struct trace *t;
    wr_init(&w);
    wr_printf(&w,
              "--b1\r\nContent-Type: application/sdp\r\n\r\n" SDP_HEAD
              "a=key-mgmt:mikey %s\r\n\r\n"
              "--b1\r\nContent-Type: Application/MIKEY\r\n"
              "Content-Transfer-Encoding: base64\r\n\r\n"
              "%.40s\r\n  %s\r\n\r\n"
              "--b1\r\nContent-Type: message/sipfrag\r\n\r\nFrom: x\r\n"
              "--b1\r\nContent-Type: application/mikey\r\n\r\nbinary\r\n"
              "--b1--\r\n",
              i1_base64, i1_base64, i1_base64 + 40);
    wr_u8(&w, 0);
    t = datagram("Content-Type: multipart/mixed;boundary=b1\r\n",
                 (const char *)w.data, 0);
    wr_cleanup(&w);
    CU_ASSERT_FATAL(t->num_mikey == 3);
    CU_ASSERT(t->mikey[0].carrier == TRACE_CARRIER_SDP_SESSION &&
              t->mikey[0].part == 0);
    const struct trace_mikey *k = &t->mikey[1];
    CU_ASSERT(k->carrier == TRACE_CARRIER_BODY && k->part == 1);
    CU_ASSERT(k->text_status == STATUS_OK && k->err.status == STATUS_OK);
    CU_ASSERT(k->octets.len == t->mikey[0].octets.len &&
              memcmp(k->octets.data, t->mikey[0].octets.data, k->octets.len) ==
                  0);
    /* the text as it stands, line break and all */
    CU_ASSERT(k->text.len == strlen(i1_base64) + 4);
    CU_ASSERT(memcmp(k->text.data, i1_base64, 40) == 0);
    k = &t->mikey[2];
    CU_ASSERT(k->part == 3 && k->text.len == 0);
    CU_ASSERT(made_is(k->octets, "binary") && k->err.status != STATUS_OK);
    CU_ASSERT(memcmp(t->sip[0].octets.data + k->text_off, "binary", 6) == 0);
    trace_free(t);
}

#define MIKEY_TYPE "Content-Type: application/mikey\r\n"

static void transfer_encodings_are_undone(void)
{
    static const struct {
        const char *encoding;
        const char *body;
        enum status status;
        uint32_t bad;
        const char *octets;
    } rows[] = {
        {"base64", "YWJj\r\n", STATUS_OK, 0, "abc"},
        {"BASE64", "\r\nYW\r\n\tJ j", STATUS_OK, 0, "abc"},
        {"base64", "YW\r\nJ*", STATUS_SYNTAX, 5, ""},
        {"base64", "YW\r\nJ", STATUS_SYNTAX, 5, ""},
        {"quoted-printable", "a=62c", STATUS_OK, 0, "abc"},
        {"quoted-printable", "a=6", STATUS_SYNTAX, 0, ""},
        {"binary", "abc", STATUS_OK, 0, "abc"},
        {"8bit", "abc", STATUS_OK, 0, "abc"},
        {"gzip", "abc", STATUS_UNSUPPORTED, 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char head[128];
        snprintf(head, sizeof head,
                 MIKEY_TYPE "Content-Transfer-Encoding: %s\r\n",
                 rows[i].encoding);
        struct trace *t = datagram(head, rows[i].body, 0);
        CU_ASSERT_FATAL(t->num_mikey == 1);
        const struct trace_mikey *k = &t->mikey[0];
        int good = k->text_status == rows[i].status &&
                   k->text_bad == rows[i].bad &&
                   made_is(k->octets, rows[i].octets) &&
                   k->carrier == TRACE_CARRIER_BODY;
        if (!good) {
            printf("  row %zu: %s at %u\n", i, status_name(k->text_status),
                   k->text_bad);
        }
        CU_ASSERT(good);
        trace_free(t);
    }
}

/* What the capture cut off is no fault of the sender. */
static void what_was_cut_is_not_told(void)
{
    struct wr w;
    wr_init(&w);
    wr_printf(&w, SDP_HEAD "a=key-mgmt:mikey %s", i1_base64);
    size_t without = w.len;
    wr_str(&w, "\r\nm=audio 4000 RTP/SAVP 97\r\n");
    size_t len = w.len;
    wr_u8(&w, 0);
    for (size_t cut = 1; cut < len; cut++) {
        struct trace *t = datagram(SDP_TYPE, (const char *)w.data, cut);
        CU_ASSERT(t->num_sip == 1 && t->sip[0].cut);
        /* whole only if its line end has begun */
        CU_ASSERT(t->num_mikey == (len - cut > without));
        for (size_t i = 0; i < t->num_mikey; i++) {
            CU_ASSERT(t->mikey[i].err.status == STATUS_OK);
        }
        trace_free(t);
    }
    wr_cleanup(&w);
    struct trace *t = datagram(MIKEY_TYPE, "abcdef", 3);
    CU_ASSERT(t->num_sip == 1 && t->num_mikey == 0);
    trace_free(t);
}

static void bare_datagrams_are_found(void)
{
    struct made m;
    uint8_t octets[256];
    size_t len = 0;
    struct trace_config kms = {.kms_ports = {5060}};
    base64_decode(octets, &len, i1_base64, strlen(i1_base64));
    made_init(&m, 1);
    made_udp(&m, "192.0.2.1:9", "192.0.2.2:99", octets, len);
    made_udp(&m, HOST_A, HOST_B, "x", 1);
    struct trace *t = made_load(&m, &kms, NULL);
    CU_ASSERT_FATAL(t != NULL && t->num_mikey == 2);
    CU_ASSERT(t->mikey[0].carrier == TRACE_CARRIER_UDP &&
              t->mikey[0].sip == -1 && t->mikey[0].err.status == STATUS_OK);
    CU_ASSERT(t->mikey[0].text.len == 0 && t->mikey[0].octets.len == len);
    CU_ASSERT(t->mikey[1].err.status != STATUS_OK);
    CU_ASSERT(t->packets[0].kind == TRACE_MIKEY);
    trace_free(t);
    made_done(&m);
}

static void endless_multiparts_are_bounded(void)
{
    struct wr w;
    wr_init(&w);
    for (int i = 0; i < 40; i++) {
        wr_str(&w, "--b\r\nContent-Type: application/mikey\r\n\r\nx\r\n");
    }
    wr_str(&w, "--b--\r\n");
    wr_u8(&w, 0);
    struct trace *t = datagram("Content-Type: multipart/mixed;boundary=b\r\n",
                               (const char *)w.data, 0);
    CU_ASSERT(t->num_mikey == 32 && made_losses(t, TRACE_LOSS_MEMORY) == 1);
    trace_free(t);
    wr_cleanup(&w);
}

static void rtp_is_known_by_the_addresses_in_sdp(void)
{
    static const uint8_t rtp[] = {0x80, 97, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 'v'};
    static const uint8_t rtcp[] = {0x80, 200, 0, 1, 1, 2, 3, 4};
    static const uint8_t odd_pt[] = {0x80, 50, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4};
    struct made m;
    struct wr w;
    wr_init(&w);
    wr_printf(&w, "MESSAGE sip:b SIP/2.0\r\n" SDP_TYPE "\r\n" SDP_HEAD
                  "m=audio 4000/2 RTP/SAVP 97\r\n"
                  "m=audio 5000 RTP/AVP 0\r\nc=IN IP6 2001:db8::5\r\n"
                  "m=text 6000 TCP/MSRP *\r\nm=audio 7000 RTP/AVP 0\r\n"
                  "c=IN IP4 host.example\r\nm=audio 8000 RTP/AVP 0\r\n"
                  "c=IN IP4 224.2.1.1/127\r\n");
    made_init(&m, 1);
    made_udp(&m, HOST_A, HOST_B, w.data, w.len);
    made_udp(&m, "192.0.2.7:9", "192.0.2.11:4000", rtp, sizeof rtp);
    made_udp(&m, "192.0.2.7:9", "192.0.2.11:4002", rtp, sizeof rtp);
    made_udp(&m, "192.0.2.11:4000", "192.0.2.7:9", rtp, sizeof rtp);
    made_udp(&m, "192.0.2.7:9", "192.0.2.11:4001", rtcp, sizeof rtcp);
    made_udp(&m, "[2001:db8::7]:9", "[2001:db8::5]:5000", rtp, sizeof rtp);
    made_udp(&m, "192.0.2.7:9", "224.2.1.1:8000", rtp, sizeof rtp);
    /* not named: taken for RTP by form only */
    made_udp(&m, "192.0.2.7:9", "192.0.2.11:4004", rtp, sizeof rtp);
    made_udp(&m, "192.0.2.7:9", "192.0.2.11:6000", rtp, sizeof rtp);
    made_udp(&m, "192.0.2.7:9", "192.0.2.11:7000", rtp, sizeof rtp);
    made_udp(&m, "192.0.2.7:9", "192.0.2.11:9000", odd_pt, sizeof odd_pt);
    wr_cleanup(&w);
    struct trace *t = load(&m);
    CU_ASSERT_FATAL(t->num_rtp == 9);
    for (size_t i = 0; i < 9; i++) {
        CU_ASSERT(t->rtp[i].negotiated == (i < 6));
        CU_ASSERT(t->rtp[i].rtcp == (i == 3));
        CU_ASSERT(t->rtp[i].frame == i + 2);
    }
    CU_ASSERT(t->packets[10].kind == TRACE_OTHER);
    trace_free(t);
}

static int stop_at(void *ctx, const struct trace_mikey *m)
{
    size_t *left = ctx;
    (void)m;
    return --*left == 0;
}

static void a_sink_may_stop(void)
{
    struct made m;
    struct wr w;
    size_t left = 2;
    wr_init(&w);
    wr_printf(&w, "MESSAGE sip:b SIP/2.0\r\n" SDP_TYPE "\r\n" SDP_HEAD
                  "a=key-mgmt:mikey AQID\r\na=key-mgmt:mikey AQID\r\n"
                  "a=key-mgmt:mikey AQID\r\n");
    made_init(&m, 1);
    made_udp(&m, HOST_A, HOST_B, w.data, w.len);
    made_udp(&m, HOST_A, HOST_B, w.data, w.len);
    struct trace_sink sink = {.ctx = &left, .mikey = stop_at};
    struct trace_info info;
    CU_ASSERT(made_each(&m, NULL, &sink, &info) == STATUS_OK);
    CU_ASSERT(left == 0 && info.num_mikey == 2 && info.packets == 1);
    made_done(&m);
    wr_cleanup(&w);
}

static void want_of_memory_is_reported(void)
{
    struct made m;
    struct wr w;
    wr_init(&w);
    wr_printf(
        &w,
        "MESSAGE sip:b SIP/2.0\r\nContent-Type: "
        "multipart/mixed;boundary=b\r\n\r\n--b\r\n" MIKEY_TYPE
        "\r\nbinary\r\n--b\r\n" MIKEY_TYPE
        "Content-Transfer-Encoding: base64\r\n\r\nAQID\r\n--b\r\n" SDP_TYPE
        "\r\n" SDP_HEAD "m=audio 4000 RTP/SAVP 97\r\n"
        "a=key-mgmt:mikey %s\r\n--b--\r\n",
        i1_base64);
    made_init(&m, 1);
    made_udp(&m, HOST_A, HOST_B, w.data, w.len);
    wr_cleanup(&w);
    unsigned long before = mem_live();
    unsigned long n = 1;
    for (; n < 100; n++) {
        struct trace_sink none = {0};
        struct trace_info info;
        mem_fail_at(n);
        enum status s = made_each(&m, NULL, &none, &info);
        mem_fail_at(0);
        CU_ASSERT(mem_live() == before);
        if (s == STATUS_OK) {
            CU_ASSERT(info.num_mikey == 3);
            break;
        }
        CU_ASSERT(s == STATUS_NO_MEMORY);
    }
    CU_ASSERT(n > 4 && n < 100);
    made_done(&m);
}

static const struct unit_case cases[] = {
    {"attributes_of_both_levels_are_found",
     attributes_of_both_levels_are_found},
    {"what_does_not_decode_is_told", what_does_not_decode_is_told},
    {"other_protocols_are_none_of_ours", other_protocols_are_none_of_ours},
    {"body_parts_are_found", body_parts_are_found},
    {"transfer_encodings_are_undone", transfer_encodings_are_undone},
    {"what_was_cut_is_not_told", what_was_cut_is_not_told},
    {"bare_datagrams_are_found", bare_datagrams_are_found},
    {"endless_multiparts_are_bounded", endless_multiparts_are_bounded},
    {"rtp_is_known_by_the_addresses_in_sdp",
     rtp_is_known_by_the_addresses_in_sdp},
    {"a_sink_may_stop", a_sink_may_stop},
    {"want_of_memory_is_reported", want_of_memory_is_reported},
    {NULL, NULL}};
const struct unit_suite carrier_suite = {"carrier", cases};
