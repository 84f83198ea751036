/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Private to rec*.c. */
#ifndef TESTS_UNIT_JUDGE_REC_INT_H
#define TESTS_UNIT_JUDGE_REC_INT_H

#include "tests/unit/judge/rec.h"

struct cap_addr rec_addr(const char *role, uint16_t port);

/* rec_mikey.c: the four messages and the keys. */
void rec_make_i1(struct rec *r, struct rec_call *c);
void rec_make_r1(struct rec *r, struct rec_call *c);
void rec_make_i2(struct rec *r, struct rec_call *c);
void rec_make_r2(struct rec *r, struct rec_call *c);
/* rec_media protects packet n of the message; its length. */
int rec_media(const struct rec_call *c, int n, uint8_t out[256]);

#endif
