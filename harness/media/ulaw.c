/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* G.711 mu-law by its definition: eight segments of sixteen steps, bias 33 in
 * 14 bits (132 in 16), all bits of the code inverted. */
#include "harness/media/media.h"

#define BIAS 33
#define CLIP 8158

uint8_t ulaw_encode(int16_t sample)
{
    /* G.711 codes 14 bits: the two lowest fall away, downwards for both signs.
     */
    int v = (sample - (sample & 3)) / 4;
    int sign = v < 0 ? 0x80 : 0;
    int magnitude = v < 0 ? -v : v;
    magnitude = (magnitude > CLIP ? CLIP : magnitude) + BIAS;
    int segment = 7;
    while (segment > 0 && (magnitude & (0x20 << segment)) == 0) {
        segment--;
    }
    int step = (magnitude >> (segment + 1)) & 0x0f;
    return (uint8_t) ~(sign | segment << 4 | step);
}

int16_t ulaw_decode(uint8_t code)
{
    int c = ~code & 0xff;
    int segment = c >> 4 & 7;
    /* The middle of the step in 14 bits, then as 16. */
    int magnitude = (((c & 0x0f) * 2 + BIAS) * (1 << segment) - BIAS) * 4;
    return (int16_t)((c & 0x80) != 0 ? -magnitude : magnitude);
}
