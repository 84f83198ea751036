/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Multipart bodies, transfer encodings, message-summary. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/base/mem.h"

#include <stdio.h>
#include <string.h>

static struct sip_msg *with_body(struct wr *w, const char *type,
                                 const char *body)
{
    static struct sip_msg m;
    wr_init(w);
    wr_printf(w, "OPTIONS sip:a SIP/2.0\r\nContent-Type: %s\r\n\r\n", type);
    wr_str(w, body);
    sip_parse(&m, w->data, w->len);
    return &m;
}

static void parts_of_s34_are_found(void)
{
    static struct sip_msg m;
    struct sip_part p;
    struct wr w;
    size_t nth = 9;
    struct block b = block_load("s34_200.sip");
    sip_parse(&m, b.data, b.len);
    CU_ASSERT_FATAL(sip_body_find(&m, "application/mikey", &p, &nth));
    CU_ASSERT(nth == 0 && p.depth == 1 && !p.unclosed);
    SAYS(p.content_id, "<dd-000017-key@vm.home-b.example>");
    SAYS(p.disposition, "x-dd-key;handling=optional");
    wr_init(&w);
    CU_ASSERT(sip_part_decode(&p, &w) == STATUS_OK);
    /* I2 of the digest's structure vectors: 141 octets, data type 0x18 */
    CU_ASSERT(w.len == 141 && w.data[0] == 1 && w.data[1] == 0x18);
    wr_cleanup(&w);
    CU_ASSERT_FATAL(sip_body_find(&m, "message/sipfrag", &p, &nth));
    CU_ASSERT(nth == 1);
    struct view v;
    CU_ASSERT(sip_block_find(p.body, "P-Asserted-Identity", &v));
    SAYS(v, "\"Alice\" <sip:alice@home-a.example>");
    CU_ASSERT(sip_block_find(p.body, "call-id", &v));
    SAYS(v, "dd-5f0c2b71@192.0.2.11");
    CU_ASSERT(!sip_body_part(&m, 2, &p));
    block_free(&b);
}

static void multiparts_are_taken_apart(void)
{
    static const struct {
        const char *type;
        const char *body;
        const char *leaves[4];
        int unclosed; /* the last one */
    } rows[] = {
        {"text/plain", "abc", {"abc"}, 0},
        {"multipart/mixed;boundary=b",
         "preamble\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nepilogue",
         {"one", "two"},
         0},
        {"multipart/mixed; boundary=\"a b\"",
         "--a b\r\nContent-Type: x/y\r\n\r\none\r\n\r\n--a b--",
         {"one\r\n"},
         0},
        {"multipart/mixed;boundary=b", "--b\n\none\n--b--\n", {"one"}, 0},
        {"multipart/mixed;boundary=b",
         "--b  \r\n\r\none\r\n--b--\t\r\n",
         {"one"},
         0},
        {"multipart/mixed;boundary=b",
         "--b\r\n\r\none\r\n--bc\r\ntwo\r\n--b--",
         {"one\r\n--bc\r\ntwo"},
         0},
        {"multipart/mixed;boundary=b",
         "--b\r\n\r\none\r\n--b\r\n\r\ntwo",
         {"one", "two"},
         1},
        {"multipart/mixed;boundary=b", "--b\r\n--b\r\n\r\n--b--", {"", ""}, 0},
        {"multipart/mixed;boundary=b", "--c\r\n\r\none", {"--c\r\n\r\none"}, 0},
        {"multipart/mixed", "--b\r\n\r\none", {"--b\r\n\r\none"}, 0},
        {"multipart/mixed;boundary=a",
         "--a\r\nContent-Type: multipart/related;boundary=b\r\n\r\n"
         "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n--a\r\n\r\nthree\r\n"
         "--a--",
         {"one", "two", "three"},
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wr w;
        struct sip_part p = {.unclosed = 0};
        struct sip_msg *m = with_body(&w, rows[i].type, rows[i].body);
        size_t n = 0;
        int unclosed = 0;
        while (n < 4 && sip_body_part(m, n, &p)) {
            CU_ASSERT_FATAL(rows[i].leaves[n] != NULL);
            SAYS(p.body, rows[i].leaves[n]);
            unclosed = p.unclosed;
            n++;
        }
        CU_ASSERT(n > 0 && (n == 4 || rows[i].leaves[n] == NULL));
        CU_ASSERT(unclosed == rows[i].unclosed);
        wr_cleanup(&w);
    }
}

static void too_deep_a_multipart_is_a_leaf(void)
{
    struct wr body;
    struct wr w;
    struct sip_part p;
    wr_init(&body);
    for (int i = 1; i < 7; i++) {
        wr_printf(&body,
                  "--b%d\r\nContent-Type: multipart/mixed;boundary=b%d\r\n\r\n",
                  i, i + 1);
    }
    wr_u8(&body, 0);
    struct sip_msg *m =
        with_body(&w, "multipart/mixed;boundary=b1", (const char *)body.data);
    CU_ASSERT(sip_body_part(m, 0, &p));
    CU_ASSERT(p.depth == 4);
    CU_ASSERT(!sip_body_part(m, 1, &p));
    wr_cleanup(&w);
    wr_cleanup(&body);
}

static void an_empty_body_has_no_part(void)
{
    struct wr w;
    struct sip_part p;
    struct sip_msg *m = with_body(&w, "application/sdp", "");
    CU_ASSERT(!sip_body_part(m, 0, &p));
    CU_ASSERT(!sip_body_find(m, "application/sdp", &p, NULL));
    wr_cleanup(&w);
}

static void transfer_encodings_are_undone(void)
{
    static const struct {
        const char *encoding;
        const char *body;
        const char *want; /* NULL: fails with s */
        enum status s;
    } rows[] = {
        {"base64", "YWJj", "abc", STATUS_OK},
        {"BASE64", "YW\r\nJj\r\n", "abc", STATUS_OK},
        {"base64", "YWJ", NULL, STATUS_SYNTAX},
        {"base64", "YW-j", NULL, STATUS_SYNTAX},
        {"quoted-printable", "a=3Db=\r\nc", "a=bc", STATUS_OK},
        {"quoted-printable", "a=3", NULL, STATUS_SYNTAX},
        {"binary", "a=3", "a=3", STATUS_OK},
        {"8bit", "a=3", "a=3", STATUS_OK},
        {"", "a=3", "a=3", STATUS_OK},
        {"x-uuencode", "a", NULL, STATUS_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sip_part p = {.encoding = sip_text(rows[i].encoding),
                             .body = sip_text(rows[i].body)};
        struct wr w;
        wr_init(&w);
        CU_ASSERT(sip_part_decode(&p, &w) == rows[i].s);
        if (rows[i].want != NULL) {
            SAYS(((struct view){w.data, w.len}), rows[i].want);
        }
        wr_cleanup(&w);
    }
}

static void message_summary_of_s22_is_read(void)
{
    static struct sip_msg m;
    struct sip_mwi s;
    struct view v;
    struct view block;
    struct block b = block_load("s22_notify.sip");
    sip_parse(&m, b.data, b.len);
    CU_ASSERT(sip_mwi(m.body, &s) == STATUS_OK);
    CU_ASSERT(s.waiting == 1 && s.has_voice && s.has_urgent);
    SAYS(s.account, "sip:bob-mbx@vm.home-b.example");
    CU_ASSERT(s.fresh == 1 && s.old == 0);
    CU_ASSERT(s.urgent_fresh == 0 && s.urgent_old == 0);
    CU_ASSERT(sip_mwi_block(&s.blocks, &block));
    CU_ASSERT(sip_block_find(block, "From", &v));
    SAYS(v, "<sip:alice@home-a.example>");
    CU_ASSERT(sip_block_find(block, "Message-Context", &v));
    SAYS(v, "voice-message");
    CU_ASSERT(!sip_mwi_block(&s.blocks, &block));
    block_free(&b);
    b = block_load("s21_notify.sip");
    sip_parse(&m, b.data, b.len);
    CU_ASSERT(sip_mwi(m.body, &s) == STATUS_OK);
    CU_ASSERT(s.waiting == 0 && !s.has_voice);
    CU_ASSERT(!sip_mwi_block(&s.blocks, &block));
    block_free(&b);
}

static void message_summaries_may_be_odd(void)
{
    struct sip_mwi s;
    struct view block;
    CU_ASSERT(sip_mwi(sip_text("Messages-Waiting: yes\r\nVoice-Message: 2/8 "
                               "(0/2)\r\nVideo-Message: 0/1\r\n\r\nTo: a\r\n"
                               "\r\n\r\nTo: b\r\n"),
                      &s) == STATUS_OK);
    CU_ASSERT(s.fresh == 2 && s.old == 8 && s.urgent_old == 2);
    CU_ASSERT(sip_mwi_block(&s.blocks, &block));
    SAYS(block, "To: a\r\n");
    CU_ASSERT(sip_mwi_block(&s.blocks, &block));
    SAYS(block, "To: b\r\n");
    CU_ASSERT(!sip_mwi_block(&s.blocks, &block));
    static const char *const bad[] = {
        "",
        "Voice-Message: 1/0\r\n",
        "Messages-Waiting: maybe\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 1\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 1/\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 1/0 (1/0\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 1/0 x\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: -1/0\r\n",
        "Messages-Waiting: yes\r\nVoice-Message: 4294967296/0\r\n",
        "Messages-Waiting: yes\r\nnonsense\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT(sip_mwi(sip_text(bad[i]), &s) == STATUS_SYNTAX);
    }
}

static const struct unit_case cases[] = {
    {"parts_of_s34_are_found", parts_of_s34_are_found},
    {"multiparts_are_taken_apart", multiparts_are_taken_apart},
    {"too_deep_a_multipart_is_a_leaf", too_deep_a_multipart_is_a_leaf},
    {"an_empty_body_has_no_part", an_empty_body_has_no_part},
    {"transfer_encodings_are_undone", transfer_encodings_are_undone},
    {"message_summary_of_s22_is_read", message_summary_of_s22_is_read},
    {"message_summaries_may_be_odd", message_summaries_may_be_odd},
    {NULL, NULL}};
const struct unit_suite sip_body_suite = {"sip_body", cases};
