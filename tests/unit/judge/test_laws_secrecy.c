/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of secrecy: keys, packets, and who gets what when. */
#include "tests/unit/judge/laws_fixture.h"

#include <string.h>

static struct jrtp *back(struct lf *f, struct jx *r, uint16_t seq,
                         const char *payload, enum jmedia_key key)
{
    struct jrtp *p = lf_rtp(f, r, 1, seq, payload, key, 1);
    ((uint8_t *)(uintptr_t)p->t->octets.data)[11] = 1; /* SSRC of A */
    p->ssrc = 1;
    return p;
}

static struct jx *delivered(struct lf *f, struct jx **deposit, unsigned num)
{
    *deposit = lf_deposit(f, 1);
    struct jx *r = lf_retrieval(f, 5, LF_B);
    lf_deliver(f, r, *deposit, LF_ALICE);
    for (uint16_t i = 0; i < num; i++) {
        back(f, r, i, j_printf(&f->j, "content-1-%u", i), JMK_E2E);
    }
    f->now_us += 500000;
    lf_bye(f, r);
    return r;
}

static void a_sound_delivery_keeps_every_law(void)
{
    static const char *const all[] = {
        "delivery-octets",      "delivery-rtp-header",
        "esk-unchanged",        "content-under-e2e",
        "content-after-r2",     "no-content-in-clear",
        "released-after-proof", NULL};
    struct lf f;
    struct jx *x = NULL;
    lf_init(&f);
    delivered(&f, &x, 3);
    for (size_t i = 0; all[i] != NULL; i++) {
        LF_ONE(&f, all[i], JUDGE_PASS);
    }
    LF_NONE(&f, "released-to-owner-only");
    LF_NONE(&f, "opaque-media");
    LF_NONE(&f, "opaque-esk");
    LF_NONE(&f, "store-clean");
    LF_NONE(&f, "hop-keys-differ");
    LF_NONE(&f, "greeting-under-hop-key");
    lf_done(&f);
}

static void a_packet_altered_missing_or_out_of_order(void)
{
    struct lf f;
    struct jx *x = NULL;
    lf_init(&f);
    struct jx *r = delivered(&f, &x, 2);
    LF_ONE(&f, "delivery-octets", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "all 3 packets"));
    /* Missing because the recipient hung up. */
    ((struct jsip *)(uintptr_t)r->bye)->time_us = r->rtp[1]->t->time_us + 20000;
    LF_ONE(&f, "delivery-octets", JUDGE_INCONC);
    struct jrtp *p = back(&f, r, 2, "content-1-X", JMK_NONE);
    lf_run(&f, "delivery-octets");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "other octets"));
    p->key = JMK_UNKNOWN;
    lf_run(&f, "delivery-octets");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 0);
    p->key = JMK_HOP; /* the message, protected anew */
    p->posing = 1;
    lf_run(&f, "delivery-octets");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "other octets"));
    p->posing = 0; /* a prompt */
    back(&f, r, 2, "content-1-2", JMK_E2E);
    LF_ONE(&f, "delivery-octets", JUDGE_PASS);
    struct jrtp *first = r->rtp[0];
    r->rtp[0] = r->rtp[1];
    r->rtp[1] = first;
    LF_ONE(&f, "delivery-octets", JUDGE_INCONC); /* UDP may do that */
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_INCONC, "order"));
    lf_done(&f);
}

static void a_rewritten_header_fails(void)
{
    struct lf f;
    struct jx *x = NULL;
    lf_init(&f);
    struct jx *r = delivered(&f, &x, 3);
    struct jrtp *p = r->rtp[1];
    ((uint8_t *)(uintptr_t)p->t->octets.data)[3] = 99;
    p->seq = 99;
    LF_ONE(&f, "delivery-rtp-header", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "rtp.seq: 99"));
    CU_ASSERT_STRING_EQUAL(f.j.findings[0]->f.in, "rtp");
    lf_done(&f);
}

static void another_esk_handed_out_fails(void)
{
    struct lf f;
    struct jx *x = NULL;
    lf_init(&f);
    delivered(&f, &x, 3);
    struct jx *y = lf_deposit(&f, 2);
    struct jdelivery *d = f.j.deliveries[0];
    d->same = 0;
    LF_ONE(&f, "esk-unchanged", JUDGE_PASS); /* with a note */
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_PASS, "PX_ESK_MAP"));
    d->form = y->leg->i2[0]->sent;
    LF_ONE(&f, "esk-unchanged", JUDGE_FAIL);
    d->i2 = NULL;
    LF_ONE(&f, "esk-unchanged", JUDGE_INCONC);
    lf_done(&f);
}

static void content_under_a_hop_key_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    x->rtp[1]->key = JMK_HOP;
    LF_ONE(&f, "content-under-e2e", JUDGE_FAIL);
    x->rtp[1]->key = JMK_UNKNOWN;
    x->leg->keys.e2e_lack = "SK 00";
    LF_ONE(&f, "content-under-e2e", JUDGE_INCONC);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_INCONC, "SK 00"));
    x->rtp[1]->key = JMK_E2E;
    x->rtp[1]->cs = 2;
    LF_ONE(&f, "content-under-e2e", JUDGE_FAIL);
    lf_done(&f);
}

static void delivery_under_a_hop_key_fails(void)
{
    struct lf f;
    struct jx *x = NULL;
    lf_init(&f);
    struct jx *r = delivered(&f, &x, 3);
    for (size_t i = 0; i < r->num_rtp; i++) {
        r->rtp[i]->key = JMK_HOP;
    }
    lf_run(&f, "content-under-e2e");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_FAIL), 1);
    CU_ASSERT_EQUAL(f.j.findings[f.j.num_findings - 1]->party, LF_MB);
    lf_done(&f);
}

static void content_without_a_good_r2_fails(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    x->leg->r2[0]->defects = JD_V;
    LF_ONE(&f, "content-after-r2", JUDGE_FAIL);
    x->leg->r2[0]->defects = JD_NO_IBAKE;
    LF_ONE(&f, "content-after-r2", JUDGE_INCONC);
    x->leg->r2[0]->defects = 0;
    x->leg->r2[0]->unknown = JD_V;
    x->leg->r2[0]->lack = "ECDH_PRIVATE 04";
    LF_ONE(&f, "content-after-r2", JUDGE_INCONC);
    x->leg->r2[0]->defects = JD_V;
    x->num_rtp = 0;
    LF_ONE(&f, "content-after-r2", JUDGE_PASS);
    lf_done(&f);
}

static void plain_rtp_after_a_downgrade_fails(void)
{
    struct lf f;
    struct jsdp down = {.ok = 1, .num_media = 1};
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    x->rtp[2]->key = JMK_UNKNOWN;
    LF_ONE(&f, "no-content-in-clear", JUDGE_INCONC);
    down.media[0] = (struct jsdp_media){.kind = "audio",
                                        .proto = "RTP/AVP",
                                        .port = 9,
                                        .direction = "sendrecv",
                                        .codec = ""};
    ((struct jsip *)(uintptr_t)x->sip[1])->sdp = &down;
    LF_ONE(&f, "no-content-in-clear", JUDGE_FAIL);
    x->num_rtp = 0;
    LF_ONE(&f, "no-content-in-clear", JUDGE_PASS);
    lf_done(&f);
}

static void the_greeting_is_under_the_hop_key(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jrtp *r = lf_rtp(&f, x, 1, 0, "greeting", JMK_HOP, 2);
    LF_ONE(&f, "greeting-under-hop-key", JUDGE_PASS);
    r->key = JMK_NONE;
    LF_ONE(&f, "greeting-under-hop-key", JUDGE_FAIL);
    r->key = JMK_UNKNOWN;
    LF_ONE(&f, "greeting-under-hop-key", JUDGE_INCONC);
    lf_done(&f);
}

static void hop_keys_of_two_retrievals_differ(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *a = lf_retrieval(&f, 5, LF_B);
    struct jx *b = lf_retrieval(&f, 6, LF_B);
    LF_ONE(&f, "hop-keys-differ", JUDGE_PASS);
    b->leg->keys.known = 0;
    b->leg->keys.lack = "ECDH_PRIVATE 04";
    LF_ONE(&f, "hop-keys-differ", JUDGE_INCONC);
    b->leg->keys = a->leg->keys;
    LF_ONE(&f, "hop-keys-differ", JUDGE_FAIL);
    lf_done(&f);
}

static void keys_of_others_asked_for_fail(void)
{
    struct lf f;
    struct lf_spec s = {.type = MIKEY_DT_REQUEST_KEY_PSK,
                        .v = 1,
                        .csb = 9,
                        .t = 4000000000u,
                        .rand = "................",
                        .idi = LF_MBX,
                        .mac = "aaaaaaaaaaaaaaaaaaaa"};
    lf_init(&f);
    struct jx *x = lf_exchange(&f, JX_REQUEST, LF_MB, LF_KMS);
    x->request = lf_msg(&f, x, NULL, lf_form(&f, &s), NULL);
    LF_ONE(&f, "own-keys-only", JUDGE_PASS);
    s.idi = LF_BOB;
    x->request = lf_msg(&f, x, NULL, lf_form(&f, &s), NULL);
    LF_ONE(&f, "own-keys-only", JUDGE_FAIL);
    f.j.parties[LF_MB].named = 0;
    f.j.parties[LF_MB].identity = "";
    LF_ONE(&f, "own-keys-only", JUDGE_INCONC);
    lf_done(&f);
}

static void the_scan_of_the_store_is_told(void)
{
    struct lf f;
    lf_init(&f);
    lf_evidence(&f, "{\"kind\":\"store\",\"role\":\"MB\",\"files\":0,"
                    "\"hits\":[]}");
    LF_ONE(&f, "store-clean", JUDGE_INCONC);
    json_object_set_new(f.j.evs[0]->obj, "files", json_integer(12));
    LF_ONE(&f, "store-clean", JUDGE_PASS);
    lf_evidence(&f, "{\"kind\":\"memory\",\"role\":\"MB\",\"hits\":"
                    "[{\"file\":\"heap\",\"offset\":12,\"what\":\"CANARY\"}]}");
    lf_run(&f, "store-clean");
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, "CANARY in heap"));
    lf_done(&f);
}

static void an_opaque_esk_is_taken(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jmsg *i2 = x->leg->i2[0];
    i2->rcvd->esk.state = JOPEN_REFUSED;
    LF_ONE(&f, "opaque-esk", JUDGE_INCONC); /* nothing shows what was kept */
    struct jx *r = lf_retrieval(&f, 5, LF_B);
    struct jdelivery *d = lf_deliver(&f, r, x, LF_ALICE);
    LF_ONE(&f, "opaque-esk", JUDGE_PASS);
    d->form = lf_deposit(&f, 2)->leg->i2[0]->sent;
    d->same = 0;
    LF_ONE(&f, "opaque-esk", JUDGE_FAIL);
    x->leg->num_r2 = 0;
    LF_ONE(&f, "opaque-esk", JUDGE_INCONC); /* it is no DER */
    lf_done(&f);
}

static void opaque_media_come_back(void)
{
    struct lf f;
    struct jx *x = NULL;
    lf_init(&f);
    struct jx *r = delivered(&f, &x, 3);
    for (size_t i = 0; i < 3; i++) {
        x->rtp[i]->key = r->rtp[i]->key = JMK_NONE;
    }
    LF_ONE(&f, "opaque-media", JUDGE_PASS);
    r->num_rtp = 1;
    LF_ONE(&f, "opaque-media", JUDGE_FAIL);
    f.j.num_deliveries = 0;
    lf_run(&f, "opaque-media");
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_PASS), 0);
    lf_done(&f);
}

static void nothing_is_released_before_the_proof(void)
{
    struct lf f;
    struct jx *x = NULL;
    lf_init(&f);
    struct jx *r = delivered(&f, &x, 3);
    r->leg->i2[0]->defects = JD_YP;
    LF_ONE(&f, "released-after-proof", JUDGE_FAIL);
    LF_ONE(&f, "released-to-owner-only", JUDGE_FAIL);
    r->leg->i2[0]->defects = JD_T_OLD; /* a minor fault that was put up with */
    LF_ONE(&f, "released-after-proof", JUDGE_PASS);
    LF_NONE(&f, "released-to-owner-only");
    r->leg->i2[0]->defects = 0;
    r->leg->i2[0]->unknown = JD_YP;
    r->leg->i2[0]->lack = "IBE_PRIVATE mbx";
    LF_ONE(&f, "released-after-proof", JUDGE_INCONC);
    lf_done(&f);
}

static void a_stranger_gets_nothing(void)
{
    struct lf f;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    struct jx *r = lf_retrieval(&f, 5, LF_C);
    lf_sip(&f, r, LF_MB, LF_C, "INVITE", 1, 403);
    LF_ONE(&f, "released-to-owner-only", JUDGE_PASS);
    lf_deliver(&f, r, x, LF_ALICE);
    LF_ONE(&f, "released-to-owner-only", JUDGE_FAIL);
    CU_ASSERT_TRUE(lf_says(&f, JUDGE_FAIL, LF_CAROL));
    for (size_t i = 0; i < f.j.num_parties; i++) { /* no plan, no owner */
        f.j.parties[i].named = 0;
        f.j.parties[i].account = "";
    }
    LF_NONE(&f, "released-to-owner-only");
    lf_done(&f);
}

static void a_downgraded_answer_fails(void)
{
    struct lf f;
    struct jsdp sdp = {.ok = 1, .num_media = 1, .num_key_mgmt = 1};
    struct jsdp down;
    lf_init(&f);
    struct jx *x = lf_deposit(&f, 1);
    sdp.media[0] = (struct jsdp_media){.kind = "audio",
                                       .proto = "RTP/SAVP",
                                       .port = 9,
                                       .direction = "sendrecv",
                                       .codec = ""};
    down = sdp;
    ((struct jsip *)(uintptr_t)x->sip[0])->sdp = &sdp;
    ((struct jsip *)(uintptr_t)x->sip[1])->sdp = &down;
    LF_ONE(&f, "keeps-protection", JUDGE_PASS);
    down.media[0].num_crypto = 1;
    LF_ONE(&f, "keeps-protection", JUDGE_FAIL);
    down.media[0].num_crypto = 0;
    down.num_key_mgmt = 0;
    LF_ONE(&f, "keeps-protection", JUDGE_FAIL);
    down.num_key_mgmt = 1;
    down.media[0].proto = "RTP/AVP";
    LF_ONE(&f, "keeps-protection", JUDGE_FAIL);
    lf_done(&f);
}

/* ---- no-secret-shown
 * ------------------------------------------------------------- */

static const uint8_t key[16] = {0x3f, 0xb1, 0x07, 0xc4, 0x99, 0x5e, 0xe2, 0x70,
                                0x18, 0xad, 0x6b, 0xf3, 0x42, 0xd8, 0x0c, 0x91};

static void search_in(struct lf *f, const char *head, const void *octets,
                      size_t len, enum judge_verdict v)
{
    uint8_t buf[256];
    struct trace_packet p = {.frame = 7, .proto = TRACE_UDP};
    size_t n = strlen(head);
    memcpy(buf, head, n);
    memcpy(buf + n, octets, len);
    p.src = f->j.parties[LF_MB].addr;
    p.payload = (struct view){buf, n + len};
    f->trace.packets = &p;
    f->trace.num_packets = 1;
    LF_ONE(f, "no-secret-shown", v);
    if (v == JUDGE_FAIL) {
        CU_ASSERT_EQUAL(f->j.findings[0]->f.frame, 7);
        CU_ASSERT_TRUE(f->j.findings[0]->f.from >= n);
    }
    f->trace.num_packets = 0;
}

static void a_secret_is_found_in_every_dress(void)
{
    static const char low[] = "3fb107c4995ee27018ad6bf342d80c91";
    static const char up[] = "3FB107C4995EE27018AD6BF342D80C91";
    /* base64 of the key alone, and after one and two other octets */
    static const char *const b64[] = {
        "P7EHxJle4nAYrWvzQtgMkQ==", "QT+xB8SZXuJwGK1r80LYDJE=",
        "QUE/sQfEmV7icBita/NC2AyR"};
    struct lf f;
    lf_init(&f);
    f.j.kl = keylog_new();
    search_in(&f, "x", low, 32, JUDGE_INCONC); /* no secret to search for */
    CU_ASSERT_EQUAL(keylog_add(f.j.kl, KEYLOG_PSK, view_of("id"),
                               (struct view){key, sizeof key}, NULL),
                    STATUS_OK);
    search_in(&f, "head ", key, sizeof key, JUDGE_FAIL);
    search_in(&f, "head ", low, 32, JUDGE_FAIL);
    search_in(&f, "head ", up, 32, JUDGE_FAIL);
    for (size_t i = 0; i < 3; i++) {
        search_in(&f, "a=x:", b64[i], strlen(b64[i]), JUDGE_FAIL);
    }
    search_in(&f, "head ", key, sizeof key - 1, JUDGE_FAIL); /* a half */
    search_in(&f, "head ", key, sizeof key / 2 - 1, JUDGE_PASS);
    /* over two header lines, and in a folded one */
    static const char two[] = "3fb107c4995ee\r\nX-B: 27018ad6bf342d80c91";
    static const char fold[] = "P7EHx\r\n Jle4\r\n nAYrW\r\n vzQtg\r\n MkQ==";
    search_in(&f, "INVITE sip:x SIP/2.0\r\nX-A: ", two, sizeof two - 1,
              JUDGE_FAIL);
    search_in(&f, "INVITE sip:x SIP/2.0\r\nX-A: ", fold, sizeof fold - 1,
              JUDGE_FAIL);
    search_in(&f, "head ", "nothing of it", 13, JUDGE_PASS);
    lf_done(&f);
}

/* Who shows what he was shown before is not the one who gave it away. */
static void the_first_who_shows_it_pays(void)
{
    struct lf f;
    struct trace_packet p[2] = {{.frame = 3, .proto = TRACE_UDP},
                                {.frame = 4, .proto = TRACE_UDP}};
    lf_init(&f);
    f.j.kl = keylog_new();
    keylog_add(f.j.kl, KEYLOG_PSK, view_of("id"),
               (struct view){key, sizeof key}, NULL);
    for (int i = 0; i < 2; i++) {
        p[i].src = f.j.parties[i == 0 ? LF_A : LF_MB].addr;
        p[i].payload = (struct view){key, sizeof key};
    }
    f.trace.packets = p;
    f.trace.num_packets = 2;
    lf_run(&f, "no-secret-shown");
    for (size_t i = 0; i < f.j.num_findings; i++) {
        CU_ASSERT_EQUAL(f.j.findings[i]->f.verdict,
                        f.j.findings[i]->party == LF_A ? JUDGE_FAIL
                                                       : JUDGE_PASS);
    }
    CU_ASSERT_TRUE(lf_count(&f, JUDGE_FAIL) > 0);
    CU_ASSERT_EQUAL(lf_count(&f, JUDGE_PASS), 1);
    lf_done(&f);
}

static void a_secret_split_over_segments_is_found(void)
{
    struct lf f;
    uint8_t buf[40] = "INVITE";
    struct trace_stream_mark marks[2] = {{0, 3, 0}, {12, 4, 0}};
    struct trace_stream s = {
        .frame = 3, .last_frame = 4, .marks = marks, .num_marks = 2};
    lf_init(&f);
    f.j.kl = keylog_new();
    keylog_add(f.j.kl, KEYLOG_PSK, view_of("id"),
               (struct view){key, sizeof key}, NULL);
    memcpy(buf + 14, key, sizeof key);
    s.src = f.j.parties[LF_A].addr;
    s.octets = (struct view){buf, sizeof buf};
    f.trace.streams = &s;
    f.trace.num_streams = 1;
    LF_ONE(&f, "no-secret-shown", JUDGE_FAIL);
    CU_ASSERT_EQUAL(f.j.findings[0]->f.frame, 4);
    CU_ASSERT_EQUAL(f.j.findings[0]->party, LF_A);
    lf_done(&f);
}

#define CASE(name)                                                             \
    {                                                                          \
#name, name                                                            \
    }
static const struct unit_case cases[] = {
    CASE(a_sound_delivery_keeps_every_law),
    CASE(a_packet_altered_missing_or_out_of_order),
    CASE(a_rewritten_header_fails),
    CASE(another_esk_handed_out_fails),
    CASE(content_under_a_hop_key_fails),
    CASE(delivery_under_a_hop_key_fails),
    CASE(content_without_a_good_r2_fails),
    CASE(plain_rtp_after_a_downgrade_fails),
    CASE(the_greeting_is_under_the_hop_key),
    CASE(hop_keys_of_two_retrievals_differ),
    CASE(keys_of_others_asked_for_fail),
    CASE(the_scan_of_the_store_is_told),
    CASE(an_opaque_esk_is_taken),
    CASE(opaque_media_come_back),
    CASE(nothing_is_released_before_the_proof),
    CASE(a_stranger_gets_nothing),
    CASE(a_downgraded_answer_fails),
    CASE(a_secret_is_found_in_every_dress),
    CASE(the_first_who_shows_it_pays),
    CASE(a_secret_split_over_segments_is_found),
    {NULL, NULL},
};
const struct unit_suite suite_laws_secrecy = {"laws_secrecy", cases};
