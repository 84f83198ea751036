/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What B does with a delivery: keys and origins from the answer, packets to
 * samples (S34, S35). */
#ifndef HARNESS_AGENT_PLAYOUT_H
#define HARNESS_AGENT_PLAYOUT_H

#include "harness/agent/agent_int.h"

struct playout;

struct playout *playout_new(struct agent *a);
void playout_free(struct playout *p);

/* playout_take reads the parts of the 200 (application/mikey with
 * message/sipfrag, in either order) and opens every ESK; ib gives the hop key
 * of the mailbox's own tones. */
void playout_take(struct playout *p, const struct sip_msg *msg,
                  struct ibake_session *ib);

/* playout_packet takes one packet; 1 if it was a tone of the mailbox. */
int playout_packet(struct playout *p, const uint8_t *data, size_t len);

/* playout_finish writes dir/rendered-N.wav for each message that has sound, N
 * from next on, and returns the list for the answer (new reference). */
json_t *playout_finish(struct playout *p, const char *dir, unsigned next);

#endif
