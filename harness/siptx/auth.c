/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Digest answers (RFC 3261, 22; RFC 2617; RFC 8760) with OpenSSL's hashes. */
#include "harness/siptx/siptx_int.h"

#include "harness/base/mem.h"

#include <openssl/evp.h>

static enum status hash(void *ctx, const uint8_t *data, size_t len,
                        uint8_t *out, size_t *out_len)
{
    unsigned n = 0;
    if (EVP_Digest(data, len, out, &n, ctx, NULL) != 1) {
        return STATUS_UNSUPPORTED;
    }
    *out_len = n;
    return STATUS_OK;
}

/* The first challenge we can answer; *md is its hash. */
static enum status choose(const struct sip_msg *response, enum sip_hdr id,
                          struct view *challenge, const EVP_MD **md)
{
    enum status s = STATUS_NOT_FOUND;
    const struct sip_header *h;
    for (size_t i = 0; (h = sip_find(response, id, i)) != NULL; i++) {
        struct sip_auth a;
        struct view algorithm = {0};
        if (sip_auth(h->value, &a) != STATUS_OK ||
            !sip_is_nocase(a.scheme, "Digest")) {
            continue;
        }
        s = STATUS_UNSUPPORTED;
        (void)sip_auth_param(&a, "algorithm", &algorithm);
        algorithm = sip_unquoted(algorithm);
        *md = algorithm.len == 0 || sip_is_nocase(algorithm, "MD5") ? EVP_md5()
              : sip_is_nocase(algorithm, "SHA-256") ? EVP_sha256()
                                                    : NULL;
        if (*md != NULL) {
            *challenge = h->value;
            return STATUS_OK;
        }
    }
    return s;
}

enum status siptx_authorize(struct siptx_endpoint *ep, struct sip_out *out,
                            const struct sip_msg *response,
                            struct siptx_credentials *cred)
{
    int proxy = response->status == 407;
    struct view challenge;
    const EVP_MD *md = NULL;
    char cnonce[17];
    struct wr w;
    struct sip_cseq cseq = {0};
    const char *old = sip_out_get(out, "CSeq", 0);
    if (out->method == NULL || out->uri == NULL || old == NULL ||
        sip_cseq(sip_text(old), &cseq) != STATUS_OK) {
        return STATUS_MISUSE;
    }
    enum status s = choose(
        response, proxy ? SIP_HDR_PROXY_AUTHENTICATE : SIP_HDR_WWW_AUTHENTICATE,
        &challenge, &md);
    if (s != STATUS_OK) {
        return s;
    }
    siptx_token(ep, cnonce, 16);
    wr_init(&w);
    s = sip_digest_answer(&w, challenge, cred->user, cred->password,
                          out->method, out->uri, cnonce, cred->nonce_count + 1,
                          hash, (void *)(uintptr_t)md);
    if (s == STATUS_OK) {
        wr_u8(&w, 0);
        s = w.err;
    }
    if (s == STATUS_OK) {
        s = sip_out_set(out, proxy ? "Proxy-Authorization" : "Authorization",
                        "%s", (const char *)w.data);
    }
    if (s == STATUS_OK) {
        cred->nonce_count++;
        s = sip_out_set(out, "CSeq", "%u %s", cseq.num + 1, out->method);
    }
    wr_cleanup(&w);
    return s;
}

enum status siptx_check_auth(const struct sip_msg *request, int proxy,
                             const char *realm, const char *nonce,
                             const char *user, const char *password)
{
    enum sip_hdr id =
        proxy ? SIP_HDR_PROXY_AUTHORIZATION : SIP_HDR_AUTHORIZATION;
    const struct sip_header *h;
    enum status s = STATUS_NOT_FOUND;
    char *method = sip_dup(request->method);
    if (method == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct sip_digest_expect e = {.realm = sip_text(realm),
                                  .nonce = sip_text(nonce),
                                  .uri = request->uri,
                                  .username = sip_text(user)};
    for (size_t i = 0; s != STATUS_OK && (h = sip_find(request, id, i)) != NULL;
         i++) {
        struct sip_auth a;
        struct view algorithm = {0};
        if (sip_auth(h->value, &a) == STATUS_OK) {
            (void)sip_auth_param(&a, "algorithm", &algorithm);
        }
        const EVP_MD *md = sip_is_nocase(sip_unquoted(algorithm), "SHA-256")
                               ? EVP_sha256()
                               : EVP_md5();
        s = sip_digest_verify(h->value, &e, method, password, hash,
                              (void *)(uintptr_t)md);
    }
    mem_free(method);
    return s;
}
