/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Key logs with wrong but well-formed lines, and peers that lie: nobody pays
 * for what another wrote. */
#include "tests/unit/judge/rec.h"

#include "harness/base/text.h"
#include "harness/crypto/kdf.h"

#include <stdio.h>
#include <string.h>

static void put_hex(struct wr *w, const uint8_t *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wr_printf(w, "%02x", d[i]);
    }
}

static struct view esk_of(const struct rec_octets *m, struct mikey_msg *msg)
{
    CU_ASSERT_EQUAL_FATAL(mikey_decode(msg, m->data, m->len, NULL), STATUS_OK);
    const struct mikey_payload *p = mikey_find(msg, MIKEY_PL_ESK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p->u.enc.data;
}

/* A log that gives MPK, TGK and SK and nothing to compute them from. */
static void given_keys(struct rec *r, const struct rec_call *c, int wrong)
{
    static struct mikey_msg msg;
    uint8_t digest[32], bad[65];
    CU_ASSERT_EQUAL_FATAL(mikey_decode(&msg, c->i1.data, c->i1.len, NULL),
                          STATUS_OK);
    struct view rnd = mikey_find(&msg, MIKEY_PL_RAND)->u.rnd.rand;
    const uint8_t *key[2] = {c->mpk, c->tgk};
    static const char *const name[2] = {"MPK", "TGK"};
    r->keys.len = 0;
    for (int i = 0; i < 2; i++) {
        memcpy(bad, key[i], 32);
        bad[5] ^= (uint8_t)(wrong >> i & 1);
        wr_printf(&r->keys, "%s %08x", name[i], msg.hdr.csb_id);
        put_hex(&r->keys, rnd.data, rnd.len);
        wr_str(&r->keys, " ");
        put_hex(&r->keys, bad, 32);
        wr_str(&r->keys, "\n");
    }
    kdf_sha256(digest, esk_of(&c->i2, &msg));
    memcpy(bad, c->sk, c->sk_len);
    bad[5] ^= (uint8_t)(wrong >> 2 & 1);
    wr_str(&r->keys, "SK ");
    put_hex(&r->keys, digest, 32);
    wr_str(&r->keys, " ");
    put_hex(&r->keys, bad, c->sk_len);
    wr_str(&r->keys, "\n");
}

static int says(const struct judge_result *j, const char *law,
                enum judge_verdict v, const char *words)
{
    for (size_t i = 0; i < j->num_findings; i++) {
        const struct judge_finding *f = &j->findings[i];
        if (strcmp(f->law->name, law) == 0 && f->verdict == v &&
            strstr(f->actual, words) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void a_wrong_line_condemns_nobody(void)
{
    static const struct {
        int wrong;
        const char *law, *words;
    } rows[] = {{0, NULL, NULL},
                {1, "r2-mac", "MPK (that of line 1 of the key log"},
                {2, NULL, NULL},
                {4, "content-under-e2e", "SK (that of line 3 of the key log"},
                {7, "r2-mac", "MPK (that of line 1 of the key log"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rec r;
        struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
        rec_init(&r);
        rec_call(&r, &a);
        rec_quiet(&r, 400);
        given_keys(&r, &a, rows[i].wrong);
        struct judge_result *j = rec_judge(&r, 0);
        for (size_t k = 0; k < j->num_findings; k++) {
            const struct judge_finding *f = &j->findings[k];
            if (f->verdict == JUDGE_FAIL) {
                printf("%d: %s: %s\n", rows[i].wrong, f->law->name, f->actual);
            }
            CU_ASSERT_NOT_EQUAL(f->verdict, JUDGE_FAIL);
        }
        if (rows[i].law != NULL) {
            CU_ASSERT_TRUE(says(j, rows[i].law, JUDGE_INCONC, rows[i].words));
        } else if (rows[i].wrong == 0) {
            CU_ASSERT_EQUAL(rec_finding(j, "r2-mac", "deposit 1", "MB"),
                            JUDGE_PASS);
        }
        judge_free(j);
        rec_done(&r);
    }
}

/* A given SK that fits some packets condemns the others. */
static void a_line_that_fits_still_condemns(void)
{
    struct rec r;
    struct rec_call a = {.seed = 1, .packets = 3, .flip = -1};
    struct rec_call b = {
        .seed = 2, .retrieval = 1, .flip = -1, .deliver = {&a}};
    rec_init(&r);
    rec_call(&r, &a);
    a.rtp[1][20] ^= 1;
    rec_call(&r, &b);
    rec_quiet(&r, 400);
    struct judge_result *j = rec_judge(&r, 0);
    CU_ASSERT_EQUAL(rec_finding(j, "delivery-octets", "retrieval 1", "MB"),
                    JUDGE_FAIL);
    judge_free(j);
    rec_done(&r);
}

static const struct unit_case cases[] = {
    {"a_wrong_line_condemns_nobody", a_wrong_line_condemns_nobody},
    {"a_line_that_fits_still_condemns", a_line_that_fits_still_condemns},
    {NULL, NULL}};
const struct unit_suite suite_hostile = {"hostile", cases};
