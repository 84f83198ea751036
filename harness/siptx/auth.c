/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Digest answers (RFC 3261, 22; RFC 2617, 3.2.2; RFC 8760). */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct challenge {
    struct view realm; /* without quotes */
    struct view nonce;
    struct view opaque;
    struct view algorithm;
    int has_qop;
    int has_opaque;
    const char *hash;
};

static struct view unquote(struct view v)
{
    if (v.len >= 2 && v.data[0] == '"' && v.data[v.len - 1] == '"') {
        return (struct view){v.data + 1, v.len - 2};
    }
    return v;
}

/* One parameter of the comma-separated list of a challenge. */
static struct view field(struct view params, const char *name)
{
    struct view item;
    struct view value = {0};
    while (text_split(&params, &item)) {
        if (text_param(item, name, &value)) {
            return value;
        }
    }
    return (struct view){0};
}

static int offers_auth(struct view qop)
{
    struct view list = unquote(qop);
    struct view item;
    while (text_split(&list, &item)) {
        if (view_is_nocase(item, "auth")) {
            return 1;
        }
    }
    return 0;
}

static enum status read_challenge(struct challenge *c,
                                  const struct sip_msg *response,
                                  const char *name)
{
    struct view v = view_trim(msg_whole(response, name));
    *c = (struct challenge){.hash = "MD5"};
    if (v.len < 7 || !view_is_nocase((struct view){v.data, 6}, "Digest")) {
        return STATUS_NOT_FOUND;
    }
    struct view params = {v.data + 6, v.len - 6};
    struct view qop = field(params, "qop");
    c->realm = unquote(field(params, "realm"));
    c->nonce = unquote(field(params, "nonce"));
    c->opaque = field(params, "opaque");
    c->algorithm = unquote(field(params, "algorithm"));
    c->has_qop = qop.len > 0;
    c->has_opaque = c->opaque.len > 0;
    c->opaque = unquote(c->opaque);
    if (view_is_nocase(c->algorithm, "SHA-256")) {
        c->hash = "SHA256";
    } else if (c->algorithm.len > 0 && !view_is_nocase(c->algorithm, "MD5")) {
        return STATUS_UNSUPPORTED;
    }
    return c->has_qop && !offers_auth(qop) ? STATUS_UNSUPPORTED : STATUS_OK;
}

static enum status hash_hex(char out[65], const char *hash, char *text)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    enum status s = STATUS_NO_MEMORY;
    if (text != NULL) {
        const EVP_MD *md = EVP_get_digestbyname(hash);
        s = md != NULL &&
                    EVP_Digest(text, strlen(text), digest, &len, md, NULL) == 1
                ? STATUS_OK
                : STATUS_UNSUPPORTED;
        mem_wipe(text, strlen(text));
        mem_free(text);
    }
    if (s == STATUS_OK) {
        hex_encode(out, digest, len);
    }
    return s;
}

#define V(v) (int)(v).len, (const char *)(v).data

/* RFC 2617, 3.2.2.1: H(H(A1):nonce:[nc:cnonce:qop:]H(A2)); middle is the part
 * in brackets, "" without qop. */
static enum status answer(char out[65], const struct challenge *c,
                          const struct siptx_credentials *cred,
                          const char *method, const char *uri,
                          const char *middle)
{
    char a1[65];
    char a2[65];
    enum status s = hash_hex(
        a1, c->hash,
        mem_printf("%s:%.*s:%s", cred->user, V(c->realm), cred->password));
    if (s == STATUS_OK) {
        s = hash_hex(a2, c->hash, mem_printf("%s:%s", method, uri));
    }
    if (s == STATUS_OK) {
        s = hash_hex(out, c->hash,
                     mem_printf("%s:%.*s:%s%s", a1, V(c->nonce), middle, a2));
    }
    return s;
}

static enum status add_field(struct sip_out *out, const char *name,
                             const struct challenge *c,
                             const struct siptx_credentials *cred,
                             const char *uri, const char *response,
                             const char *nc, const char *cnonce)
{
    char *qop = c->has_qop
                    ? mem_printf(",qop=auth,nc=%s,cnonce=\"%s\"", nc, cnonce)
                    : mem_strdup("");
    char *opaque = c->has_opaque ? mem_printf(",opaque=\"%.*s\"", V(c->opaque))
                                 : mem_strdup("");
    char *algorithm = c->algorithm.len > 0
                          ? mem_printf(",algorithm=%.*s", V(c->algorithm))
                          : mem_strdup("");
    enum status s = STATUS_NO_MEMORY;
    if (qop != NULL && opaque != NULL && algorithm != NULL) {
        s = sip_out_set(out, name,
                        "Digest username=\"%s\",realm=\"%.*s\","
                        "nonce=\"%.*s\",uri=\"%s\",response=\"%s\"%s%s%s",
                        cred->user, V(c->realm), V(c->nonce), uri, response,
                        algorithm, qop, opaque);
    }
    mem_free(qop);
    mem_free(opaque);
    mem_free(algorithm);
    return s;
}

static enum status authorize(struct siptx_endpoint *ep, struct sip_out *out,
                             const struct sip_msg *request,
                             const struct challenge *c, const char *name,
                             struct siptx_credentials *cred)
{
    char nc[9];
    char cnonce[17];
    char response[65];
    char *method = view_dup(msg_method(request));
    char *uri = view_dup(msg_uri(request));
    siptx_token(ep, cnonce, 16);
    snprintf(nc, sizeof(nc), "%08x", cred->nonce_count + 1);
    char *middle =
        c->has_qop ? mem_printf("%s:%s:auth:", nc, cnonce) : mem_strdup("");
    enum status s = STATUS_NO_MEMORY;
    if (method != NULL && uri != NULL && middle != NULL) {
        s = answer(response, c, cred, method, uri, middle);
    }
    if (s == STATUS_OK) {
        s = add_field(out, name, c, cred, uri, response, nc, cnonce);
    }
    if (s == STATUS_OK) {
        cred->nonce_count++;
        s = sip_out_set(out, "CSeq", "%u %s", msg_cseq(request) + 1, method);
    }
    mem_free(middle);
    mem_free(method);
    mem_free(uri);
    return s;
}

enum status siptx_authorize(struct siptx_endpoint *ep, struct sip_out *out,
                            const struct sip_msg *response,
                            struct siptx_credentials *cred)
{
    struct challenge c;
    struct octets o = {0};
    int proxy = msg_code(response) == 407;
    enum status s = read_challenge(
        &c, response, proxy ? "Proxy-Authenticate" : "WWW-Authenticate");
    if (s == STATUS_OK) {
        s = out_encode(out, &o);
    }
    if (s != STATUS_OK) {
        return s;
    }
    struct sip_msg *request = msg_parse(o.data, o.len);
    s = request == NULL
            ? STATUS_MISUSE
            : authorize(ep, out, request, &c,
                        proxy ? "Proxy-Authorization" : "Authorization", cred);
    msg_free(request);
    octets_free(&o);
    return s;
}
