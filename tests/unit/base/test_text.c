/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Hex and base64 (RFC 4648, 10 has the short examples). */
#include "harness/base/text.h"

#include "harness/base/env.h"
#include "harness/base/mem.h"
#include "tests/unit/base/base_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hex_goes_both_ways(void)
{
    static const uint8_t in[] = {0x00, 0x0f, 0xf0, 0xff, 0xa5};
    char text[11];
    uint8_t out[5];
    size_t len = 0;
    hex_encode(text, in, sizeof in);
    CU_ASSERT_STRING_EQUAL(text, "000ff0ffa5");
    CU_ASSERT(hex_decode(out, 5, &len, "000FF0ffA5", 10) == STATUS_OK);
    CU_ASSERT(len == 5 && memcmp(out, in, 5) == 0);
    CU_ASSERT(hex_decode(out, 5, &len, "000", 3) == STATUS_SYNTAX);
    CU_ASSERT(hex_decode(out, 5, &len, "0g", 2) == STATUS_SYNTAX);
    CU_ASSERT(hex_decode(out, 5, &len, "g0", 2) == STATUS_SYNTAX);
    CU_ASSERT(hex_decode(out, 5, &len, " 0", 2) == STATUS_SYNTAX);
    CU_ASSERT(hex_decode(out, 4, &len, text, 10) == STATUS_NO_SPACE);
    CU_ASSERT(hex_decode(out, 0, &len, "", 0) == STATUS_OK && len == 0);
    char *s = hex_new(in, 2);
    CU_ASSERT_STRING_EQUAL(s, "000f");
    mem_free(s);
}

static void base64_examples_go_both_ways(void)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[16];
        size_t len = 99;
        size_t n = strlen(rows[i][0]);
        char *s = base64_new((const uint8_t *)rows[i][0], n);
        CU_ASSERT_STRING_EQUAL(s, rows[i][1]);
        CU_ASSERT(base64_decode(out, &len, s, strlen(s)) == STATUS_OK);
        CU_ASSERT(len == n && memcmp(out, rows[i][0], n) == 0);
        mem_free(s);
    }
}

static void base64_of_any_length_comes_back(void)
{
    struct env env;
    uint8_t in[300];
    env_init_virtual(&env, 0, 1);
    CU_ASSERT(env_random(&env, in, sizeof in) == STATUS_OK);
    for (size_t n = 0; n <= sizeof in; n++) {
        char *s = base64_new(in, n);
        size_t chars = strlen(s);
        uint8_t *exact = malloc(chars / 4 * 3 + 1);
        size_t len = 0;
        CU_ASSERT_FATAL(exact != NULL && chars == (n + 2) / 3 * 4);
        CU_ASSERT(base64_decode(exact, &len, s, chars) == STATUS_OK);
        CU_ASSERT(len == n && memcmp(exact, in, n) == 0);
        CU_ASSERT(base64_span(s, chars) == chars - (n % 3 == 1   ? 2u
                                                    : n % 3 == 2 ? 1u
                                                                 : 0u));
        /* in place */
        CU_ASSERT(base64_decode((uint8_t *)s, &len, s, chars) == STATUS_OK);
        CU_ASSERT(len == n && memcmp(s, in, n) == 0);
        free(exact);
        mem_free(s);
    }
}

static void each_wrong_character_is_found(void)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                   "qrstuvwxyz0123456789+/";
    char text[65];
    uint8_t out[48];
    for (size_t at = 0; at < 64; at++) {
        for (int c = 0; c < 256; c++) {
            size_t len = 0;
            int good = c != 0 && strchr(alphabet, c) != NULL;
            memcpy(text, alphabet, 65);
            text[at] = (char)c;
            enum status s = base64_decode(out, &len, text, 64);
            if (c == '=' && at == 63) {
                /* padding; the bits under it decide */
                CU_ASSERT(s == STATUS_SYNTAX && len == 62);
                continue;
            }
            CU_ASSERT((s == STATUS_OK) == good);
            CU_ASSERT(good ? len == 48 : len == at);
            CU_ASSERT(base64_span(text, 64) == (good ? 64 : at));
        }
    }
}

static void faults_have_their_place(void)
{
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {{"A", 1},        {"AA", 2},
                {"AAA", 3},      {"AAAAA", 5},
                {"====", 0},     {"A===", 1},
                {"AB==", 1},     {"AA=A", 2},
                {"AAB=", 2},     {"AA==AA==", 2},
                {"AAA=AAAA", 3}, {"AA==\n", 2},
                {"AAAA ", 4},    {"AAAAAAAAAAAAAAAAAAAAA-AA", 21},
                {"=", 0},        {"AA=", 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[32];
        size_t len = 0;
        enum status s =
            base64_decode(out, &len, rows[i].text, strlen(rows[i].text));
        if (s != STATUS_SYNTAX || len != rows[i].at) {
            printf("  %s: %s at %zu\n", rows[i].text, status_name(s), len);
        }
        CU_ASSERT(s == STATUS_SYNTAX && len == rows[i].at);
    }
}

static void statuses_have_names(void)
{
    for (int s = STATUS_OK; s <= STATUS_INTERNAL; s++) {
        const char *n = status_name((enum status)s);
        CU_ASSERT(n != NULL && n[0] != '\0');
        for (int o = STATUS_OK; o < s; o++) {
            CU_ASSERT(strcmp(n, status_name((enum status)o)) != 0);
        }
    }
}

static const struct unit_case cases[] = {
    {"hex_goes_both_ways", hex_goes_both_ways},
    {"base64_examples_go_both_ways", base64_examples_go_both_ways},
    {"base64_of_any_length_comes_back", base64_of_any_length_comes_back},
    {"each_wrong_character_is_found", each_wrong_character_is_found},
    {"faults_have_their_place", faults_have_their_place},
    {"statuses_have_names", statuses_have_names},
    {NULL, NULL}};
const struct unit_suite text_suite = {"text", cases};
