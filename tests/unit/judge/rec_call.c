/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Calls of a recording: a deposit or a retrieval as SIP, SDP and SRTP. */
#include "tests/unit/judge/rec_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <string.h>

struct call {
    struct rec *r;
    struct rec_call *c;
    const char *who; /* role of the caller */
    const char *id;
    unsigned n;
    unsigned offers[2]; /* o= version by side */
};

static void request(struct call *k, const char *method, unsigned cseq,
                    int tagged, const char *more, struct view body)
{
    char head[1500];
    const char *ruri = tagged            ? "sip:mbx@127.9.3.3"
                       : k->c->retrieval ? REC_MB
                                         : "sip:vm@vm.home-b.example;target="
                                           "sip:bob%40home-b.example;cause=302";
    struct cap_addr a = rec_addr(k->who, 0);
    char ip[CAP_ADDR_TEXT];
    cap_addr_ip_text(ip, &a);
    snprintf(head, sizeof head,
             "%s %s SIP/2.0\r\nVia: SIP/2.0/TCP %s:5060;branch=z9hG4bK-%u-%u-"
             "%s\r\nMax-Forwards: 70\r\nFrom: <%s>;tag=a%u\r\nTo: <%s>%s%u\r\n"
             "Call-ID: call-%u@%s\r\nCSeq: %u %s\r\nContact: <sip:u@%s>\r\n%s",
             method, ruri, ip, k->n, cseq, method, k->id, k->n,
             k->c->retrieval ? REC_MB : REC_B, tagged ? ";tag=m" : ";x=", k->n,
             k->n, ip, cseq, method, ip, more);
    rec_sip(k->r, k->who, "MB", head, "application/sdp", body);
}

static void response(struct call *k, const char *status, const char *method,
                     unsigned cseq, const char *more, const char *type,
                     struct view body)
{
    char head[1500];
    struct cap_addr a = rec_addr(k->who, 0);
    char ip[CAP_ADDR_TEXT];
    cap_addr_ip_text(ip, &a);
    snprintf(head, sizeof head,
             "SIP/2.0 %s\r\nVia: SIP/2.0/TCP %s:5060;branch=z9hG4bK-%u-%u-%s"
             "\r\nFrom: <%s>;tag=a%u\r\nTo: <%s>;tag=m%u\r\nCall-ID: "
             "call-%u@%s\r\nCSeq: %u %s\r\nContact: "
             "<sip:mbx@127.9.3.3>;automata;actor=\"msg-taker\"\r\n%s",
             status, ip, k->n, cseq, method, k->id, k->n,
             k->c->retrieval ? REC_MB : REC_B, k->n, k->n, ip, cseq, method,
             more);
    rec_sip(k->r, "MB", k->who, head, type, body);
}

static struct view sdp(struct call *k, int side, const struct rec_octets *m,
                       char out[4096])
{
    char *text = base64_new(m->data, m->len);
    const char *ip = side              ? "127.9.3.3"
                     : k->c->retrieval ? "127.9.3.2"
                                       : "127.9.3.1";
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    if (k->c->twist == TW_I1_BASE64 && !side) {
        text[5] = '*';
    }
    int n = snprintf(out, 4096,
                     "v=0\r\no=- %u %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
                     "t=0 0\r\na=key-mgmt:mikey %s\r\nm=audio %u RTP/SAVP 0\r\n"
                     "a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n",
                     k->n, ++k->offers[side], ip, ip, text,
                     (side ? 30000u : 40000u) + 2 * k->n);
    mem_free(text);
    return (struct view){(const uint8_t *)out, (size_t)n};
}

static void send_media(struct call *k, const struct rec_call *of, int back)
{
    struct cap_addr a = rec_addr(k->who, (uint16_t)(40000 + 2 * k->n));
    struct cap_addr m = rec_addr("MB", (uint16_t)(30000 + 2 * k->n));
    for (int i = 0; i < of->packets; i++) {
        k->r->us += 20000;
        CU_ASSERT_EQUAL(
            tap_udp(k->r->tap, k->r->us, back ? &m : &a, back ? &a : &m,
                    (struct view){of->rtp[i], (size_t)of->rtp_len[i]}),
            STATUS_OK);
    }
}

static void part(struct wr *w, const struct rec_call *d, int altered)
{
    struct rec_octets i2 = d->i2;
    i2.data[i2.len - 1] ^= (uint8_t)altered;
    char *text = base64_new(i2.data, i2.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    wr_printf(w,
              "--b1\r\nContent-Type: application/mikey\r\nContent-Transfer-"
              "Encoding: base64\r\nContent-ID: <k%u@x>\r\n\r\n%s\r\n--b1\r\n"
              "Content-Type: message/sipfrag\r\n\r\nFrom: <" REC_A
              ">;tag=a\r\nP-Asserted-Identity: <" REC_A ">\r\nTo: <" REC_B
              ">\r\nCall-ID: c\r\n\r\n",
              d->seed, text);
    mem_free(text);
}

static void ok_invite(struct call *k)
{
    struct wr w;
    const struct view none = {0};
    if (k->c->deliver[0] == NULL) {
        response(k, "200 OK", "INVITE", 1, "", "", none);
        return;
    }
    wr_init(&w);
    for (size_t i = 0; i < 4 && k->c->deliver[i] != NULL; i++) {
        part(&w, k->c->deliver[i], k->c->alter_esk);
    }
    wr_str(&w, "--b1--\r\n");
    response(k, "200 OK", "INVITE", 1, "MIME-Version: 1.0\r\n",
             "multipart/mixed;boundary=b1", (struct view){w.data, w.len});
    wr_cleanup(&w);
}

static void media(struct call *k)
{
    struct rec_call *c = k->c;
    if (c->retrieval) {
        for (size_t i = 0; i < 4 && c->deliver[i] != NULL; i++) {
            send_media(k, c->deliver[i], 1);
        }
        return;
    }
    for (int i = 0; i < c->packets && c->sk_len > 0; i++) {
        c->rtp_len[i] = rec_media(c, i, c->rtp[i]);
    }
    if (!c->no_content && c->sk_len > 0) {
        send_media(k, c, 0);
    }
}

static void leave(struct call *k, unsigned cseq)
{
    const struct view none = {0};
    request(k, "BYE", cseq, 1, "", none);
    response(k, "200 OK", "BYE", cseq, "", "", none);
}

void rec_call(struct rec *r, struct rec_call *c)
{
    struct call k = {.r = r, .c = c, .n = ++r->calls};
    const struct view none = {0};
    char buf[4096];
    k.who = c->retrieval ? "B" : "A";
    k.id = c->retrieval ? REC_B : REC_A;
    r->us += 1000000;
    rec_make_i1(r, c);
    request(&k, "INVITE", 1, 0, "Supported: 100rel\r\n",
            sdp(&k, 0, &c->i1, buf));
    if (c->stop == 1) {
        response(&k, "488 Not Acceptable Here", "INVITE", 1, "", "", none);
        request(&k, "ACK", 1, 1, "", none);
        return;
    }
    rec_make_r1(r, c);
    response(&k, "183 Session Progress", "INVITE", 1,
             "Require: 100rel\r\nRSeq: 1\r\n", "application/sdp",
             sdp(&k, 1, &c->r1, buf));
    request(&k, "PRACK", 2, 1, "RAck: 1 1 INVITE\r\n", none);
    response(&k, "200 OK", "PRACK", 2, "", "", none);
    if (c->stop == 2) {
        leave(&k, 3);
        return;
    }
    rec_make_i2(r, c);
    request(&k, "UPDATE", 3, 1, "", sdp(&k, 0, &c->i2, buf));
    if (c->refuse != 0) {
        response(&k, "488 Not Acceptable Here", "UPDATE", 3, "", "", none);
        response(&k, "488 Not Acceptable Here", "INVITE", 1, "", "", none);
        request(&k, "ACK", 1, 1, "", none);
        return;
    }
    if (c->stop == 3) {
        return;
    }
    rec_make_r2(r, c);
    response(&k, "200 OK", "UPDATE", 3, "", "application/sdp",
             sdp(&k, 1, &c->r2, buf));
    ok_invite(&k);
    request(&k, "ACK", 1, 1, "", none);
    media(&k);
    leave(&k, 4);
}
