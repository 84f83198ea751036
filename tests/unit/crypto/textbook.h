/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The pairing as a textbook has it: affine points over F_p^2, lines and
 * verticals, plain exponentiation, GMP integers. Shares no code with the
 * product. */
#ifndef TESTS_UNIT_CRYPTO_TEXTBOOK_H
#define TESTS_UNIT_CRYPTO_TEXTBOOK_H

#include <gmp.h>

struct textbook {
    mpz_t p, q, cofactor;
    mpz_t gen_x, gen_y; /* of order q */
};

/* textbook_group finds a group of about 120 bits for q of 96 bits with these
 * signs. */
void textbook_group(struct textbook *tb, int s, int c);
void textbook_done(struct textbook *tb);

/* textbook_agrees: e'([i]G, [2i+1]G) is what bf_prim_pairing says. */
int textbook_agrees(struct textbook *tb, unsigned i);

#endif
