/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The key log as text: its grammar and each row of the error table in
 * docs/KEYLOG.md. */
#include "tests/unit/capture/capture_tests.h"

#include "capture/keylog.h"
#include "harness/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* x and xP of the transcript (P-256). */
#define POINT                                                                  \
    "04dee194247be003578f96f4a336e118a1771dc347da3e1e1f0e53059d530d46703f"     \
    "6267bb3bc3efb81148147031c9023e616972b199c62483d636eb758d4fd25a"
#define SCALAR                                                                 \
    "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
#define HASH "12a87bdf17b3768ff00c2883f087a3d92358d1b6d4c99646c1ffdc7a6ad963a1"
#define CANARY_HASH                                                            \
    "e312d9c313278c8bc9407111ee71409856a8428439c7bb35f4683a63a30d76f2"
#define CANARY "6c617463686b65792063616e617279"

static struct keylog *parse(const char *text, struct keylog_error *err)
{
    size_t n = strlen(text);
    char *exact = malloc(n > 0 ? n : 1); /* a read past the end is seen */
    if (exact == NULL) {
        return NULL;
    }
    memcpy(exact, text, n);
    struct keylog *kl = keylog_parse(exact, n, err);
    free(exact);
    return kl;
}

static size_t total(const struct keylog *kl)
{
    size_t n = 0;
    for (int l = 0; l < KEYLOG_NUM_LABELS; l++) {
        n += keylog_num(kl, (enum keylog_label)l);
    }
    return n;
}

static void texts_of_the_grammar_are_read(void)
{
    static const struct {
        const char *text;
        size_t entries;
    } rows[] = {
        {"", 0},
        {"\n\n", 0},
        {"# only a comment", 0},
        {"   \t # indented\r\n", 0},
        {"PSK 61 62\n", 1},
        {"PSK 61 62", 1},
        {"\tPSK \t61  62 \t\r\n", 1},
        {"PSK 61 62# right behind\n", 1},
        {"PSK 61 62 # PSK 63 64\nPSK 65 66\n", 2},
        {"PSK 61 62\nPSK 61 62\n", 1},
        {"PSK 61 62\nMPK 0102030405 62\nTGK 0102030405 62\n", 3},
        {"IBE_PARAMS - 3000\n", 1},
        {"IBE_PARAMS 61 3003020101\nIBE_PRIVATE 61 3000\nIBE_MASTER 3000 01\n",
         3},
        {"SK " HASH " 00\nCANARY " CANARY_HASH " " CANARY "\n", 2},
        {"ECDH_PRIVATE " POINT " " SCALAR "\n", 1},
        {"ECDH_PRIVATE 040102 01\n", 1}, /* a curve not computed on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct keylog_error err;
        struct keylog *kl = parse(rows[i].text, &err);
        if (kl == NULL || total(kl) != rows[i].entries) {
            printf("  row %zu: %s\n", i, kl == NULL ? err.text : "entries");
            CU_FAIL("text");
        }
        CU_ASSERT(err.status == STATUS_OK);
        keylog_free(kl);
    }
}

static void errors_name_place_and_remedy(void)
{
    static const struct {
        const char *text;
        enum status status;
        unsigned line, column;
        const char *has;
    } rows[] = {
        {"\nPSX 61 62", STATUS_SYNTAX, 2, 1, "Unknown label PSX. Known are"},
        {"  psk 61 62", STATUS_SYNTAX, 1, 3, "Unknown label psk"},
        {"\x01\xff 61 62", STATUS_SYNTAX, 1, 1, "Unknown label ??"},
        {"PSK 61", STATUS_SYNTAX, 1, 0, "fewer than three columns"},
        {"PSK", STATUS_SYNTAX, 1, 0, "fewer than three"},
        {"PSK 61 #62", STATUS_SYNTAX, 1, 0, "fewer than three"},
        {"#\n\nPSK 61 62 63", STATUS_SYNTAX, 3, 0, "more than three columns"},
        {"PSK 61 6A", STATUS_SYNTAX, 1, 9,
         "The secret has upper-case hex. Write lower-case."},
        {"PSK F1 62", STATUS_SYNTAX, 1, 5, "lookup value has upper-case"},
        {"PSK 61 6g", STATUS_SYNTAX, 1, 9, "octet 0x67"},
        {"PSK 61 62:63", STATUS_SYNTAX, 1, 10, "octet 0x3a"},
        {"PSK 61 626", STATUS_SYNTAX, 1, 8, "odd number"},
        {"PSK 616 62", STATUS_SYNTAX, 1, 5, "odd number"},
        {"PSK 61 -", STATUS_BAD_VALUE, 1, 0, "the secret is empty"},
        {"PSK - 61", STATUS_BAD_VALUE, 1, 0, "the lookup value is empty"},
        {"IBE_MASTER 3001 01", STATUS_BAD_VALUE, 1, 0, "DER"},
        {"IBE_MASTER 0200 01", STATUS_BAD_VALUE, 1, 0, "DER"},
        {"IBE_MASTER 308100 01", STATUS_BAD_VALUE, 1, 0, "DER"},
        {"IBE_MASTER 300000 01", STATUS_BAD_VALUE, 1, 0, "DER"},
        {"IBE_PARAMS 61 31", STATUS_BAD_VALUE, 1, 0, "is not DER"},
        {"IBE_PARAMS 61 3080", STATUS_BAD_VALUE, 1, 0, "is not DER"},
        {"IBE_PRIVATE 61 3084000000", STATUS_BAD_VALUE, 1, 0, "is not DER"},
        {"ECDH_PRIVATE 02" HASH " " SCALAR, STATUS_BAD_VALUE, 1, 0,
         "not an uncompressed point"},
        {"ECDH_PRIVATE 0401 " SCALAR, STATUS_BAD_VALUE, 1, 0,
         "not an uncompressed point"},
        {"ECDH_PRIVATE " POINT " 00" SCALAR, STATUS_BAD_VALUE, 1, 0,
         "not a scalar of that curve"},
        {"ECDH_PRIVATE " POINT " 01", STATUS_BAD_VALUE, 1, 0,
         "not a scalar of that curve"},
        {"ECDH_PRIVATE " POINT
         " 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4882",
         STATUS_BAD_VALUE, 1, 0, "the scalar does not give this public point"},
        {"MPK 01020304 05", STATUS_BAD_VALUE, 1, 0, "too short for CSB ID"},
        {"TGK 01020304 05", STATUS_BAD_VALUE, 1, 0, "too short for CSB ID"},
        {"SK 0102 05", STATUS_BAD_VALUE, 1, 0, "not a SHA-256"},
        {"CANARY " CANARY_HASH " 61", STATUS_BAD_VALUE, 1, 0,
         "not the SHA-256 of the canary"},
        {"CANARY 61 61", STATUS_BAD_VALUE, 1, 0,
         "not the SHA-256 of the canary"},
        {"PSK 61 62\n\nPSK 61 63", STATUS_DUPLICATE, 3, 0,
         "another secret for the same lookup value stands in line 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct keylog_error err = {0};
        struct keylog *kl = parse(rows[i].text, &err);
        int good = kl == NULL && err.status == rows[i].status &&
                   err.line == rows[i].line && err.column == rows[i].column &&
                   strstr(err.text, rows[i].has) != NULL &&
                   err.text[strlen(err.text) - 1] == '.';
        if (!good) {
            printf("  row %zu: %s %u:%u %s\n", i, status_name(err.status),
                   err.line, err.column, err.text);
        }
        CU_ASSERT(good);
        CU_ASSERT(parse(rows[i].text, NULL) == NULL);
        keylog_free(kl);
    }
}

static void entries_are_found(void)
{
    struct keylog_error err;
    struct wr w;
    struct view v;
    wr_init(&w);
    for (int i = 0; i < 1000; i++) {
        wr_printf(&w, "PSK %04x %04x\n", i, i ^ 0x5555);
    }
    wr_u8(&w, 0);
    struct keylog *kl = parse((const char *)w.data, &err);
    wr_cleanup(&w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kl);
    CU_ASSERT(keylog_num(kl, KEYLOG_PSK) == 1000);
    for (int i = 0; i < 1000; i++) {
        uint8_t id[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        CU_ASSERT(keylog_find(kl, KEYLOG_PSK, (struct view){id, 2}, &v) ==
                  STATUS_OK);
        CU_ASSERT(v.len == 2 && v.data[0] == (id[0] ^ 0x55) &&
                  v.data[1] == (id[1] ^ 0x55));
        CU_ASSERT(keylog_find(kl, KEYLOG_MPK, (struct view){id, 2}, NULL) ==
                  STATUS_NOT_FOUND);
        CU_ASSERT(keylog_at(kl, KEYLOG_PSK, (size_t)i)->line ==
                  (unsigned)i + 1);
    }
    CU_ASSERT(keylog_find(kl, KEYLOG_PSK, (struct view){NULL, 0}, &v) ==
              STATUS_NOT_FOUND);
    CU_ASSERT(keylog_find(kl, KEYLOG_NUM_LABELS, (struct view){NULL, 0}, &v) ==
              STATUS_MISUSE);
    CU_ASSERT(keylog_num(kl, KEYLOG_NUM_LABELS) == 0);
    keylog_free(kl);
    kl = keylog_new();
    CU_ASSERT(keylog_find(kl, KEYLOG_PSK, (struct view){NULL, 0}, &v) ==
              STATUS_NOT_FOUND);
    keylog_free(kl);
}

static void adding_makes_the_same_checks(void)
{
    struct keylog *kl = keylog_new();
    struct keylog_error err = {0};
    struct view id = {(const uint8_t *)"id", 2};
    struct view k1 = {(const uint8_t *)"k1", 2};
    struct view k2 = {(const uint8_t *)"k2", 2};
    struct view v;
    CU_ASSERT(keylog_add(kl, KEYLOG_PSK, id, k1, &err) == STATUS_OK);
    CU_ASSERT(keylog_add(kl, KEYLOG_PSK, id, k1, &err) == STATUS_OK);
    CU_ASSERT(keylog_num(kl, KEYLOG_PSK) == 1);
    CU_ASSERT(keylog_add(kl, KEYLOG_PSK, id, k2, &err) == STATUS_DUPLICATE);
    CU_ASSERT(err.status == STATUS_DUPLICATE);
    CU_ASSERT(keylog_add(kl, KEYLOG_PSK, id, (struct view){NULL, 0}, NULL) ==
              STATUS_BAD_VALUE);
    CU_ASSERT(keylog_add(kl, KEYLOG_MPK, id, k1, &err) == STATUS_BAD_VALUE);
    CU_ASSERT(keylog_add(kl, KEYLOG_NUM_LABELS, id, k1, &err) == STATUS_MISUSE);
    CU_ASSERT(keylog_find(kl, KEYLOG_PSK, id, &v) == STATUS_OK &&
              made_is(v, "k1"));
    CU_ASSERT(keylog_at(kl, KEYLOG_PSK, 0)->line == 0);
    keylog_free(kl);
}

static void labels_have_names(void)
{
    for (int l = 0; l < KEYLOG_NUM_LABELS; l++) {
        const char *n = keylog_label_name((enum keylog_label)l);
        CU_ASSERT_PTR_NOT_NULL_FATAL(n);
        CU_ASSERT(keylog_label_from(
                      (struct view){(const uint8_t *)n, strlen(n)}) == l);
    }
    CU_ASSERT(keylog_label_name(KEYLOG_NUM_LABELS) == NULL);
    CU_ASSERT(keylog_label_from((struct view){NULL, 0}) == -1);
}

static void lines_are_appended_and_read_back(void)
{
    char path[] = "keylog-test-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    unlink(path); /* keylog_append creates it */
    struct view id = {(const uint8_t *)"sip:a", 5};
    struct view key = {(const uint8_t *)"\x00\xff\x10", 3};
    struct view none = {NULL, 0};
    struct view der = {(const uint8_t *)"\x30\x00", 2};
    CU_ASSERT(keylog_append(path, KEYLOG_PSK, id, key) == STATUS_OK);
    CU_ASSERT(keylog_append(path, KEYLOG_IBE_PARAMS, none, der) == STATUS_OK);
    struct stat st;
    CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    size_t len;
    uint8_t *text = made_read_file(path, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT(made_is((struct view){text, len},
                      "PSK 7369703a61 00ff10\nIBE_PARAMS - 3000\n"));
    mem_free(text);
    struct keylog_error err;
    struct keylog *kl = keylog_load(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kl);
    struct view v;
    CU_ASSERT(keylog_find(kl, KEYLOG_PSK, id, &v) == STATUS_OK && v.len == 3);
    keylog_free(kl);
    unlink(path);
    CU_ASSERT(keylog_load(path, &err) == NULL);
    CU_ASSERT(err.status == STATUS_NOT_FOUND && strstr(err.text, path) != NULL);
    CU_ASSERT(keylog_load(".", &err) == NULL);
    CU_ASSERT(err.status == STATUS_IO);
    CU_ASSERT(keylog_append("/nonexistent/keys.log", KEYLOG_PSK, id, key) ==
              STATUS_IO);
}

static uint8_t *transcript(size_t *len)
{
    uint8_t *text = made_read_file(
        LATCHKEY_SOURCE_DIR "/tests/unit/capture/annex_c.keys", len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return text;
}

/* A log cut anywhere, or with a flipped bit, is refused or read; no entry comes
 * out of it that does not stand in it. */
static void cut_and_damaged_logs_do_no_harm(void)
{
    size_t len;
    uint8_t *text = transcript(&len);
    struct keylog_error err;
    struct keylog *whole = keylog_parse((const char *)text, len, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    CU_ASSERT(total(whole) == 13);
    for (size_t n = 0; n < len; n++) {
        uint8_t *exact = malloc(n > 0 ? n : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
        memcpy(exact, text, n);
        struct keylog *kl = keylog_parse((const char *)exact, n, &err);
        CU_ASSERT((kl != NULL) == (err.status == STATUS_OK));
        CU_ASSERT(kl == NULL || total(kl) <= 13);
        keylog_free(kl);
        free(exact);
    }
    for (size_t i = 0; i < len; i += 3) {
        text[i] ^= (uint8_t)(1u << i % 8);
        struct keylog *kl = keylog_parse((const char *)text, len, &err);
        CU_ASSERT((kl != NULL) == (err.status == STATUS_OK));
        keylog_free(kl);
        text[i] ^= (uint8_t)(1u << i % 8);
    }
    keylog_free(whole);
    mem_free(text);
}

static void want_of_memory_is_reported(void)
{
    size_t len;
    uint8_t *text = transcript(&len);
    unsigned long before = mem_live();
    unsigned long n = 1;
    for (; n < 300; n++) {
        struct keylog_error err = {0};
        mem_fail_at(n);
        struct keylog *kl = keylog_parse((const char *)text, len, &err);
        mem_fail_at(0);
        if (kl != NULL) {
            keylog_free(kl);
            break;
        }
        CU_ASSERT(err.status == STATUS_NO_MEMORY ||
                  err.status == STATUS_BAD_VALUE);
        CU_ASSERT(mem_live() == before);
    }
    CU_ASSERT(n > 20 && n < 300 && mem_live() == before);
    mem_free(text);
}

static const struct unit_case cases[] = {
    {"texts_of_the_grammar_are_read", texts_of_the_grammar_are_read},
    {"errors_name_place_and_remedy", errors_name_place_and_remedy},
    {"entries_are_found", entries_are_found},
    {"adding_makes_the_same_checks", adding_makes_the_same_checks},
    {"labels_have_names", labels_have_names},
    {"lines_are_appended_and_read_back", lines_are_appended_and_read_back},
    {"cut_and_damaged_logs_do_no_harm", cut_and_damaged_logs_do_no_harm},
    {"want_of_memory_is_reported", want_of_memory_is_reported},
    {NULL, NULL}};
const struct unit_suite keylog_suite = {"keylog", cases};
