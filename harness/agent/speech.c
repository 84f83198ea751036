/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What a depositor says, and how the key log learns what to look for. */
#include "harness/agent/speech.h"

#include "harness/base/mem.h"
#include "harness/crypto/kdf.h"

#include <string.h>

#define SAMPLES 160 /* in 20 ms */
#define CANARY_LEN 32
#define CANARY_DISTINCT 12
#define CANARY_MAX 16
#define NOISE_MIN 20
#define NOISE_MAX 220
#define MAX_PACKETS 200000

/* ---- canaries ---- */

static void tell(struct agent *a, struct view canary)
{
    uint8_t digest[32];
    kdf_sha256(digest, canary);
    if (a->ibake.secret != NULL) {
        a->ibake.secret(a->ibake.secret_ctx, "CANARY",
                        (struct view){digest, sizeof digest}, canary);
    }
}

static size_t distinct(const uint8_t *data, size_t len)
{
    uint8_t seen[256] = {0};
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        n += !seen[data[i]];
        seen[data[i]] = 1;
    }
    return n;
}

/* Pieces of the mu-law octets, each inside one packet, that are no silence. */
static void tell_voice(struct agent *a, const struct wav *w)
{
    size_t packets = w->num / SAMPLES;
    size_t step = packets / CANARY_MAX + 1;
    for (size_t p = 0; p < packets; p += step) {
        uint8_t code[CANARY_LEN];
        for (size_t i = 0; i < CANARY_LEN; i++) {
            code[i] = ulaw_encode(w->samples[p * SAMPLES + 64 + i]);
        }
        if (distinct(code, sizeof code) >= CANARY_DISTINCT) {
            tell(a, (struct view){code, sizeof code});
        }
    }
}

/* A pattern of 32 octets all through the payload, "DD-CANARY-" and random ones.
 */
static enum status make_canary(struct speech *s, size_t packets)
{
    uint8_t c[CANARY_LEN] = {'D', 'D', '-', 'C', 'A', 'N', 'A', 'R', 'Y', '-'};
    enum status st = env_random(&s->agent->env, c + 10, sizeof c - 10);
    s->wav.num = packets * SAMPLES;
    s->wav.samples = mem_alloc(s->wav.num * sizeof *s->wav.samples);
    if (st != STATUS_OK || s->wav.samples == NULL) {
        return st != STATUS_OK ? st : STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < sizeof c; i++) {
        c[i] = ulaw_encode(ulaw_decode(c[i])); /* the two zeros are one */
    }
    for (size_t i = 0; i < s->wav.num; i++) {
        s->wav.samples[i] = ulaw_decode(c[i % CANARY_LEN]);
    }
    tell(s->agent, (struct view){c, sizeof c});
    return STATUS_OK;
}

/* ---- loading ---- */

enum status speech_load(struct speech *s, struct agent *a, const json_t *args)
{
    const char *media = json_str(args, "media", "none");
    long long packets = json_int(args, "packets", 0);
    *s = (struct speech){.agent = a};
    if (packets < 0 || packets > MAX_PACKETS) {
        return STATUS_BAD_VALUE;
    }
    enum status st = STATUS_OK;
    if (strcmp(media, "none") == 0) {
        return STATUS_OK;
    }
    if (strcmp(media, "noise") == 0) {
        s->kind = SPEECH_NOISE;
        s->packets = packets > 0 ? (size_t)packets : 50;
        return STATUS_OK;
    }
    s->kind = SPEECH_VOICE;
    if (strcmp(media, "canary") == 0) {
        st = make_canary(s, packets > 0 ? (size_t)packets : 50);
    } else {
        st = wav_load(&s->wav, media);
        if (st == STATUS_OK && packets > 0 &&
            s->wav.num > (size_t)packets * SAMPLES) {
            s->wav.num = (size_t)packets * SAMPLES;
        }
        if (st == STATUS_OK) {
            tell_voice(a, &s->wav);
        }
    }
    if (st != STATUS_OK) {
        speech_clear(s);
    }
    return st;
}

void speech_clear(struct speech *s)
{
    wav_free(&s->wav);
    s->kind = SPEECH_NONE;
}

/* ---- packets ---- */

static enum status new_srtp(struct media_srtp **out,
                            const struct ibake_srtp_key *key, uint32_t ssrc)
{
    struct media_srtp_params p = {0};
    memcpy(p.key, key->key, sizeof p.key);
    memcpy(p.salt, key->salt, sizeof p.salt);
    enum status st = media_srtp_new(out, &p, ssrc, 0, 1);
    mem_wipe(&p, sizeof p);
    return st;
}

/* One packet whose payload is random: what a ciphertext looks like to those who
 * have no key. */
static enum status noise_packet(const struct speech *s, size_t i, uint32_t ssrc,
                                struct wr *w)
{
    uint8_t payload[NOISE_MAX];
    uint8_t len = 0;
    enum status st = env_random(&s->agent->env, &len, 1);
    struct rtp p = {
        .version = 2,
        .seq = (uint16_t)(i + 1),
        .timestamp = (uint32_t)(i * SAMPLES),
        .ssrc = ssrc,
        .payload = {payload, NOISE_MIN + len % (NOISE_MAX - NOISE_MIN)}};
    if (st == STATUS_OK) {
        st = env_random(&s->agent->env, payload, p.payload.len);
    }
    rtp_write(w, &p);
    return st != STATUS_OK ? st : w->err;
}

static enum status start_noise(const struct speech *s,
                               const struct media_send *how, uint32_t ssrc,
                               struct media_sender **out)
{
    struct view *v = mem_alloc(s->packets * sizeof *v);
    size_t *ends = mem_alloc(s->packets * sizeof *ends);
    struct wr w;
    wr_init(&w);
    enum status st = v == NULL || ends == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    for (size_t i = 0; i < s->packets && st == STATUS_OK; i++) {
        st = noise_packet(s, i, ssrc, &w);
        ends[i] = w.len;
    }
    for (size_t i = 0; i < s->packets && st == STATUS_OK; i++) {
        size_t from = i > 0 ? ends[i - 1] : 0;
        v[i] = (struct view){w.data + from, ends[i] - from};
    }
    if (st == STATUS_OK) {
        st = media_send_packets(out, s->agent->loop, how, v, s->packets);
    }
    wr_cleanup(&w);
    mem_free(v);
    mem_free(ends);
    return st;
}

enum status speech_start(const struct speech *s, const struct media_send *how,
                         const struct ibake_srtp_key *key, uint32_t ssrc,
                         struct media_srtp **srtp, struct media_sender **out)
{
    if (s->kind == SPEECH_NOISE) {
        return start_noise(s, how, ssrc, out);
    }
    if (s->kind == SPEECH_NONE || s->wav.num == 0) {
        return STATUS_NOT_FOUND;
    }
    if (key != NULL) {
        enum status st = new_srtp(srtp, key, ssrc);
        if (st != STATUS_OK) {
            return st;
        }
    }
    struct media_voice voice = {.samples = s->wav.samples,
                                .num = s->wav.num,
                                .ssrc = ssrc,
                                .first_seq = 1,
                                .pt = RTP_PT_PCMU,
                                .srtp = *srtp};
    return media_send_voice(out, s->agent->loop, how, &voice);
}

static enum status voice_packet(const struct speech *s, struct media_srtp *srtp,
                                size_t i, uint32_t ssrc, uint8_t *out,
                                size_t *out_len)
{
    uint8_t codes[SAMPLES];
    for (size_t k = 0; k < SAMPLES; k++) {
        size_t at = i * SAMPLES + k;
        codes[k] = ulaw_encode(at < s->wav.num ? s->wav.samples[at] : 0);
    }
    struct rtp p = {.version = 2,
                    .pt = RTP_PT_PCMU,
                    .seq = (uint16_t)(i + 1),
                    .timestamp = (uint32_t)(i * SAMPLES),
                    .ssrc = ssrc,
                    .payload = {codes, sizeof codes}};
    struct wr w;
    wr_init_fixed(&w, out, RTP_MAX_PACKET);
    rtp_write(&w, &p);
    return w.err != STATUS_OK ? w.err
                              : media_srtp_protect(srtp, out, RTP_MAX_PACKET,
                                                   out_len, out, w.len);
}

enum status speech_each(const struct speech *s,
                        const struct ibake_srtp_key *key, uint32_t ssrc,
                        speech_packet_fn *each, void *ctx)
{
    struct media_srtp *srtp = NULL;
    enum status st = new_srtp(&srtp, key, ssrc);
    size_t num =
        s->kind == SPEECH_NOISE ? s->packets : voice_packets(s->wav.num, 0);
    for (size_t i = 0; i < num && st == STATUS_OK; i++) {
        uint8_t out[RTP_MAX_PACKET];
        size_t len = 0;
        if (s->kind == SPEECH_NOISE) {
            struct wr w;
            wr_init_fixed(&w, out, sizeof out);
            st = noise_packet(s, i, ssrc, &w);
            len = w.len;
        } else {
            st = voice_packet(s, srtp, i, ssrc, out, &len);
        }
        if (st == STATUS_OK) {
            st = each(ctx, out, len);
        }
    }
    media_srtp_free(srtp);
    return st;
}
