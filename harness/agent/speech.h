/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What a depositor says: a WAV file, a canary, noise, or nothing. */
#ifndef HARNESS_AGENT_SPEECH_H
#define HARNESS_AGENT_SPEECH_H

#include "harness/agent/agent_int.h"
#include "harness/media/media.h"

enum speech_kind { SPEECH_NONE, SPEECH_VOICE, SPEECH_NOISE };

struct speech {
    enum speech_kind kind;
    struct agent *agent;
    struct wav wav;
    size_t packets; /* of noise */
};

/* speech_load reads the members media ("none", "noise", "canary" or a path;
 * none is the default) and packets, and tells the key log patterns of the
 * plaintext (CANARY). STATUS_NOT_FOUND, STATUS_UNSUPPORTED … of the file. */
enum status speech_load(struct speech *s, struct agent *a, const json_t *args);
void speech_clear(struct speech *s);

/* speech_start sends it from port to how->to: SRTP under key (16 octets, 14 of
 * salt), or in clear with key NULL; *srtp is the stream in use, to be freed
 * after the sender. how.done is called at the end. STATUS_NOT_FOUND if there is
 * nothing to say. */
enum status speech_start(const struct speech *s, const struct media_send *how,
                         const struct ibake_srtp_key *key, uint32_t ssrc,
                         struct media_srtp **srtp, struct media_sender **out);

/* speech_each gives each protected packet at once. */
typedef enum status speech_packet_fn(void *ctx, const uint8_t *data,
                                     size_t len);
enum status speech_each(const struct speech *s,
                        const struct ibake_srtp_key *key, uint32_t ssrc,
                        speech_packet_fn *each, void *ctx);

#endif
