/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* The points of an exchange, for those who record it. */
#include "harness/ibake/ibake_int.h"

struct view ibake_session_point(const struct ibake_session *s,
                                enum ibake_role of)
{
    return of == s->role ? (struct view){s->pub.octets, s->pub.len}
                         : octets_view(&s->peer_point);
}
