/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Keys that follow from a key log: the transcript of the MIKEY-IBAKE digest. */
#include "tests/unit/capture/capture_tests.h"

#include "capture/keylog.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <stdio.h>
#include <string.h>

#define DATE "20260105"

static struct view text_view(const char *s)
{
    return (struct view){(const uint8_t *)s, strlen(s)};
}

/* The transcript without the labels in skip (NULL-terminated). */
static struct keylog *transcript(const char *const *skip)
{
    size_t len;
    struct wr w;
    struct keylog_error err;
    uint8_t *text = made_read_file(
        LATCHKEY_SOURCE_DIR "/tests/unit/capture/annex_c.keys", &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    wr_init(&w);
    for (size_t at = 0; at < len;) {
        const uint8_t *nl = memchr(text + at, '\n', len - at);
        size_t n = nl != NULL ? (size_t)(nl - (text + at)) + 1 : len - at;
        int drop = 0;
        for (size_t i = 0; skip != NULL && skip[i] != NULL; i++) {
            size_t k = strlen(skip[i]);
            drop |= n > k && memcmp(text + at, skip[i], k) == 0;
        }
        if (!drop) {
            wr_bytes(&w, text + at, n);
        }
        at += n;
    }
    mem_free(text);
    struct keylog *kl = keylog_parse((const char *)w.data, w.len, &err);
    wr_cleanup(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kl);
    return kl;
}

static int opens(const struct bf_id *id, const struct bf_key *key)
{
    struct env env;
    struct wr c;
    struct wr m;
    enum bf_reason reason;
    int ok = 0;
    env_init_virtual(&env, 0, 7);
    wr_init(&c);
    wr_init(&m);
    if (bf_encrypt(id, &env, text_view("canary"), &c) == STATUS_OK &&
        bf_decrypt(key, c.data, c.len, &m, &reason) == STATUS_OK) {
        ok = made_is((struct view){m.data, m.len}, "canary");
    }
    wr_cleanup(&c);
    wr_cleanup(&m);
    return ok;
}

static void given_keys_are_found_and_checked(void)
{
    static const char *const no_master[] = {"IBE_MASTER", NULL};
    struct keylog *kl = transcript(no_master);
    struct view alice = text_view("sip:alice@example.com");
    const struct bf_key *key = keylog_private(kl, alice, DATE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT(keylog_private(kl, alice, DATE) == key); /* cached */
    CU_ASSERT(keylog_private_for(
                  kl, alice, text_view("sip:alice@example.com" DATE)) == key);
    CU_ASSERT(bf_key_check(key, text_view("sip:alice@example.com" DATE)) ==
              STATUS_OK);
    const struct bf_id *id = keylog_public(kl, alice, DATE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(id);
    CU_ASSERT(keylog_public(kl, alice, DATE) == id);
    CU_ASSERT(opens(id, key));
    /* The mailbox lives in another domain. */
    CU_ASSERT_PTR_NOT_NULL(
        keylog_private(kl, text_view("sip:vm.bob@example.net"), DATE));
    /* Another date: nothing in the log gives that key. */
    CU_ASSERT_PTR_NULL(keylog_private(kl, alice, "20260106"));
    CU_ASSERT(strstr(keylog_why(kl), "sip:alice@example.com20260106") != NULL);
    CU_ASSERT(strstr(keylog_why(kl), "IBE_PRIVATE") != NULL);
    CU_ASSERT(!opens(keylog_public(kl, alice, "20260106"), key));
    keylog_free(kl);
}

static void keys_are_extracted_with_the_master_secret(void)
{
    static const char *const no_private[] = {"IBE_PRIVATE", NULL};
    static const char *const only_master[] = {"IBE_PRIVATE", "IBE_PARAMS",
                                              NULL};
    struct view bob = text_view("sip:bob@example.com");
    for (int i = 0; i < 2; i++) {
        struct keylog *kl = transcript(i == 0 ? no_private : only_master);
        struct keylog *given = transcript(NULL);
        const struct bf_key *mine = keylog_private(kl, bob, DATE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(mine);
        CU_ASSERT(opens(keylog_public(given, bob, DATE), mine));
        CU_ASSERT_PTR_NOT_NULL(keylog_private(kl, bob, "20300101"));
        keylog_free(given);
        keylog_free(kl);
    }
}

static void parameters_are_chosen_by_domain(void)
{
    struct keylog *kl = keylog_new();
    struct keylog *from = transcript(NULL);
    const struct keylog_entry *e = keylog_at(from, KEYLOG_IBE_PARAMS, 0);
    static const uint8_t other[] = {0x30, 0x03, 0x02, 0x01, 0x02};
    struct view bad = {other, sizeof other};
    CU_ASSERT_PTR_NULL(keylog_params(kl, text_view("sip:a@home-b.example")));
    CU_ASSERT(strstr(keylog_why(kl), "IBE_PARAMS line for its domain") != NULL);
    keylog_add(kl, KEYLOG_IBE_PARAMS, text_view("home-b.example"), e->secret,
               NULL);
    /* Only one set in the log: it serves everybody. */
    CU_ASSERT_PTR_NOT_NULL(keylog_params(kl, text_view("sip:a@elsewhere.org")));
    keylog_add(kl, KEYLOG_IBE_PARAMS, text_view("example"), bad, NULL);
    static const struct {
        const char *identity;
        int good; /* 1: home-b.example, 0: example (refused), -1: none */
    } rows[] = {
        {"sip:bob@home-b.example", 1},
        {"sip:bob-mbx@vm.home-b.example", 1},
        {"sip:bob@HOME-B.Example:5060;transport=tcp", 1},
        {"sip:bob@home-b.example?a=b", 1},
        {"sip:vm.home-b.example", 1},
        {"sip:x@other-home-b.example", 0},
        {"sip:x@home-a.example", 0},
        {"sip:x@example", 0},
        {"sip:x@example.org", -1},
        {"sip:x@[2001:db8::1]:5060", -1},
        {"tel:+1", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct bf_params *bp =
            keylog_params(kl, text_view(rows[i].identity));
        const char *why = keylog_why(kl);
        int good = rows[i].good == 1   ? bp != NULL
                   : rows[i].good == 0 ? bp == NULL && strstr(why, "refused")
                                       : bp == NULL && strstr(why, "does not "
                                                                   "say");
        if (!good) {
            printf("  %s: %s\n", rows[i].identity, why);
        }
        CU_ASSERT(good);
    }
    keylog_add(kl, KEYLOG_IBE_PARAMS, (struct view){NULL, 0}, e->secret, NULL);
    CU_ASSERT_PTR_NOT_NULL(keylog_params(kl, text_view("tel:+1")));
    keylog_free(kl);
    keylog_free(from);
}

static void a_key_of_somebody_else_is_refused(void)
{
    static const char *const skip[] = {"IBE_PRIVATE", "IBE_MASTER", NULL};
    struct keylog *from = transcript(NULL);
    struct keylog *kl = transcript(skip);
    struct view alice = text_view("sip:alice@example.com");
    keylog_add(kl, KEYLOG_IBE_PRIVATE, text_view("sip:alice@example.com" DATE),
               keylog_at(from, KEYLOG_IBE_PRIVATE, 1)->secret,
               NULL); /* Bob's */
    CU_ASSERT_PTR_NULL(keylog_private(kl, alice, DATE));
    CU_ASSERT(strstr(keylog_why(kl), "not the key of that identity") != NULL);
    struct keylog_error err;
    CU_ASSERT(keylog_check(kl, &err) == STATUS_BAD_VALUE);
    CU_ASSERT(strstr(err.text, "not the key of that identity") != NULL);
    keylog_free(kl);
    keylog_free(from);
}

static void the_thorough_check_finds_the_line(void)
{
    struct keylog_error err;
    struct keylog *kl = transcript(NULL);
    CU_ASSERT(keylog_check(kl, &err) == STATUS_OK && err.status == STATUS_OK);
    CU_ASSERT(keylog_check(kl, NULL) == STATUS_OK);
    /* The master secret + 1 */
    struct wr w;
    struct view master = keylog_at(kl, KEYLOG_IBE_MASTER, 0)->secret;
    struct view params = keylog_at(kl, KEYLOG_IBE_MASTER, 0)->lookup;
    uint8_t wrong[64];
    CU_ASSERT_FATAL(master.len <= sizeof wrong);
    memcpy(wrong, master.data, master.len);
    wrong[master.len - 1] ^= 1;
    wr_init(&w);
    wr_str(&w, "# comment\n\n");
    keylog_line(&w, KEYLOG_IBE_MASTER, params,
                (struct view){wrong, master.len});
    struct keylog *bad = keylog_parse((const char *)w.data, w.len, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
    CU_ASSERT(keylog_check(bad, &err) == STATUS_BAD_VALUE);
    CU_ASSERT(err.line == 3 && strstr(err.text, "does not belong") != NULL);
    keylog_free(bad);
    wr_cleanup(&w);
    wr_init(&w);
    wr_str(&w, "IBE_PARAMS 61 3003020102\n");
    bad = keylog_parse((const char *)w.data, w.len, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
    CU_ASSERT(keylog_check(bad, &err) == STATUS_BAD_VALUE && err.line == 1);
    keylog_free(bad);
    wr_cleanup(&w);
    keylog_free(kl);
}

static const struct unit_case cases[] = {
    {"given_keys_are_found_and_checked", given_keys_are_found_and_checked},
    {"keys_are_extracted_with_the_master_secret",
     keys_are_extracted_with_the_master_secret},
    {"parameters_are_chosen_by_domain", parameters_are_chosen_by_domain},
    {"a_key_of_somebody_else_is_refused", a_key_of_somebody_else_is_refused},
    {"the_thorough_check_finds_the_line", the_thorough_check_finds_the_line},
    {NULL, NULL}};
const struct unit_suite keylog_keys_suite = {"keylog_keys", cases};
