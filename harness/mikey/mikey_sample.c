/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A fixed message of ordinary size. */
#include "harness/mikey/mikey.h"

#include <string.h>

#define VIEW_OF(array)                                                         \
    {                                                                          \
        (const uint8_t *)(array), sizeof(array) - 1                            \
    }

void mikey_sample(struct wr *w)
{
    static const char map[] = "\0\x0a\x11\xce\x01\0\0\0\0"
                              "\0\x0b\x0b\x5e\xee\0\0\0\0";
    static const char t[] = "\xed\x4f\xd3\xae\x80\0\0\0";
    static const char rnd[] = "0123456789:;<=>?";
    static const char a[] = "sip:alice@home-a.example";
    static const char mb[] = "sip:bob-mbx@vm.home-b.example";
    uint8_t encr[284]; /* as long as that of Annex C.5 */
    memset(encr, 0xe3, sizeof encr);
    struct mikey_msg msg = {
        .hdr = {.version = 1,
                .data_type = MIKEY_DT_I_MESSAGE_2,
                .v = 1,
                .csb_id = 0x1dc0ee5e,
                .num_cs = 2,
                .map_type = MIKEY_MAP_SRTP_ID,
                .map_info = VIEW_OF(map)},
        .num_payloads = 6,
        .payloads = {
            {.type = MIKEY_PL_T, .u.t = {MIKEY_TS_NTP_UTC, VIEW_OF(t)}},
            {.type = MIKEY_PL_RAND, .u.rnd = {VIEW_OF(rnd)}},
            {.type = MIKEY_PL_IDR,
             .u.idr = {MIKEY_ROLE_INITIATOR, MIKEY_ID_URI, VIEW_OF(a)}},
            {.type = MIKEY_PL_IDR,
             .u.idr = {MIKEY_ROLE_RESPONDER, MIKEY_ID_URI, VIEW_OF(mb)}},
            {.type = MIKEY_PL_IBAKE, .u.enc = {{encr, 284}}},
            {.type = MIKEY_PL_ESK, .u.enc = {{encr, 146}}}}};
    mikey_encode(&msg, w);
}
