/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The IbeStructures of vectors/bf_ibe.json, field by field, and their forms on
 * the wire. */
#include "tests/unit/crypto/crypto_tests.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"
#include "harness/crypto/ibe_asn1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int text_is(struct view v, const struct ynode *t, const char *path)
{
    const char *want = ynode_str(t, path, "?");
    return v.len == strlen(want) && memcmp(v.data, want, v.len) == 0;
}

static int octets_are(struct view v, const struct ynode *t, const char *path)
{
    return hex_is(path, v, ynode_str(t, path, ""));
}

/* dotted form to octets and back */
static int oid_is(struct view v, const char *want)
{
    struct wr text;
    struct wr oid;
    wr_init(&text);
    wr_init(&oid);
    int ok = ibe_oid_text(&text, v) == STATUS_OK && text.len == strlen(want) &&
             memcmp(text.data, want, text.len) == 0 &&
             ibe_oid_parse(&oid, want) == STATUS_OK && oid.len == v.len &&
             memcmp(oid.data, v.data, v.len) == 0;
    wr_cleanup(&text);
    wr_cleanup(&oid);
    return ok;
}

static int oid_at(struct view v, const struct ynode *t, const char *path)
{
    return oid_is(v, ynode_str(t, path, "?"));
}

static int pairs_are(const struct ibe_pairs *p, const struct ynode *list)
{
    size_t i = 0;
    int ok = p->num == list->num_children;
    for (const struct ynode *n = list->first; ok && n != NULL; n = n->next) {
        ok = oid_at(p->at[i].oid, n, "oid") &&
             octets_are(p->at[i].value, n, "value");
        i++;
    }
    return ok;
}

/* Each decodes, compares with the fields, and encodes again into out. */
typedef enum status (*structure_fn)(const uint8_t *der, size_t len,
                                    const struct ynode *f, struct wr *out,
                                    int *same);

static enum status email(const uint8_t *der, size_t len, const struct ynode *f,
                         struct wr *out, int *same)
{
    struct ibe_email v;
    enum status st = ibe_email_decode(&v, der, len);
    if (st == STATUS_OK && f != NULL) {
        *same = text_is(v.name, f, "rfc822Name") && text_is(v.time, f, "time");
        ibe_email_encode(out, &v);
    }
    return st;
}

static enum status identity(const uint8_t *der, size_t len,
                            const struct ynode *f, struct wr *out, int *same)
{
    struct ibe_identity v;
    enum status st = ibe_identity_decode(&v, der, len);
    if (st == STATUS_OK && f != NULL) {
        *same = text_is(v.district, f, "district") &&
                (int64_t)v.serial == ynode_int(f, "serial", -1) &&
                oid_at(v.type, f, "identityType") &&
                octets_are(v.data, f, "identityData");
        ibe_identity_encode(out, &v);
    }
    return st;
}

static enum status sys_params(const uint8_t *der, size_t len,
                              const struct ynode *f, struct wr *out, int *same)
{
    struct ibe_sys_params v;
    enum status st = ibe_sys_params_decode(&v, der, len);
    if (st == STATUS_OK && f != NULL) {
        *same =
            text_is(v.district, f, "districtName") &&
            (int64_t)v.serial == ynode_int(f, "districtSerial", -1) &&
            text_is(v.not_before, f, "notBefore") &&
            text_is(v.not_after, f, "notAfter") && v.algorithms.num == 1 &&
            oid_at(v.algorithms.at[0].oid, f, "ibeAlgorithm") &&
            octets_are(v.algorithms.at[0].value, f, "publicParameterData") &&
            oid_at(v.identity_type, f, "ibeIdentityType") &&
            pairs_are(&v.extensions, ynode_get(f, "extensions"));
        ibe_sys_params_encode(out, &v);
    }
    return st;
}

static enum status key_reply(const uint8_t *der, size_t len,
                             const struct ynode *f, struct wr *out, int *same)
{
    struct ibe_key_reply v;
    enum status st = ibe_key_reply_decode(&v, der, len);
    if (st == STATUS_OK && f != NULL) {
        *same = octets_are(v.identity, f, "pkgIdentity") &&
                oid_at(v.algorithm, f, "pkgAlgorithm") &&
                octets_are(v.key, f, "pkgKeyData") &&
                pairs_are(&v.options, ynode_get(f, "pkgOptions"));
        ibe_key_reply_encode(out, &v);
    }
    return st;
}

static enum status algorithm(const uint8_t *der, size_t len,
                             const struct ynode *f, struct wr *out, int *same)
{
    struct view v;
    enum status st = ibe_oid_decode(&v, der, len);
    if (st == STATUS_OK && f != NULL) {
        *same = oid_at(v, f, "oid");
        ibe_oid_encode(out, v);
    }
    return st;
}

static enum status recipient(const uint8_t *der, size_t len,
                             const struct ynode *f, struct wr *out, int *same)
{
    struct ibe_recipient v;
    enum status st = ibe_recipient_decode(&v, der, len);
    if (st == STATUS_OK && f != NULL) {
        *same = ynode_int(f, "cmsVersion", 0) == 3 &&
                oid_at(v.key_fetch, f, "keyFetchMethod") &&
                octets_are(v.identity, f, "recipientIdentity") &&
                !v.server.present &&
                octets_are(v.encrypted_key, f, "encryptedKey");
        ibe_recipient_encode(out, &v);
    }
    return st;
}

static enum status other_recipient(const uint8_t *der, size_t len,
                                   const struct ynode *f, struct wr *out,
                                   int *same)
{
    struct ibe_other_recipient v;
    enum status st = ibe_other_recipient_decode(&v, der, len);
    if (st == STATUS_OK && f != NULL) {
        *same =
            oid_at(v.type, f, "oriType") && octets_are(v.value, f, "oriValue");
        ibe_other_recipient_encode(out, &v);
    }
    return st;
}

static const struct {
    const char *name;
    structure_fn run;
} structures[] = {{"EmailIdentityData", email},
                  {"IBEIdentityInfo", identity},
                  {"IBESysParams", sys_params},
                  {"IBEPrivateKeyReply", key_reply},
                  {"AlgorithmOid", algorithm},
                  {"IBERecipientInfo", recipient},
                  {"IBEOtherRecipientInfo", other_recipient}};

static structure_fn structure_of(const struct ynode *t)
{
    for (size_t i = 0; i < sizeof structures / sizeof structures[0]; i++) {
        if (strcmp(structures[i].name, ynode_str(t, "structure", "")) == 0) {
            return structures[i].run;
        }
    }
    printf("no such structure\n");
    abort();
}

static const struct ynode *first_test(void)
{
    return ynode_get(vectors_group("IbeStructures", 0, 0), "tests")->first;
}

static void fields(void)
{
    unsigned count = 0;
    for (const struct ynode *t = first_test(); t != NULL; t = t->next) {
        struct octets der = octets_of(ynode_str(t, "der", ""));
        struct wr out;
        int same = 0;
        wr_init(&out);
        CU_ASSERT_EQUAL(structure_of(t)(der.data, der.len,
                                        ynode_get(t, "fields"), &out, &same),
                        STATUS_OK);
        if (!same) {
            printf("tcId %s\n", ynode_str(t, "tcId", ""));
        }
        CU_ASSERT(same);
        CU_ASSERT(hex_is("der", (struct view){out.data, out.len},
                         ynode_str(t, "der", "")));
        for (int i = 0; i < 2; i++) { /* base64 as carried */
            const char *text =
                ynode_str(t, i == 0 ? "httpBody" : "xmlText", NULL);
            char *want = base64_new(der.data, der.len);
            CU_ASSERT(text == NULL || strcmp(text, want) == 0);
            mem_free(want);
        }
        wr_cleanup(&out);
        octets_free(&der);
        count++;
    }
    CU_ASSERT_EQUAL(count, 12);
}

/* Every shorter length is refused; no flipped octet makes a decoder read past
 * its octets. */
static void robust(void)
{
    for (const struct ynode *t = first_test(); t != NULL; t = t->next) {
        struct octets der = octets_of(ynode_str(t, "der", ""));
        structure_fn run = structure_of(t);
        for (size_t len = 0; len < der.len; len++) {
            struct octets cut = octets_copy(der.data, len);
            CU_ASSERT_EQUAL(run(cut.data, cut.len, NULL, NULL, NULL),
                            STATUS_SYNTAX);
            octets_free(&cut);
        }
        for (size_t i = 0; i < der.len; i++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                der.data[i] ^= (uint8_t)(1u << bit);
                enum status st = run(der.data, der.len, NULL, NULL, NULL);
                CU_ASSERT(i > 1 || st == STATUS_SYNTAX);
                der.data[i] ^= (uint8_t)(1u << bit);
            }
        }
        octets_free(&der);
    }
}

/* RFC 5408, 4.2 and 5.6.1: what must be parsed and must not be used */
static void usable_or_not(void)
{
    unsigned refused = 0;
    unsigned with_uri = 0;
    for (const struct ynode *t = first_test(); t != NULL; t = t->next) {
        struct octets der = octets_of(ynode_str(t, "der", ""));
        const char *flag = "";
        const struct ynode *flags = ynode_get(t, "flags");
        if (flags->first != NULL) {
            flag = flags->first->scalar;
        }
        if (structure_of(t) == sys_params) {
            struct ibe_sys_params v;
            struct view bf;
            struct view uri;
            ibe_sys_params_decode(&v, der.data, der.len);
            int unknown = strcmp(flag, "UnknownExtension") == 0;
            enum status st = ibe_sys_params_bf(&bf, &uri, &v);
            CU_ASSERT_EQUAL(st, unknown ? STATUS_UNSUPPORTED : STATUS_OK);
            CU_ASSERT(unknown ||
                      octets_are(bf, t, "fields.publicParameterData"));
            if (uri.len > 0) {
                const char *want = "https://pkg.example.com/ibe";
                CU_ASSERT(uri.len == strlen(want) &&
                          memcmp(uri.data, want, uri.len) == 0);
                with_uri++;
            }
            refused += unknown != 0;
        }
        if (structure_of(t) == key_reply) {
            struct ibe_key_reply v;
            ibe_key_reply_decode(&v, der.data, der.len);
            int unknown = strcmp(flag, "UnknownOption") == 0;
            CU_ASSERT_EQUAL(ibe_key_reply_usable(&v),
                            unknown ? STATUS_UNSUPPORTED : STATUS_OK);
            CU_ASSERT_EQUAL(v.options.present, strcmp(flag, "NoOptions") != 0);
            refused += unknown != 0;
        }
        octets_free(&der);
    }
    CU_ASSERT_EQUAL(refused, 2);
    CU_ASSERT_EQUAL(with_uri, 2); /* DER and bare characters */
}

static void object_identifiers(void)
{
    static const struct {
        const char *dotted, *hex;
    } rows[] = {{"0.0", "00"},
                {"0.39", "27"},
                {"1.0", "28"},
                {"1.3.14.3.2.26", "2b0e03021a"},
                {"2.0", "50"},
                {"2.999.1", "883701"},
                {"2.16.840.1.114334.1.1.2.1", "6086480186fd1e01010201"},
                {"1.2.127.128.16383.16384", "2a7f8100ff7f818000"}};
    static const char *const bad[] = {"",     "1",      "3.1",   "1.40", "1.",
                                      "1.2.", "1..2",   ".1",    "01.2", "1.2a",
                                      "-1.2", "1.2.03", "1.2 .3"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct octets o = octets_of(rows[i].hex);
        CU_ASSERT(oid_is(octets_view(&o), rows[i].dotted));
        octets_free(&o);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct wr out;
        wr_init(&out);
        CU_ASSERT_EQUAL(ibe_oid_parse(&out, bad[i]), STATUS_SYNTAX);
        wr_cleanup(&out);
    }
    static const char *const bad_hex[] = {"", "80", "2a80", "2a8001",
                                          "2affffffffffffffffff7f"};
    for (size_t i = 0; i < sizeof bad_hex / sizeof bad_hex[0]; i++) {
        struct octets o = octets_of(bad_hex[i]);
        struct wr out;
        wr_init(&out);
        CU_ASSERT_EQUAL(ibe_oid_text(&out, octets_view(&o)), STATUS_SYNTAX);
        wr_cleanup(&out);
        octets_free(&o);
    }
}

static const struct unit_case cases[] = {
    {"structures_match_the_vectors_and_come_back", fields},
    {"shorter_and_changed_octets_are_survived", robust},
    {"unknown_extensions_and_options_forbid_use", usable_or_not},
    {"object_identifiers_come_back", object_identifiers},
    {NULL, NULL}};

const struct unit_suite crypto_ibe_asn1_suite = {"ibe_asn1", cases};
