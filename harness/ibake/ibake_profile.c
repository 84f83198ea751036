/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The strict profile (specs, 7.7) and the PIXIT items that change it. */
#include "harness/ibake/ibake_int.h"

#include <stdlib.h>

void ibake_profile_strict(struct ibake_profile *p)
{
    *p = (struct ibake_profile){
        .prf = KDF_PRF_MIKEY_1,
        .mac_alg = 1,
        .curve = ECDH_P256,
        .id_type = MIKEY_ID_URI,
        .cs = IBAKE_CS_EMPTY,
        .sk = IBAKE_SKP_STRICT,
        .v_cover = IBAKE_V_IDS,
        .rand_src = IBAKE_RAND_SAME,
        .ksession = IBAKE_K_UNCOMPRESSED,
        .r1_inner_id = 1,
        .check_skew = 1,
        .skew_s = 300,
    };
}

struct word {
    const char *word;
    int value;
};

static const struct word cs_words[] = {{"EMPTY", IBAKE_CS_EMPTY},
                                       {"SRTPID", IBAKE_CS_SRTPID},
                                       {"SRTPID+SP", IBAKE_CS_SRTPID_SP},
                                       {NULL, 0}};
static const struct word sk_words[] = {{"SKP-STRICT", IBAKE_SKP_STRICT},
                                       {"SKP-CR", IBAKE_SKP_CR},
                                       {"SKP-SRTP", IBAKE_SKP_SRTP},
                                       {NULL, 0}};
static const struct word v_words[] = {{"IDS", IBAKE_V_IDS},
                                      {"IDS+T", IBAKE_V_IDS_T},
                                      {"I2", IBAKE_V_I2},
                                      {NULL, 0}};
static const struct word rand_words[] = {{"SAME", IBAKE_RAND_SAME},
                                         {"I1", IBAKE_RAND_I1},
                                         {"I2", IBAKE_RAND_I2},
                                         {"I1+I2", IBAKE_RAND_I1_I2},
                                         {NULL, 0}};
static const struct word k_words[] = {{"UNCOMPRESSED", IBAKE_K_UNCOMPRESSED},
                                      {"X", IBAKE_K_X_ONLY},
                                      {"COMPRESSED", IBAKE_K_COMPRESSED},
                                      {NULL, 0}};
static const struct word yes_words[] = {{"Y", 1},  {"N", 0},    {"yes", 1},
                                        {"no", 0}, {"true", 1}, {"false", 0},
                                        {"on", 1}, {"off", 0},  {NULL, 0}};
static const struct word curve_words[] = {
    {"8", ECDH_P256}, {"11", ECDH_P384}, {"14", ECDH_P521}, {NULL, 0}};
/* AMB-16: PRF 0 goes with Auth alg 1, PRF 1 with Auth alg 2. */
static const struct word prf_words[] = {{"0", 0}, {"1", 1}, {NULL, 0}};
static const struct word mac_words[] = {{"1", 1}, {"2", 2}, {NULL, 0}};

enum item {
    PX_CS,
    PX_SK,
    PX_V,
    PX_RAND,
    PX_K,
    PX_INNER,
    PX_CHECK_SKEW,
    PX_CURVE,
    PX_PRF,
    PX_MAC
};

static const struct {
    const char *name;
    enum item item;
    const struct word *words;
} items[] = {
    {"PX_CS_PROFILE", PX_CS, cs_words},
    {"PX_SK_PROFILE", PX_SK, sk_words},
    {"PX_V_COVER", PX_V, v_words},
    {"PX_RAND_SRC", PX_RAND, rand_words},
    {"PX_K_SESSION", PX_K, k_words},
    {"PX_R1_INNER_ID", PX_INNER, yes_words},
    {"PX_CHECK_SKEW", PX_CHECK_SKEW, yes_words},
    {"PX_CURVE", PX_CURVE, curve_words},
    {"PX_PRF", PX_PRF, prf_words},
    {"PX_MAC_ALG", PX_MAC, mac_words},
};

static void put(struct ibake_profile *p, enum item item, int value)
{
    switch (item) {
    case PX_CS:
        p->cs = (enum ibake_cs)value;
        break;
    case PX_SK:
        p->sk = (enum ibake_sk)value;
        break;
    case PX_V:
        p->v_cover = (enum ibake_v_cover)value;
        break;
    case PX_RAND:
        p->rand_src = (enum ibake_rand_src)value;
        break;
    case PX_K:
        p->ksession = (enum ibake_ksession)value;
        break;
    case PX_INNER:
        p->r1_inner_id = value;
        break;
    case PX_CHECK_SKEW:
        p->check_skew = value;
        break;
    case PX_CURVE:
        p->curve = (uint8_t)value;
        break;
    case PX_PRF:
        p->prf = (uint8_t)value;
        p->mac_alg = value == KDF_PRF_HMAC_SHA_256 ? 2 : 1;
        break;
    case PX_MAC:
        p->mac_alg = (uint8_t)value;
        break;
    }
}

static enum status set_skew(struct ibake_profile *p, const char *value)
{
    size_t digits = strspn(value, "0123456789");
    const char *unit = value + digits;
    unsigned long v = strtoul(value, NULL, 10);
    /* "300" and "300 s" as the table of the PIXIT writes it. */
    if (digits == 0 || digits > 9 ||
        (*unit != '\0' && strcmp(unit, "s") != 0 && strcmp(unit, " s") != 0)) {
        return STATUS_BAD_VALUE;
    }
    p->skew_s = (uint32_t)v;
    return STATUS_OK;
}

enum status ibake_profile_set(struct ibake_profile *p, const char *item,
                              const char *value)
{
    if (strcmp(item, "PX_SKEW") == 0) {
        return set_skew(p, value);
    }
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        if (strcmp(items[i].name, item) != 0) {
            continue;
        }
        for (const struct word *w = items[i].words; w->word != NULL; w++) {
            if (strcmp(w->word, value) == 0) {
                put(p, items[i].item, w->value);
                return STATUS_OK;
            }
        }
        return STATUS_BAD_VALUE;
    }
    return STATUS_NOT_FOUND;
}
