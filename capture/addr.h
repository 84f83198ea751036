/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Transport addresses as a capture knows them, and their text form. */
#ifndef CAPTURE_ADDR_H
#define CAPTURE_ADDR_H

#include "harness/base/buf.h"

#define CAP_ADDR_TEXT 64 /* room for "[ipv6]:port" and a NUL */

struct cap_addr {
    uint8_t version; /* 4 or 6; 0 = none */
    uint8_t ip[16];  /* network order; IPv4 uses the first four octets */
    uint16_t port;   /* host order; 0 for protocols without ports */
};

/* cap_addr_text writes "127.9.3.1:5060" or "[::1]:5060" and a NUL (without the
 * port if it is 0); cap_addr_ip_text only "127.9.3.1" or "::1". "-" for none.
 */
void cap_addr_text(char out[CAP_ADDR_TEXT], const struct cap_addr *a);
void cap_addr_ip_text(char out[CAP_ADDR_TEXT], const struct cap_addr *a);

/* cap_addr_parse reads "127.9.3.1", "127.9.3.1:5060", "::1" or "[::1]:5060".
 * Returns STATUS_SYNTAX with *out unchanged for anything else. */
enum status cap_addr_parse(struct cap_addr *out, const char *text);

/* cap_addr_equal compares address and port, cap_addr_same_ip the address only.
 */
int cap_addr_equal(const struct cap_addr *a, const struct cap_addr *b);
int cap_addr_same_ip(const struct cap_addr *a, const struct cap_addr *b);

#endif
