/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Names of code points (IANA, MIKEY Payload Name Spaces; RFC 6267, 8). */
#include "harness/mikey/mikey.h"

static const char *const data_types[] = {
    "PSK_INIT",         "PSK_RESP",         "PKE_INIT",      "PKE_RESP",
    "DH_INIT",          "DH_RESP",          "Error",         "DHHMAC_INIT",
    "DHHMAC_RESP",      "RSA_R_I_MSG",      "RSA_R_R_MSG",   "REQUEST_INIT_PSK",
    "REQUEST_INIT_PK",  "REQUEST_RESP",     "TRANSFER_INIT", "TRANSFER_RESP",
    "RESOLVE_INIT_PSK", "RESOLVE_INIT_PK",  "RESOLVE_RESP",  "REQUEST_KEY_PSK",
    "REQUEST_KEY_PKE",  "REQUEST_KEY_RESP", "I_MESSAGE_1",   "R_MESSAGE_1",
    "I_MESSAGE_2",      "R_MESSAGE_2",      "SAKKE_MSG",
};
static const char *const payloads[] = {
    "Last payload", "KEMAC", "PKE", "DH",     "SIGN",  "T",     "ID",
    "CERT",         "CHASH", "V",   "SP",     "RAND",  "ERR",   "TR",
    "IDR",          "RANDR", "TP",  "TICKET", NULL,    NULL,    "Key data",
    "General Ext.", "IBAKE", "ESK", "SK",     "ECCPT", "SAKKE",
};
static const char *const prfs[] = {"MIKEY-1", "PRF-HMAC-SHA-256"};
static const char *const maps[] = {"SRTP-ID", "Empty map", "GENERIC-ID"};
static const char *const encr_algs[] = {"NULL", "AES-CM-128", "AES-KW-128",
                                        "AES-CM-256"};
static const char *const mac_algs[] = {"NULL", "HMAC-SHA-1-160",
                                       "HMAC-SHA-256-256"};
static const char *const caches[] = {"No cache", "Cache", "Cache for CSB"};
static const char *const dh_groups[] = {"OAKLEY 5", "OAKLEY 1", "OAKLEY 2"};
static const char *const s_types[] = {"RSA/PKCS#1/1.5", "RSA/PSS", "ECCSI"};
static const char *const ts_types[] = {"NTP-UTC", "NTP", "COUNTER",
                                       "NTP-UTC-32"};
static const char *const ts_roles[] = {NULL, "TRi", "TRs", "TRe", "TRr"};
static const char *const id_types[] = {"NAI", "URI", "Byte string"};
static const char *const id_roles[] = {
    NULL, "IDRi", "IDRr", "IDRkms", "IDRpsk", "IDRapp", "IDRkmsi", "IDRkmsr"};
static const char *const cert_types[] = {"X.509v3", "X.509v3 URL",
                                         "X.509v3 Sign", "X.509v3 Encr"};
static const char *const hashes[] = {"SHA-1", "MD5", "SHA-256"};
static const char *const prot_types[] = {"SRTP", "TESLA"};
static const char *const srtp_params[] = {
    "Encryption algorithm",
    "Session Encr. key length",
    "Authentication algorithm",
    "Session Auth. key length",
    "Session Salt key length",
    "SRTP Pseudo Random Function",
    "Key derivation rate",
    "SRTP encryption off/on",
    "SRTCP encryption off/on",
    "Sender's FEC order",
    "SRTP authentication off/on",
    "Authentication tag length",
    "SRTP prefix length",
    "ROC transmission rate",
    "SRTP Authentication algorithm",
    "SRTCP Authentication algorithm",
    "SRTP Session Auth. key length",
    "SRTCP Session Auth. key length",
    "SRTP Authentication tag length",
    "SRTCP Authentication tag length",
    "AEAD authentication tag length",
};
static const char *const rand_roles[] = {NULL, "RANDRi", "RANDRr", "RANDRkms"};
static const char *const errors[] = {
    "Auth failure",      "Invalid TS",
    "Invalid PRF",       "Invalid MAC",
    "Invalid EA",        "Invalid HA",
    "Invalid DH",        "Invalid ID",
    "Invalid Cert",      "Invalid SP",
    "Invalid SPpar",     "Invalid DT",
    "Unspecified error", "Unsupported message type",
    "Invalid TICKET",    "Invalid TPpar",
};
static const char *const key_types[] = {"TGK",  "TGK+SALT",  "TEK", "TEK+SALT",
                                        "GTGK", "GTGK+SALT", "MPK", "K_PR"};
static const char *const kvs[] = {"Null", "SPI", "Interval"};
static const char *const ext_types[] = {"Vendor ID", "SDP IDs", "TESLA I-Key",
                                        "Key ID",    "CSB_ID",  "OMA BCAST"};
static const char *const key_id_types[] = {
    "MBMS Key Domain ID", "MBMS Service Key ID", "MBMS Traffic Key ID"};
static const char *const ticket_types[] = {NULL, "MIKEY Base Ticket",
                                           "3GPP Base Ticket"};
static const char *const curves[] = {
    NULL,    "P-192", "B-163", "K-163", "sect163r1", "P-224",
    "B-233", "K-233", "P-256", "B-283", "K-283",     "P-384",
    "B-409", "K-409", "P-521", "B-571", "K-571",
};
static const char *const sk_types[] = {NULL, "SK"};

struct registry {
    const char *const *names;
    unsigned num;
};

#define REG(array)                                                             \
    {                                                                          \
        array, sizeof array / sizeof *array                                    \
    }

static const struct registry registries[MIKEY_NUM_REGISTRIES] = {
    [MIKEY_REG_DATA_TYPE] = REG(data_types),
    [MIKEY_REG_NEXT_PAYLOAD] = REG(payloads),
    [MIKEY_REG_PRF] = REG(prfs),
    [MIKEY_REG_MAP_TYPE] = REG(maps),
    [MIKEY_REG_ENCR_ALG] = REG(encr_algs),
    [MIKEY_REG_MAC_ALG] = REG(mac_algs),
    [MIKEY_REG_CACHE] = REG(caches),
    [MIKEY_REG_DH_GROUP] = REG(dh_groups),
    [MIKEY_REG_S_TYPE] = REG(s_types),
    [MIKEY_REG_TS_TYPE] = REG(ts_types),
    [MIKEY_REG_TS_ROLE] = REG(ts_roles),
    [MIKEY_REG_ID_TYPE] = REG(id_types),
    [MIKEY_REG_ID_ROLE] = REG(id_roles),
    [MIKEY_REG_CERT_TYPE] = REG(cert_types),
    [MIKEY_REG_HASH] = REG(hashes),
    [MIKEY_REG_PROT_TYPE] = REG(prot_types),
    [MIKEY_REG_SRTP_PARAM] = REG(srtp_params),
    [MIKEY_REG_RAND_ROLE] = REG(rand_roles),
    [MIKEY_REG_ERROR_NO] = REG(errors),
    [MIKEY_REG_KEY_TYPE] = REG(key_types),
    [MIKEY_REG_KV] = REG(kvs),
    [MIKEY_REG_EXT_TYPE] = REG(ext_types),
    [MIKEY_REG_KEY_ID_TYPE] = REG(key_id_types),
    [MIKEY_REG_TICKET_TYPE] = REG(ticket_types),
    [MIKEY_REG_CURVE] = REG(curves),
    [MIKEY_REG_SK_TYPE] = REG(sk_types),
};

const char *mikey_name(enum mikey_registry reg, unsigned value)
{
    const struct registry *r = &registries[reg];
    return value < r->num ? r->names[value] : NULL;
}

const char *mikey_data_type_name(uint8_t v)
{
    return mikey_name(MIKEY_REG_DATA_TYPE, v);
}

const char *mikey_payload_name(uint8_t v)
{
    return mikey_name(MIKEY_REG_NEXT_PAYLOAD, v);
}

const char *mikey_error_no_name(uint8_t v)
{
    return mikey_name(MIKEY_REG_ERROR_NO, v);
}

const char *mikey_curve_name(uint8_t v)
{
    return mikey_name(MIKEY_REG_CURVE, v);
}
