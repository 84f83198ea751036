/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Session descriptions (RFC 4566, 3264) and key management attributes (RFC
 * 4567). */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

static struct sdp *parse(const char *text)
{
    static struct sdp s;
    sdp_parse(&s, sip_text(text));
    return &s;
}

#define HEAD "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
#define HEAD_C HEAD "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"

/* The example of RFC 4566, 5. */
static const char rfc4566[] =
    "v=0\r\n"
    "o=jdoe 2890844526 2890842807 IN IP4 10.47.16.5\r\n"
    "s=SDP Seminar\r\n"
    "i=A Seminar on the session description protocol\r\n"
    "u=http://www.example.com/seminars/sdp.pdf\r\n"
    "e=j.doe@example.com (Jane Doe)\r\n"
    "c=IN IP4 224.2.17.12/127\r\n"
    "t=2873397496 2873404696\r\n"
    "a=recvonly\r\n"
    "m=audio 49170 RTP/AVP 0\r\n"
    "m=video 51372 RTP/AVP 99\r\n"
    "a=rtpmap:99 h263-1998/90000\r\n";

static void the_example_of_rfc_4566_is_read(void)
{
    struct sdp *s = parse(rfc4566);
    struct sdp_origin o;
    struct sdp_connection c;
    struct sdp_rtpmap r;
    struct view v;
    CU_ASSERT(s->num_lines == 12 && s->num_media == 2 && s->num_devs == 0);
    CU_ASSERT(s->session_end == 9);
    CU_ASSERT(sdp_origin(s, &o) == STATUS_OK);
    SAYS(o.username, "jdoe");
    SAYS(o.sess_id, "2890844526");
    SAYS(o.sess_version, "2890842807");
    SAYS(o.nettype, "IN");
    SAYS(o.addrtype, "IP4");
    SAYS(o.address, "10.47.16.5");
    CU_ASSERT(sdp_connection(s, 1, &c) == STATUS_OK);
    SAYS(c.address, "224.2.17.12/127");
    SAYS(s->media[0].media, "audio");
    CU_ASSERT(s->media[0].port == 49170 && s->media[0].num_ports == 1);
    SAYS(s->media[1].proto, "RTP/AVP");
    CU_ASSERT(!sdp_is_secure(&s->media[0]));
    CU_ASSERT(sdp_direction_of(s, 0) == SDP_RECVONLY);
    CU_ASSERT(sdp_direction_of(s, 1) == SDP_RECVONLY);
    CU_ASSERT(sdp_rtpmap(s, 1, 99, &r) && r.rate == 90000 && r.channels == 1);
    SAYS(r.encoding, "h263-1998");
    CU_ASSERT(!sdp_rtpmap(s, 0, 0, &r));
    CU_ASSERT(sdp_fmt(s, 0, 0, &v));
    SAYS(v, "0");
    CU_ASSERT(!sdp_fmt(s, 0, 1, &v) && !sdp_fmt(s, 2, 0, &v) &&
              !sdp_fmt(s, -1, 0, &v));
    SAYS(sdp_find(s, SDP_SESSION, 'i', 0)->value,
         "A Seminar on the session description protocol");
    CU_ASSERT(sdp_find(s, SDP_SESSION, 'm', 0) == NULL);
    CU_ASSERT(sdp_find(s, 2, 'm', 0) == NULL);
}

static void values_come_from_the_nearest_level(void)
{
    struct sdp *s = parse(HEAD_C "a=sendonly\r\na=ptime:20\r\n"
                                 "m=audio 7078/2 RTP/SAVP 97 98\r\n"
                                 "c=IN IP6 2001:db8::1\r\na=inactive\r\n"
                                 "a=rtpmap:98 L16/16000/2\r\na=crypto:1 x\r\n"
                                 "m=video 0 UDP/TLS/RTP/SAVPF 99\r\n"
                                 "m=application 9 TCP/MSRP *\r\n");
    struct sdp_connection c;
    struct sdp_rtpmap r;
    struct view v;
    CU_ASSERT(s->num_devs == 0 && s->num_media == 3);
    CU_ASSERT(s->media[0].port == 7078 && s->media[0].num_ports == 2);
    CU_ASSERT(sdp_connection(s, 0, &c) == STATUS_OK);
    SAYS(c.addrtype, "IP6");
    SAYS(c.address, "2001:db8::1");
    CU_ASSERT(sdp_connection(s, 1, &c) == STATUS_OK);
    SAYS(c.address, "192.0.2.1");
    CU_ASSERT(sdp_direction_of(s, 0) == SDP_INACTIVE);
    CU_ASSERT(sdp_direction_of(s, 1) == SDP_SENDONLY);
    CU_ASSERT(sdp_direction_of(s, SDP_SESSION) == SDP_SENDONLY);
    CU_ASSERT(sdp_ptime(s, SDP_SESSION) == 20 && sdp_ptime(s, 0) == 0);
    CU_ASSERT(sdp_rtpmap(s, 0, 98, &r) && r.rate == 16000 && r.channels == 2);
    CU_ASSERT(sdp_fmt(s, 0, 1, &v));
    SAYS(v, "98");
    CU_ASSERT(sdp_has_crypto(s, 0) && !sdp_has_crypto(s, 1));
    CU_ASSERT(sdp_is_secure(&s->media[0]) && sdp_is_secure(&s->media[1]) &&
              !sdp_is_secure(&s->media[2]));
    CU_ASSERT(s->media[1].port == 0);
}

/* Deviations by name, in the order they are found. */
static void deviations_are_noted(void)
{
    static const struct {
        const char *text;
        const char *devs;
    } rows[] = {
        {"", "empty"},
        {HEAD_C, ""},
        {HEAD_C "m=audio 1 RTP/AVP 0\r\n", ""},
        {HEAD "t=0 0\r\nm=audio 1 RTP/AVP 0\r\n", "no-connection:m"},
        {HEAD "t=0 0\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP4 1.2.3.4\r\n", ""},
        {"v=0\no=a 1 1 IN IP4 h\ns=-\nt=0 0\n",
         "bare-lf bare-lf bare-lf bare-lf"},
        {HEAD "t=0 0", "no-line-end"},
        {HEAD "t=0 0\r\n\r\n", "blank-line"},
        {HEAD "i=x\ry\r\nt=0 0\r\n", "bare-cr"},
        {HEAD "t=0 0\r\nnonsense\r\n", "line"},
        {HEAD "t=0 0\r\n=x\r\n", "line"},
        {HEAD "t=0 0\r\nq=x\r\n", "type:q"},
        {HEAD "t=0 0\r\ni=late\r\n", "order:i"},
        {HEAD "t=0 0\r\ns=again\r\n", "order:s"},
        {HEAD "i=a\r\ni=b\r\nt=0 0\r\n", "repeated:i"},
        {HEAD "t=0 0\r\nt=1 2\r\nr=7d 1h 0\r\nt=3 4\r\n", ""},
        {"o=a 1 1 IN IP4 h\r\n", "missing:v missing:s missing:t"},
        {"v=1\r\no=a 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\n", "version:v"},
        {"v=0\r\no=a 1 1 IN IP4\r\ns=-\r\nt=0 0\r\n", "origin:o"},
        {"v=0\r\no=a one 1 IN IP4 h\r\ns=-\r\nt=0 0\r\n", "origin:o"},
        {HEAD "c=IN IP4\r\nt=0 0\r\n", "connection:c"},
        {HEAD "c=IN  IP4 h\r\nt=0 0\r\n", "connection:c"},
        {HEAD "t=0\r\n", "time:t"},
        {HEAD "t=0 x\r\n", "time:t"},
        {HEAD_C "m=audio 65536 RTP/AVP 0\r\n", "media:m"},
        {HEAD_C "m=audio x RTP/AVP 0\r\n", "media:m"},
        {HEAD_C "m=audio 1 RTP/AVP\r\n", "media:m"},
        {HEAD_C "m=audio 1/x RTP/AVP 0\r\n", "media:m"},
        {HEAD_C "a=:x\r\n", "attribute:a"},
        {HEAD_C "a=a b:x\r\n", "attribute:a"},
        {HEAD_C "a=key-mgmt:mikey AQID\r\n", ""},
        {HEAD_C "a=key-mgmt: mikey AQID\r\n", ""},
        {HEAD_C "a=key-mgmt:  mikey AQID\r\n", "key-mgmt-space:a"},
        {HEAD_C "a=key-mgmt:mikey  AQID\r\n", "key-mgmt-space:a"},
        {HEAD_C "a=key-mgmt:mikey AQID \r\n", "key-mgmt-space:a"},
        {HEAD_C "a=key-mgmt:mi-key AQID\r\n", "key-mgmt-id:a"},
        {HEAD_C "a=key-mgmt:mikey\r\n", "key-mgmt-no-data:a"},
        {HEAD_C "a=key-mgmt:mikey \r\n", "key-mgmt-no-data:a"},
        {HEAD_C "a=key-mgmt:mikey AQI\r\n", "key-mgmt-base64:a"},
        {HEAD_C "a=key-mgmt:mikey AQ=D\r\n", "key-mgmt-base64:a"},
        {HEAD_C "a=key-mgmt:mikey AQ*D\r\n", "key-mgmt-base64:a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wr w;
        struct sdp *s = parse(rows[i].text);
        wr_init(&w);
        for (size_t d = 0; d < s->num_devs; d++) {
            wr_printf(&w, "%s%s", d > 0 ? " " : "",
                      sdp_dev_name(s->devs[d].kind));
            if (s->devs[d].letter != 0) {
                wr_printf(&w, ":%c", s->devs[d].letter);
            }
            CU_ASSERT(strstr(sdp_dev_text(s->devs[d].kind), "RFC") != NULL ||
                      s->devs[d].kind == SDP_DEV_EMPTY);
            CU_ASSERT(s->devs[d].off + s->devs[d].len <= s->raw.len);
        }
        if (!says((struct view){w.data, w.len}, rows[i].devs)) {
            printf("  row %zu\n", i);
            CU_FAIL("deviations");
        }
        wr_cleanup(&w);
    }
}

static void key_management_attributes_are_read(void)
{
    static const struct {
        const char *value;
        const char *protocol, *data;
        unsigned before, between;
        int mikey, bad_id, bad64, none, trailing;
        uint32_t bad_at;
    } rows[] = {
        {"mikey AQAF", "mikey", "AQAF", 0, 1, 1, 0, 0, 0, 0, 4},
        {" mikey AQA=", "mikey", "AQA=", 1, 1, 1, 0, 0, 0, 0, 4},
        {"mikey AQ==", "mikey", "AQ==", 0, 1, 1, 0, 0, 0, 0, 4},
        {"MIKEY AQAF", "MIKEY", "AQAF", 0, 1, 0, 0, 0, 0, 0, 4},
        {"keyp1 727gkdOshsuiSDF9", "keyp1", "727gkdOshsuiSDF9", 0, 1, 0, 0, 0,
         0, 0, 16},
        {"mikey", "mikey", "", 0, 0, 1, 0, 0, 1, 0, 0},
        {"", "", "", 0, 0, 0, 0, 0, 1, 0, 0},
        {"  mikey   AQAF  ", "mikey", "AQAF", 2, 3, 1, 0, 0, 0, 1, 4},
        {"mikey AQ=F", "mikey", "AQ=F", 0, 1, 1, 0, 1, 0, 0, 2},
        {"mikey AQAFA", "mikey", "AQAFA", 0, 1, 1, 0, 1, 0, 0, 4},
        {"mikey ====", "mikey", "====", 0, 1, 1, 0, 1, 0, 0, 0},
        {"mikey AQ AF", "mikey", "AQ AF", 0, 1, 1, 0, 1, 0, 0, 2},
        {"mi\tkey AQAF", "mi\tkey", "AQAF", 0, 1, 0, 1, 0, 0, 0, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sdp_key_mgmt k;
        sdp_key_mgmt_text(sip_text(rows[i].value), &k);
        SAYS(k.protocol, rows[i].protocol);
        SAYS(k.data, rows[i].data);
        int same = k.spaces_before == rows[i].before &&
                   k.spaces_between == rows[i].between &&
                   k.is_mikey == rows[i].mikey &&
                   k.bad_base64 == rows[i].bad64 && k.no_data == rows[i].none &&
                   k.trailing_space == rows[i].trailing &&
                   k.bad_at == rows[i].bad_at;
        if (!same) {
            printf("  row %zu\n", i);
        }
        CU_ASSERT(same);
        CU_ASSERT(!rows[i].bad_id || k.bad_id);
    }
}

/* RFC 4567, 3.1: what stands at media level counts there instead of what stands
 * at session level. 4.1.4: identifiers of a level in their order. */
static void media_level_overrides_session_level(void)
{
    struct sdp *s =
        parse(HEAD_C "a=key-mgmt:mikey AQAA\r\na=key-mgmt:keyp1 AQAB\r\n"
                     "m=audio 1 RTP/SAVP 0\r\na=sendrecv\r\n"
                     "m=video 3 RTP/SAVP 9\r\na=key-mgmt:mikey AQAC\r\n");
    struct sdp_key_mgmt k;
    struct wr w;
    CU_ASSERT(sdp_num_key_mgmt(s, SDP_SESSION) == 2);
    CU_ASSERT(sdp_num_key_mgmt(s, 0) == 0 && sdp_num_key_mgmt(s, 1) == 1);
    CU_ASSERT(sdp_key_mgmt_for(s, 0, 1, &k) && k.level == SDP_SESSION);
    SAYS(k.data, "AQAB");
    CU_ASSERT(sdp_key_mgmt_for(s, 1, 0, &k) && k.level == 1);
    SAYS(k.data, "AQAC");
    CU_ASSERT(s->lines[k.line].type == 'a');
    CU_ASSERT(!sdp_key_mgmt_for(s, 1, 1, &k));
    wr_init(&w);
    sdp_key_mgmt_list(s, SDP_SESSION, &w);
    SAYS(((struct view){w.data, w.len}), "mikey;keyp1");
    wr_cleanup(&w);
}

static void more_than_the_maxima_is_noted(void)
{
    struct wr w;
    struct sdp *s;
    wr_init(&w);
    wr_str(&w, HEAD_C);
    for (int i = 0; i < SDP_MAX_MEDIA + 1; i++) {
        wr_str(&w, "m=audio 1 RTP/AVP 0\r\n");
    }
    wr_u8(&w, 0);
    s = parse((const char *)w.data);
    CU_ASSERT(s->num_media == SDP_MAX_MEDIA && s->num_devs >= 1);
    CU_ASSERT(s->devs[0].kind == SDP_DEV_TOO_MANY);
    wr_cleanup(&w);
    wr_init(&w);
    for (int i = 0; i < SDP_MAX_LINES + 50; i++) {
        wr_str(&w, "\n");
    }
    wr_u8(&w, 0);
    s = parse((const char *)w.data);
    CU_ASSERT(s->num_lines == SDP_MAX_LINES);
    CU_ASSERT(s->num_devs == SDP_MAX_DEVS && s->lost_devs > 0);
    wr_cleanup(&w);
}

static void descriptions_are_built(void)
{
    static const uint8_t i1[] = {1, 0x16, 5};
    static const struct sdp_key_line keys[] = {
        {.message = {i1, 3}}, {.protocol = "keyp1", .text = "not base64"}};
    struct sdp_params p = {.user = "alice",
                           .session_id = UINT64_MAX,
                           .version = 2,
                           .address = "2001:db8::11",
                           .port = 49170,
                           .pt = 97,
                           .rtpmap = "AMR/8000",
                           .fmtp = "mode-set=7",
                           .ptime = 20,
                           .direction = "sendrecv",
                           .session_keys = keys,
                           .num_session_keys = 1,
                           .media_keys = keys,
                           .num_media_keys = 2,
                           .more = "a=x\r\n",
                           .more_media = "m=video 0 RTP/AVP 9\r\n"};
    struct wr w;
    wr_init(&w);
    CU_ASSERT(sdp_build(&w, &p) == STATUS_OK);
    SAYS(((struct view){w.data, w.len}),
         "v=0\r\no=alice 18446744073709551615 2 IN IP6 2001:db8::11\r\n"
         "s=-\r\nc=IN IP6 2001:db8::11\r\nt=0 0\r\na=key-mgmt:mikey ARYF\r\n"
         "m=audio 49170 RTP/SAVP 97\r\na=key-mgmt:mikey ARYF\r\n"
         "a=key-mgmt:keyp1 not base64\r\na=rtpmap:97 AMR/8000\r\n"
         "a=fmtp:97 mode-set=7\r\na=ptime:20\r\na=sendrecv\r\na=x\r\n"
         "m=video 0 RTP/AVP 9\r\n");
    wr_cleanup(&w);
    wr_init(&w);
    p = (struct sdp_params){.address = "127.0.0.1", .port = 4000};
    CU_ASSERT(sdp_build(&w, &p) == STATUS_OK);
    SAYS(((struct view){w.data, w.len}),
         "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
         "t=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n");
    struct sdp s;
    sdp_parse(&s, (struct view){w.data, w.len});
    CU_ASSERT(s.num_devs == 0);
    wr_cleanup(&w);
}

static void building_survives_want_of_memory(void)
{
    static const uint8_t i1[] = {1, 0x16, 5};
    static const struct sdp_key_line key = {.message = {i1, 3}};
    struct sdp_params p = {.session_keys = &key, .num_session_keys = 1};
    unsigned long before = mem_live();
    for (unsigned long n = 1; n < 50; n++) {
        struct wr w;
        wr_init(&w);
        mem_fail_at(n);
        enum status s = sdp_build(&w, &p);
        mem_fail_at(0);
        wr_cleanup(&w);
        CU_ASSERT(s == STATUS_OK || s == STATUS_NO_MEMORY);
        CU_ASSERT(mem_live() == before);
        if (s == STATUS_OK) {
            CU_ASSERT(n > 1);
            return;
        }
    }
    CU_FAIL("never succeeded");
}

static void all_levels(const struct sdp *s)
{
    struct sdp_key_mgmt k;
    struct sdp_connection c;
    struct sdp_rtpmap r;
    struct view v;
    for (int level = -1; level < (int)s->num_media; level++) {
        for (size_t i = 0; sdp_key_mgmt(s, level, i, &k); i++) {
            CU_ASSERT(sdp_off(s, k.value) + k.value.len <= s->raw.len);
        }
        sdp_connection(s, level, &c);
        sdp_direction_of(s, level);
        sdp_rtpmap(s, level, 97, &r);
        for (size_t i = 0; sdp_fmt(s, level, i, &v); i++) {
            CU_ASSERT(sdp_off(s, v) + v.len <= s->raw.len);
        }
    }
}

static void cut_and_damaged_descriptions_do_no_harm(void)
{
    static struct sdp s;
    static const char *const texts[] = {
        rfc4566,
        HEAD_C "a=key-mgmt:mikey AQAF\r\nm=audio 7078/2 RTP/SAVP 97 98\r\n"
               "a=key-mgmt: mikey AQ==\r\na=rtpmap:97 AMR/8000/1\r\n"};
    for (size_t t = 0; t < 2; t++) {
        size_t len = strlen(texts[t]);
        for (size_t n = 0; n <= len; n++) {
            struct block b = block_of(texts[t], n);
            sdp_parse(&s, (struct view){b.data, b.len});
            all_levels(&s);
            block_free(&b);
        }
        struct block b = block_of(texts[t], len);
        for (size_t i = 0; i < len; i++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                b.data[i] ^= (uint8_t)(1u << bit);
                sdp_parse(&s, (struct view){b.data, b.len});
                all_levels(&s);
                b.data[i] ^= (uint8_t)(1u << bit);
            }
        }
        block_free(&b);
    }
}

static const struct unit_case cases[] = {
    {"the_example_of_rfc_4566_is_read", the_example_of_rfc_4566_is_read},
    {"values_come_from_the_nearest_level", values_come_from_the_nearest_level},
    {"deviations_are_noted", deviations_are_noted},
    {"key_management_attributes_are_read", key_management_attributes_are_read},
    {"media_level_overrides_session_level",
     media_level_overrides_session_level},
    {"more_than_the_maxima_is_noted", more_than_the_maxima_is_noted},
    {"descriptions_are_built", descriptions_are_built},
    {"building_survives_want_of_memory", building_survives_want_of_memory},
    {"cut_and_damaged_descriptions_do_no_harm",
     cut_and_damaged_descriptions_do_no_harm},
    {NULL, NULL}};
const struct unit_suite sdp_suite = {"sdp", cases};
