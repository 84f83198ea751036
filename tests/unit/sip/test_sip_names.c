/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Names of header fields, character classes, words for what is wrong. */
#include "tests/unit/sip/sip_tests.h"

#include "harness/sip/sip_int.h"

#include <ctype.h>
#include <string.h>

static void every_name_is_found_in_any_case(void)
{
    for (int id = 1; id < SIP_HDR_COUNT; id++) {
        char name[64];
        const char *known = sip_hdr_name((enum sip_hdr)id);
        size_t n = strlen(known);
        CU_ASSERT_FATAL(n > 0 && n < sizeof name);
        CU_ASSERT(sip_hdr_of(sip_text(known)) == (enum sip_hdr)id);
        for (size_t i = 0; i <= n; i++) {
            name[i] = (char)toupper(known[i]);
        }
        CU_ASSERT(sip_hdr_of(sip_text(name)) == (enum sip_hdr)id);
        for (size_t i = 0; i <= n; i++) {
            name[i] = (char)tolower(known[i]);
        }
        CU_ASSERT(sip_hdr_of(sip_text(name)) == (enum sip_hdr)id);
        name[n] = 's';
        CU_ASSERT(sip_hdr_of((struct view){(uint8_t *)name, n + 1}) ==
                  SIP_HDR_OTHER);
        name[n / 2] = '_';
        CU_ASSERT(sip_hdr_of((struct view){(uint8_t *)name, n}) ==
                  SIP_HDR_OTHER);
    }
    CU_ASSERT(sip_hdr_of(sip_text("")) == SIP_HDR_OTHER);
    CU_ASSERT(sip_hdr_of(sip_text("X-Debug")) == SIP_HDR_OTHER);
}

/* RFC 3261, 7.3.3 and 20; RFC 3515, 3841, 3892, 4028, 4474, 6665. */
static void compact_forms_are_those_of_the_registry(void)
{
    static const struct {
        const char *compact;
        enum sip_hdr id;
    } rows[] = {{"a", SIP_HDR_ACCEPT_CONTACT},
                {"b", SIP_HDR_REFERRED_BY},
                {"c", SIP_HDR_CONTENT_TYPE},
                {"d", SIP_HDR_REQUEST_DISPOSITION},
                {"e", SIP_HDR_CONTENT_ENCODING},
                {"f", SIP_HDR_FROM},
                {"i", SIP_HDR_CALL_ID},
                {"j", SIP_HDR_REJECT_CONTACT},
                {"k", SIP_HDR_SUPPORTED},
                {"l", SIP_HDR_CONTENT_LENGTH},
                {"m", SIP_HDR_CONTACT},
                {"o", SIP_HDR_EVENT},
                {"r", SIP_HDR_REFER_TO},
                {"s", SIP_HDR_SUBJECT},
                {"t", SIP_HDR_TO},
                {"u", SIP_HDR_ALLOW_EVENTS},
                {"v", SIP_HDR_VIA},
                {"x", SIP_HDR_SESSION_EXPIRES},
                {"y", SIP_HDR_IDENTITY},
                {"g", SIP_HDR_OTHER},
                {"z", SIP_HDR_OTHER},
                {"F", SIP_HDR_FROM}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT(sip_hdr_of(sip_text(rows[i].compact)) == rows[i].id);
        if (rows[i].id != SIP_HDR_OTHER) {
            CU_ASSERT(hdr_info[rows[i].id].compact ==
                      tolower(*rows[i].compact));
        }
    }
}

static void classes_are_those_of_the_grammar(void)
{
    static const char alnum[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
        "WXYZ0123456789";
    static const struct {
        unsigned bit;
        const char *others; /* beside alphanum */
    } rows[] = {{CC_TOKEN, "-.!%*_+`'~"},
                {CC_UNRESERVED, "-_.!~*'()"},
                {CC_USER, "-_.!~*'()&=+$,;?/"},
                {CC_PARAM, "-_.!~*'()[]/:&+$"},
                {CC_URI, "-_.!~*'();/?:@&=+$,%[]"}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        for (int c = 0; c < 256; c++) {
            int want = c != 0 && (strchr(alnum, c) != NULL ||
                                  strchr(rows[k].others, c) != NULL);
            CU_ASSERT(is_class((uint8_t)c, rows[k].bit) == want);
        }
    }
    for (int c = 0; c < 256; c++) {
        CU_ASSERT(is_class((uint8_t)c, CC_DIGIT) == (c >= '0' && c <= '9'));
        CU_ASSERT(is_class((uint8_t)c, CC_HEX) ==
                  (c < 128 && isxdigit(c) != 0));
        CU_ASSERT(is_class((uint8_t)c, CC_ALPHA) ==
                  (c < 128 && isalpha(c) != 0));
    }
}

static void every_deviation_has_name_and_clause(void)
{
    for (int i = 0; i < SIP_DEV_COUNT; i++) {
        CU_ASSERT(strlen(sip_dev_name((enum sip_dev)i)) > 1);
        CU_ASSERT(i == SIP_DEV_TOO_MANY_HEADERS ||
                  strstr(sip_dev_text((enum sip_dev)i), "RFC ") != NULL);
    }
    for (int i = 0; i < SDP_DEV_COUNT; i++) {
        CU_ASSERT(strlen(sdp_dev_name((enum sdp_dev)i)) > 1);
        CU_ASSERT(i == SDP_DEV_TOO_MANY ||
                  strstr(sdp_dev_text((enum sdp_dev)i), "RFC ") != NULL);
    }
}

static void reasons_are_the_usual_phrases(void)
{
    CU_ASSERT_STRING_EQUAL(sip_reason(181), "Call Is Being Forwarded");
    CU_ASSERT_STRING_EQUAL(sip_reason(488), "Not Acceptable Here");
    CU_ASSERT_STRING_EQUAL(sip_reason(699), "Unknown");
}

static const struct unit_case cases[] = {
    {"every_name_is_found_in_any_case", every_name_is_found_in_any_case},
    {"compact_forms_are_those_of_the_registry",
     compact_forms_are_those_of_the_registry},
    {"classes_are_those_of_the_grammar", classes_are_those_of_the_grammar},
    {"every_deviation_has_name_and_clause",
     every_deviation_has_name_and_clause},
    {"reasons_are_the_usual_phrases", reasons_are_the_usual_phrases},
    {NULL, NULL}};
const struct unit_suite sip_names_suite = {"sip_names", cases};
