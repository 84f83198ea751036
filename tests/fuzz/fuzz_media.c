/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Any octets as a WAV file, as an RTP packet, and as an SRTP packet. */
#include "harness/media/media.h"

#include "harness/base/mem.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wav w;
    struct rtp p;
    (void)wav_parse(&w, data, size);
    wav_free(&w);
    if (rtp_parse(&p, data, size) == STATUS_OK) {
        struct media_srtp_params params = {.tag_len = 10};
        struct media_srtp *s;
        uint8_t out[RTP_MAX_PACKET];
        size_t len;
        if (media_srtp_new(&s, &params, p.ssrc, 0, 0) == STATUS_OK) {
            (void)media_srtp_unprotect(s, out, sizeof(out), &len, data, size);
            media_srtp_free(s);
        }
        struct media_recording *r = media_recording_new();
        if (r != NULL) {
            (void)media_recording_add(r, data, size);
            mem_free(media_recording_codes(r, &len));
            media_recording_free(r);
        }
        (void)rtp_strip_padding(&p);
    }
    return 0;
}
