/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* G.711 mu-law by its definition: eight segments of sixteen steps, bias 33 in
 * 14 bits (132 in 16), all bits of the code inverted. */
#include "harness/media/media.h"

#define BIAS 132
#define CLIP 32635

uint8_t ulaw_encode(int16_t sample)
{
    int sign = sample < 0 ? 0x80 : 0;
    int magnitude = sample < 0 ? -(int)sample : sample;
    if (magnitude > CLIP) {
        magnitude = CLIP;
    }
    magnitude += BIAS;
    int segment = 7;
    while (segment > 0 && (magnitude & (0x80 << segment)) == 0) {
        segment--;
    }
    int step = (magnitude >> (segment + 3)) & 0x0f;
    return (uint8_t) ~(sign | segment << 4 | step);
}

int16_t ulaw_decode(uint8_t code)
{
    int c = ~code & 0xff;
    int segment = c >> 4 & 7;
    /* The middle of the step: 2*step + 33 in 14 bits, shifted, less the bias.
     */
    int magnitude = ((c & 0x0f) * 8 + BIAS) * (1 << segment) - BIAS;
    return (int16_t)((c & 0x80) != 0 ? -magnitude : magnitude);
}
