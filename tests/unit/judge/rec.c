/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Recordings: files, SIP, plan. The key exchange is in rec_mikey.c. */
#include "tests/unit/judge/rec_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_US UINT64_C(1767610800000000) /* 2026-01-05T11:00:00Z */

/* RFC 5091, 7.4 (toy sizes), and its master secret. */
static const char params[] =
    "3081b4020102060b6086480186fd1e01010101021900a6a0ffd016103fffffff"
    "fff595f002fe9ef195f002fe9efb02120ffffffffffffffffffffffeffffffff"
    "ffff303402186924c354256acf5a0ff7f61be4f0495b54540a5bf6395b3d0218"
    "024fd8e2eb7c09104bca116f41c035219955237c0eac19ab3036021900a68412"
    "ae960d1392701066664d20b2f4a76d6ee7156211080219009e7644e75c9a131d"
    "075752e143e3f0435ff231b6745a486f06052b0e03021a";
static const char master[] = "0749e52ddb807e0220054417e514742b05a0";

static const struct {
    const char *role, *ip, *identity;
} cast[] = {{"A", "127.9.3.1", REC_A},
            {"MB", "127.9.3.3", REC_MB},
            {"B", "127.9.3.2", REC_B},
            {"C", "127.9.3.6", REC_C}};

struct cap_addr rec_addr(const char *role, uint16_t port)
{
    struct cap_addr a = {0};
    for (size_t i = 0; i < sizeof cast / sizeof cast[0]; i++) {
        if (strcmp(cast[i].role, role) == 0) {
            CU_ASSERT_EQUAL_FATAL(cap_addr_parse(&a, cast[i].ip), STATUS_OK);
        }
    }
    CU_ASSERT_NOT_EQUAL_FATAL(a.version, 0);
    a.port = port;
    return a;
}

char *rec_path(const struct rec *r, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", r->dir, name);
    return out;
}

void rec_init(struct rec *r)
{
    char path[128], why[RECORD_ERROR_TEXT];
    uint8_t der[256];
    size_t len = 0;
    enum bf_reason reason;
    memset(r, 0, sizeof *r);
    strcpy(r->dir, P_tmpdir "/judge-rec-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->dir));
    CU_ASSERT_EQUAL_FATAL(
        tap_open(&r->tap, rec_path(r, "capture.pcap", path), why), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(
        hex_decode(der, sizeof der, &len, params, strlen(params)), STATUS_OK);
    r->bp = bf_params_decode(der, len, 1, &reason);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->bp);
    r->us = START_US;
    env_init_virtual(&r->env, START_US, 7);
    wr_init(&r->keys);
    wr_init(&r->plan);
    wr_init(&r->evidence);
    wr_printf(&r->keys, "IBE_MASTER %s %s\n", params, master);
    wr_str(&r->plan, "plan: 1\ntp: TP_TEST\ntitle: made by a test\nrole: MB\n"
                     "parties:\n");
    for (size_t i = 0; i < sizeof cast / sizeof cast[0]; i++) {
        int mb = strcmp(cast[i].role, "MB") == 0;
        wr_printf(&r->plan,
                  "  - {role: %s, address: %s, sip_port: 5060, identity: "
                  "\"%s\"%s, harness: %s}\n",
                  cast[i].role, cast[i].ip, cast[i].identity,
                  mb ? ", account: \"" REC_B "\"" : "", mb ? "false" : "true");
    }
    wr_str(&r->plan, "pixit: {PX_T_QUIET: 300}\nexpect:\n");
}

void rec_done(struct rec *r)
{
    static const char *const names[] = {
        "capture.pcap", "keys.log",       "plan.yaml",      "evidence.jsonl",
        "cut.pcap",     "rendered-1.wav", "rendered-2.wav", NULL};
    char path[128];
    if (r->tap != NULL) {
        tap_close(r->tap);
    }
    for (size_t i = 0; names[i] != NULL; i++) {
        unlink(rec_path(r, names[i], path));
    }
    CU_ASSERT_EQUAL(rmdir(r->dir), 0);
    bf_params_free(r->bp);
    wr_cleanup(&r->keys);
    wr_cleanup(&r->plan);
    wr_cleanup(&r->evidence);
}

/* ---- SIP
 * ------------------------------------------------------------------------- */

void rec_sip(struct rec *r, const char *src, const char *dst, const char *head,
             const char *type, struct view body)
{
    struct cap_addr a = rec_addr(src, 5060), b = rec_addr(dst, 5060);
    struct wr w;
    wr_init(&w);
    wr_str(&w, head);
    if (body.len > 0) {
        wr_printf(&w, "Content-Type: %s\r\n", type);
    }
    wr_printf(&w, "Content-Length: %zu\r\n\r\n", body.len);
    wr_bytes(&w, body.data, body.len);
    r->us += 10000;
    CU_ASSERT_EQUAL_FATAL(
        tap_tcp(r->tap, r->us, &a, &b, (struct view){w.data, w.len}),
        STATUS_OK);
    wr_cleanup(&w);
}

void rec_quiet(struct rec *r, unsigned ms)
{
    static const char *const text =
        "OPTIONS sip:bob@home-b.example SIP/2.0\r\nVia: SIP/2.0/TCP "
        "127.9.3.1;branch=z9hG4bK-o%u\r\nMax-Forwards: 70\r\nFrom: "
        "<" REC_A ">;tag=o\r\nTo: <" REC_B ">\r\nCall-ID: opt-%u\r\n"
        "CSeq: 1 OPTIONS\r\n";
    static const char *const answer =
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 127.9.3.1;branch=z9hG4bK-o%u\r\n"
        "From: <" REC_A ">;tag=o\r\nTo: <" REC_B ">;tag=m\r\nCall-ID: "
        "opt-%u\r\nCSeq: 1 OPTIONS\r\nContact: "
        "<sip:m@127.9.3.3>;automata;actor=\"msg-taker\"\r\n";
    char head[1024];
    unsigned n = ++r->calls;
    r->us += (uint64_t)ms * 1000u;
    snprintf(head, sizeof head, text, n, n);
    rec_sip(r, "A", "MB", head, "", (struct view){0});
    snprintf(head, sizeof head, answer, n, n);
    rec_sip(r, "MB", "A", head, "", (struct view){0});
}

void rec_notify(struct rec *r, unsigned cseq, unsigned fresh, unsigned old)
{
    char head[512], body[256];
    snprintf(
        head, sizeof head,
        "NOTIFY sip:bob@127.9.3.2 SIP/2.0\r\nVia: SIP/2.0/TCP "
        "127.9.3.3;branch=z9hG4bK-n%u\r\nMax-Forwards: 70\r\nFrom: <" REC_MB
        ">;tag=m\r\nTo: <" REC_B ">;tag=b\r\nCall-ID: mwi\r\n"
        "CSeq: %u NOTIFY\r\nEvent: message-summary\r\n"
        "Subscription-State: active\r\n",
        cseq, cseq);
    snprintf(body, sizeof body,
             "Messages-Waiting: %s\r\nMessage-Account: " REC_MB
             "\r\nVoice-Message: %u/%u (0/0)\r\n",
             fresh > 0 ? "yes" : "no", fresh, old);
    rec_sip(r, "MB", "B", head, "application/simple-message-summary",
            (struct view){(const uint8_t *)body, strlen(body)});
}

/* ---- plan and files
 * ------------------------------------------------------------------ */

void rec_expect(struct rec *r, const char *law, const char *at, const char *as)
{
    wr_printf(&r->plan, "  - {law: %s, at: %s, as: %s}\n", law, at, as);
}

static void write_file(const struct rec *r, const char *name,
                       const struct wr *w)
{
    char path[128];
    FILE *f = fopen(rec_path(r, name, path), "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(w->data, 1, w->len, f), w->len);
    CU_ASSERT_EQUAL(fclose(f), 0);
}

void rec_write(struct rec *r, int without)
{
    if (r->tap != NULL) {
        CU_ASSERT_EQUAL_FATAL(tap_close(r->tap), STATUS_OK);
        r->tap = NULL;
    }
    if ((without & REC_NO_KEYS) == 0) {
        write_file(r, "keys.log", &r->keys);
    }
    if ((without & REC_NO_PLAN) == 0) {
        write_file(r, "plan.yaml", &r->plan);
    }
    if (r->evidence.len > 0) {
        write_file(r, "evidence.jsonl", &r->evidence);
    }
}

struct judge_result *rec_judge(struct rec *r, int without)
{
    struct judge_error e = {0};
    char pcap[128], keys[128];
    struct judge_result *out;
    rec_write(r, without);
    if ((without & REC_NO_PLAN) != 0) {
        out = judge_capture(
            rec_path(r, "capture.pcap", pcap),
            (without & REC_NO_KEYS) != 0 ? NULL : rec_path(r, "keys.log", keys),
            NULL, &e);
    } else {
        out = judge_bundle(r->dir, NULL, NULL, &e);
    }
    if (out == NULL) {
        printf("%s\n", e.text);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    return out;
}

const struct judge_finding *rec_first(const struct judge_result *r,
                                      const char *law, const char *place,
                                      enum judge_verdict v)
{
    for (size_t i = 0; i < r->num_findings; i++) {
        const struct judge_finding *f = &r->findings[i];
        if (strcmp(f->law->name, law) == 0 && f->verdict == v &&
            (place == NULL || strcmp(f->place, place) == 0)) {
            return f;
        }
    }
    return NULL;
}

enum judge_verdict rec_finding(const struct judge_result *r, const char *law,
                               const char *place, const char *party)
{
    enum judge_verdict v = JUDGE_NONE;
    for (size_t i = 0; i < r->num_findings; i++) {
        const struct judge_finding *f = &r->findings[i];
        if (strcmp(f->law->name, law) == 0 && strcmp(f->place, place) == 0 &&
            (party == NULL || strcmp(f->party, party) == 0) && f->verdict > v) {
            v = f->verdict;
        }
    }
    return v;
}
