/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* SRTP streams over libsrtp2: one session holds one SSRC. */
#include "harness/media/media.h"

#include "harness/base/mem.h"

#include <pthread.h>
#include <srtp2/srtp.h>
#include <string.h>

#define WINDOW 128

struct media_srtp {
    srtp_t session;
    uint32_t ssrc;
    int sender;
    int use_mki;
    size_t extra; /* octets that protect adds */
};

static enum status from_srtp(srtp_err_status_t e)
{
    switch ((int)e) {
    case srtp_err_status_ok:
        return STATUS_OK;
    case srtp_err_status_alloc_fail:
        return STATUS_NO_MEMORY;
    case srtp_err_status_auth_fail:
    case srtp_err_status_bad_mki:
        return STATUS_AUTH;
    case srtp_err_status_replay_fail:
        return STATUS_REPLAY;
    case srtp_err_status_replay_old:
        return STATUS_STALE;
    case srtp_err_status_no_ctx:
        return STATUS_NO_KEY; /* another SSRC */
    case srtp_err_status_parse_err:
        return STATUS_TRUNCATED;
    case srtp_err_status_bad_param:
        return STATUS_BAD_VALUE;
    default:
        return STATUS_INTERNAL;
    }
}

/* libsrtp keeps a kernel of its own per process and fails when it is started
 * twice; this guard mirrors that state and is no state of ours. */
static pthread_once_t kernel_once = PTHREAD_ONCE_INIT;
static srtp_err_status_t kernel_status = srtp_err_status_init_fail;

static void start_kernel(void)
{
    kernel_status = srtp_init();
}

enum status media_init(void)
{
    (void)pthread_once(&kernel_once, start_kernel);
    return kernel_status == srtp_err_status_ok ? STATUS_OK : STATUS_INTERNAL;
}

static void set_policy(srtp_crypto_policy_t *p,
                       const struct media_srtp_params *params)
{
    if (params->no_encryption && params->no_auth) {
        srtp_crypto_policy_set_null_cipher_hmac_null(p);
    } else if (params->no_encryption) {
        srtp_crypto_policy_set_null_cipher_hmac_sha1_80(p);
    } else if (params->no_auth) {
        srtp_crypto_policy_set_aes_cm_128_null_auth(p);
    } else {
        srtp_crypto_policy_set_rtp_default(p);
    }
    if (!params->no_auth && params->tag_len != 0) {
        p->auth_tag_len = (int)params->tag_len;
    }
}

static enum status create(struct media_srtp *s,
                          const struct media_srtp_params *params, uint32_t roc)
{
    uint8_t key[SRTP_KEY_LEN + SRTP_SALT_LEN];
    uint8_t mki[sizeof(params->mki)];
    srtp_master_key_t master = {.key = key, .mki_id = mki};
    srtp_master_key_t *masters[1] = {&master};
    srtp_policy_t policy;
    memset(&policy, 0, sizeof(policy));
    memcpy(key, params->key, SRTP_KEY_LEN);
    memcpy(key + SRTP_KEY_LEN, params->salt, SRTP_SALT_LEN);
    memcpy(mki, params->mki, sizeof(mki));
    set_policy(&policy.rtp, params);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    policy.ssrc.type = ssrc_specific;
    policy.ssrc.value = s->ssrc;
    policy.window_size = WINDOW;
    policy.allow_repeat_tx = 1; /* a tester may repeat itself */
    if (params->mki_len > 0) {
        master.mki_size = params->mki_len;
        policy.keys = masters;
        policy.num_master_keys = 1;
        s->use_mki = 1;
    } else {
        policy.key = key;
    }
    srtp_err_status_t e = srtp_create(&s->session, &policy);
    if (e == srtp_err_status_ok && roc != 0) {
        e = srtp_set_stream_roc(s->session, s->ssrc, roc);
    }
    s->extra = (size_t)policy.rtp.auth_tag_len + params->mki_len;
    mem_wipe(key, sizeof(key));
    return from_srtp(e);
}

enum status media_srtp_new(struct media_srtp **out,
                           const struct media_srtp_params *params,
                           uint32_t ssrc, uint32_t roc, int sender)
{
    *out = NULL;
    if (params->mki_len > sizeof(params->mki) ||
        (params->tag_len != 0 && params->tag_len != 4 &&
         params->tag_len != 10)) {
        return STATUS_BAD_VALUE;
    }
    if (media_init() != STATUS_OK) {
        return STATUS_INTERNAL;
    }
    struct media_srtp *s = mem_alloc(sizeof(*s));
    if (s == NULL) {
        return STATUS_NO_MEMORY;
    }
    s->ssrc = ssrc;
    s->sender = sender;
    enum status st = create(s, params, roc);
    if (st != STATUS_OK) {
        media_srtp_free(s);
        return st;
    }
    *out = s;
    return STATUS_OK;
}

void media_srtp_free(struct media_srtp *s)
{
    if (s != NULL) {
        if (s->session != NULL) {
            srtp_dealloc(s->session);
        }
        mem_free(s);
    }
}

static enum status stage(struct media_srtp *s, uint8_t *out, size_t cap,
                         const uint8_t *data, size_t len, size_t extra)
{
    struct rtp head;
    enum status st = rtp_parse(&head, data, len);
    if (st != STATUS_OK) {
        return st;
    }
    if (head.ssrc != s->ssrc) {
        return STATUS_NO_KEY;
    }
    if (len > INT32_MAX || cap < len + extra) {
        return STATUS_NO_SPACE;
    }
    memmove(out, data, len);
    return STATUS_OK;
}

enum status media_srtp_protect(struct media_srtp *s, uint8_t *out, size_t cap,
                               size_t *out_len, const uint8_t *rtp, size_t len)
{
    *out_len = 0;
    enum status st = stage(s, out, cap, rtp, len, s->extra);
    if (st != STATUS_OK) {
        return st;
    }
    int n = (int)len;
    st = from_srtp(
        srtp_protect_mki(s->session, out, &n, (unsigned)s->use_mki, 0));
    if (st != STATUS_OK) {
        mem_wipe(out, cap);
        return st;
    }
    *out_len = (size_t)n;
    return STATUS_OK;
}

enum status media_srtp_unprotect(struct media_srtp *s, uint8_t *out, size_t cap,
                                 size_t *out_len, const uint8_t *srtp,
                                 size_t len)
{
    *out_len = 0;
    enum status st = stage(s, out, cap, srtp, len, 0);
    if (st != STATUS_OK) {
        return st;
    }
    int n = (int)len;
    st = from_srtp(
        srtp_unprotect_mki(s->session, out, &n, (unsigned)s->use_mki));
    if (st != STATUS_OK) {
        mem_wipe(out, len);
        return st;
    }
    *out_len = (size_t)n;
    return STATUS_OK;
}

uint32_t media_srtp_roc(const struct media_srtp *s)
{
    uint32_t roc = 0;
    (void)srtp_get_stream_roc(s->session, s->ssrc, &roc);
    return roc;
}
