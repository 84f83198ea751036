/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Who has an offer out (RFC 3264, 4; RFC 3311, 5). */
#include "harness/siptx/siptx.h"

enum status siptx_oa_offer_out(struct siptx_oa *oa)
{
    if (oa->state != SIPTX_OA_IDLE) {
        return STATUS_UNEXPECTED;
    }
    oa->state = SIPTX_OA_SENT;
    return STATUS_OK;
}

enum status siptx_oa_answer_in(struct siptx_oa *oa)
{
    if (oa->state != SIPTX_OA_SENT) {
        return STATUS_UNEXPECTED;
    }
    oa->state = SIPTX_OA_IDLE;
    oa->completed++;
    return STATUS_OK;
}

int siptx_oa_offer_in(struct siptx_oa *oa)
{
    switch (oa->state) {
    case SIPTX_OA_SENT:
        return 491; /* RFC 3311, 5.2: glare */
    case SIPTX_OA_RECEIVED:
        return 500; /* RFC 3311, 5.2: with Retry-After, 0 to 10 s */
    case SIPTX_OA_IDLE:
        break;
    }
    oa->state = SIPTX_OA_RECEIVED;
    return 0;
}

enum status siptx_oa_answer_out(struct siptx_oa *oa)
{
    if (oa->state != SIPTX_OA_RECEIVED) {
        return STATUS_UNEXPECTED;
    }
    oa->state = SIPTX_OA_IDLE;
    oa->completed++;
    return STATUS_OK;
}

void siptx_oa_rejected(struct siptx_oa *oa)
{
    oa->state = SIPTX_OA_IDLE;
}
