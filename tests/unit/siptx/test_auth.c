/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Digest: the examples of RFC 2617, 3.5 and RFC 7616, 3.9.1 fix the formula
 * through Python's hashlib (see the expected values); here the cnonce is ours,
 * so the test computes the response again from what was sent. */
#include "tests/unit/siptx/siptx_tests.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static void hash(char out[65], const char *algorithm, const char *text)
{
    uint8_t digest[64];
    unsigned len = 0;
    CU_ASSERT_FATAL(EVP_Digest(text, strlen(text), digest, &len,
                               EVP_get_digestbyname(algorithm), NULL) == 1);
    hex_encode(out, digest, len);
}

/* name="value" or name=value inside a field */
static void part(char out[128], const char *field, const char *name)
{
    char key[32];
    snprintf(key, sizeof(key), "%s=", name);
    const char *p = strstr(field, key);
    CU_ASSERT_FATAL(p != NULL);
    p += strlen(key);
    p += *p == '"';
    snprintf(out, 128, "%.*s", (int)strcspn(p, "\","), p);
}

static void answer(struct world *w, const char *status, const char *challenge,
                   struct siptx_credentials *cred, enum status want,
                   struct sip_out *out)
{
    /* The response is read from octets, as it would come from the wire. */
    struct siptx_client *tx = world_start(w, "REGISTER");
    net_loop_settle(w->loop);
    siptx_client_forget(tx);
    char *lines = mem_printf("%s\r\n", challenge);
    char *text = peer_response(w, w->num_seen - 1, status, "r1", lines);
    mem_free(lines);
    struct sip_msg *msg = unit_parse(text);
    CU_ASSERT_FATAL(msg != NULL);
    CU_ASSERT(siptx_request(w->ep, out, "REGISTER", "sip:home-a.example",
                            "<sip:a@x>", "<sip:a@x>") == STATUS_OK);
    CU_ASSERT(siptx_authorize(w->ep, out, msg, cred) == want);
    unit_parse_free(msg);
    mem_free(text);
}

static void check(const char *status, const char *challenge,
                  const char *field_name, const char *algorithm, int qop)
{
    struct world w;
    struct sip_out out;
    struct siptx_credentials cred = {"Mufasa", "Circle Of Life", 0};
    world_begin(&w, NULL);
    answer(&w, status, challenge, &cred, STATUS_OK, &out);
    CU_ASSERT(cred.nonce_count == 1);
    struct siptx_dest dest = {.transport = SIPTX_UDP};
    CU_ASSERT(net_addr_of(&dest.addr, "127.0.0.2", 5060) == STATUS_OK);
    CU_ASSERT(siptx_send(w.ep, &out, &dest, NULL, NULL, NULL) == STATUS_OK);
    sip_out_free(&out);
    net_loop_settle(w.loop);
    const char *field = seen_field(&w, w.num_seen - 1, field_name);
    CU_ASSERT_FATAL(strncmp(field, "Digest ", 7) == 0);
    CU_ASSERT_STRING_EQUAL(seen_field(&w, w.num_seen - 1, "CSeq"),
                           "2 REGISTER");
    char nonce[128];
    char response[128];
    char a1[65];
    char a2[65];
    char want[65];
    char text[600];
    part(nonce, field, "nonce");
    part(response, field, "response");
    CU_ASSERT_STRING_EQUAL(nonce, "dcd98b7102dd2f0e8b11d0f600bfb0c093");
    hash(a1, algorithm, "Mufasa:testrealm@host.com:Circle Of Life");
    hash(a2, algorithm, "REGISTER:sip:home-a.example");
    if (qop) {
        char cnonce[128];
        char nc[128];
        part(cnonce, field, "cnonce");
        part(nc, field, "nc");
        CU_ASSERT_STRING_EQUAL(nc, "00000001");
        snprintf(text, sizeof(text), "%s:%s:%s:%s:auth:%s", a1, nonce, nc,
                 cnonce, a2);
    } else {
        snprintf(text, sizeof(text), "%s:%s:%s", a1, nonce, a2);
    }
    hash(want, algorithm, text);
    CU_ASSERT_STRING_EQUAL(response, want);
    world_end(&w);
}

#define REALM                                                                  \
    "Digest realm=\"testrealm@host.com\", "                                    \
    "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""

static void answers_hash_what_rfc_2617_says(void)
{
    check("401 Unauthorized",
          "WWW-Authenticate: " REALM ", qop=\"auth,auth-int\"", "Authorization",
          "MD5", 1);
    check("401 Unauthorized", "WWW-Authenticate: " REALM, "Authorization",
          "MD5", 0);
    check("407 Proxy Authentication Required",
          "Proxy-Authenticate: " REALM ", algorithm=MD5, qop=\"auth\"",
          "Proxy-Authorization", "MD5", 1);
    check("401 Unauthorized",
          "WWW-Authenticate: " REALM ", algorithm=SHA-256, qop=\"auth\"",
          "Authorization", "SHA256", 1);
}

static void challenges_we_cannot_answer(void)
{
    static const struct {
        const char *line;
        enum status want;
    } rows[] = {
        {"X: y", STATUS_NOT_FOUND},
        {"WWW-Authenticate: Basic realm=\"x\"", STATUS_NOT_FOUND},
        {"WWW-Authenticate: " REALM ", algorithm=AKAv1-MD5",
         STATUS_UNSUPPORTED},
        {"WWW-Authenticate: " REALM ", qop=\"auth-int\"", STATUS_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        struct sip_out out;
        struct siptx_credentials cred = {"a", "b", 0};
        world_begin(&w, NULL);
        answer(&w, "401 Unauthorized", rows[i].line, &cred, rows[i].want, &out);
        CU_ASSERT(cred.nonce_count == 0);
        sip_out_free(&out);
        world_end(&w);
    }
}

static const struct unit_case cases[] = {
    {"answers_hash_what_rfc_2617_says", answers_hash_what_rfc_2617_says},
    {"challenges_we_cannot_answer", challenges_we_cannot_answer},
    {NULL, NULL}};
const struct unit_suite auth_suite = {"auth", cases};
