/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A message to measure with: INVITE with a MIKEY offer, as it reaches a
 * mailbox. */
#include "harness/sip/sip_int.h"

/* The key-mgmt value is the example of RFC 4567, 5.1. */
static const char sample[] =
    "INVITE sip:vm@vm.home-b.example;cause=408 SIP/2.0\r\n"
    "Via: SIP/2.0/TCP as1.home-b.example;branch=z9hG4bK-as-m-02\r\n"
    "Via: SIP/2.0/TCP 192.0.2.11:5060;branch=z9hG4bK-a-0001\r\n"
    "Record-Route: <sip:scscf1.home-b.example;lr>\r\n"
    "Max-Forwards: 64\r\n"
    "From: \"Alice\" <sip:alice@home-a.example>;tag=a-77f1\r\n"
    "To: <sip:bob@home-b.example>\r\n"
    "Call-ID: dd-5f0c2b71@192.0.2.11\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:alice@192.0.2.11:5060;transport=tcp>;audio\r\n"
    "P-Asserted-Identity: \"Alice\" <sip:alice@home-a.example>\r\n"
    "Supported: 100rel, histinfo\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, NOTIFY\r\n"
    "History-Info: <sip:bob@home-b.example>;index=1,\r\n"
    " <sip:vm@vm.home-b.example;cause=408>;index=1.1;mp=1\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 386\r\n"
    "\r\n"
    "v=0\r\n"
    "o=alice 3981345304 1 IN IP4 192.0.2.11\r\n"
    "s=-\r\n"
    "c=IN IP4 192.0.2.11\r\n"
    "t=0 0\r\n"
    "a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyONQ6gAAAAAGEEoo2pee4hp2Ua"
    "DX8ZE22YwKAAAPZG9uYWxkQGR1Y2suY29tAQAAAAAAAQAk0JKpgaVkDaawi9whVBtBt0KZ1"
    "4ymNuu62+Nv3ozPLygwK/GbAV9iemnGUIZ19fWQUOSrzKTAv9zV\r\n"
    "m=audio 49170 RTP/SAVP 97\r\n"
    "a=rtpmap:97 AMR/8000\r\n"
    "a=fmtp:97 mode-set=7; octet-align=1\r\n"
    "a=maxptime:20\r\n"
    "a=sendrecv\r\n";

struct view sip_sample(void)
{
    return (struct view){(const uint8_t *)sample, sizeof sample - 1};
}
