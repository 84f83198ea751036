/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Steps of an exchange that both roles share: drafts, the CS ID map, opening of
 * IBAKE; Error messages. */
#include "harness/ibake/ibake_int.h"

#include <stdio.h>

struct view wr_since(const struct wr *w, size_t at)
{
    struct rd r;
    struct view v = {0};
    rd_init(&r, w->data, w->len);
    rd_bytes(&r, &v, at);
    rd_bytes(&r, &v, w->len - at);
    return v;
}

/* ---- making ---- */

struct ibake_draft *session_draft(const struct ibake_session *s,
                                  uint8_t data_type)
{
    struct ibake_draft *d = draft_new(&s->cfg, data_type);
    if (d == NULL) {
        return NULL;
    }
    d->hdr = s->hdr;
    d->hdr.version = 1;
    d->hdr.data_type = data_type;
    d->hdr.v = 1;
    d->hdr.map_info = octets_view(&s->map);
    d->curve = s->pub.curve != 0 ? s->pub.curve : s->cfg.profile.curve;
    d->own_point = s->pub.len != 0 ? &s->pub : NULL;
    d->peer_point = octets_view(&s->peer_point);
    d->t1 = s->t1.len != 0 ? &s->t1 : NULL;
    d->t2 = s->t2.len != 0 ? &s->t2 : NULL;
    return d;
}

enum status session_finish(struct ibake_session *s, struct ibake_draft *d,
                           const struct ibake_mac *mac, struct wr *out)
{
    enum status st = draft_finish(d, mac, out);
    s->edits_missed += d->missed;
    if (st != STATUS_OK) {
        session_fail(s, st, "%s: %s", d->message,
                     d->why[0] != '\0' ? d->why : status_name(st));
    }
    return st;
}

enum status ibake_make_error(const struct ibake_session *s, uint8_t error_no,
                             struct wr *out)
{
    struct ibake_ts now = {.type = MIKEY_TS_NTP_UTC, .len = 8};
    const struct ibake_ts *t = s->t2.len != 0   ? &s->t2
                               : s->t1.len != 0 ? &s->t1
                                                : &now;
    struct ibake_draft *d = session_draft(s, MIKEY_DT_ERROR);
    if (d == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (t == &now) {
        put_be(now.value, keyring_next_t(s->cfg.keyring, s->cfg.env, 0), 8);
    }
    d->hdr.v = 0;
    draft_add_t(d, t);
    struct ibake_item *it = draft_add(d, PART_OUTER, MIKEY_PL_ERR);
    if (it != NULL) {
        it->pl.u.err.error = error_no;
    }
    enum status st = draft_finish(d, NULL, out);
    draft_free(d);
    return st;
}

/* ---- CS ID map ---- */

/* Writes the SRTP-ID entries this party knows over what the map has (AMB-32:
 * the answer fills in SSRCs, #CS and map type stay). */
enum status session_write_map(struct ibake_session *s)
{
    struct wr w;
    if (s->hdr.map_type != MIKEY_MAP_SRTP_ID) {
        return STATUS_OK;
    }
    wr_init(&w);
    for (unsigned i = 0; i < s->hdr.num_cs; i++) {
        struct mikey_srtp_id id = {0};
        mikey_srtp_id(&s->hdr, i, &id);
        if (i < IBAKE_MAX_CS && (s->have_ssrc[i] || id.ssrc == 0)) {
            id.ssrc = s->ssrc[i];
        }
        mikey_srtp_id_put(&id, &w);
    }
    enum status st = w.err;
    if (st == STATUS_OK) {
        st = octets_set(&s->map, (struct view){w.data, w.len});
    }
    s->hdr.map_info = octets_view(&s->map);
    wr_cleanup(&w);
    return st;
}

enum status session_take_map(struct ibake_session *s,
                             const struct mikey_hdr *hdr, int opening)
{
    if (!opening &&
        (hdr->map_type != s->hdr.map_type || hdr->num_cs != s->hdr.num_cs)) {
        return STATUS_OK; /* compared before; the check may be off */
    }
    enum status st = octets_set(&s->map, hdr->map_info);
    s->hdr.map_info = octets_view(&s->map);
    if (st != STATUS_OK) {
        return session_refuse(s, st, IBAKE_ERR_UNSPECIFIED, "out of memory");
    }
    if (hdr->map_type == MIKEY_MAP_GENERIC_ID && opening) {
        session_deviation(s, "CS ID map of type GENERIC-ID");
    }
    enum ibake_role other =
        s->role == IBAKE_INITIATOR ? IBAKE_RESPONDER : IBAKE_INITIATOR;
    struct mikey_srtp_id id;
    if (mikey_srtp_id(&s->hdr, (unsigned)other, &id) == STATUS_OK) {
        s->ssrc[other] = id.ssrc;
        s->have_ssrc[other] = 1;
    }
    return STATUS_OK;
}

/* ---- taking ---- */

enum status take_ibake(struct ibake_session *s, const struct mikey_msg *msg,
                       struct view me, struct wr *plain, struct mikey_chain *c)
{
    const struct mikey_payload *ib = mikey_find(msg, MIKEY_PL_IBAKE);
    char date[9];
    int neighbour = 0;
    enum status st =
        take_decrypt(&s->cfg, msg, ib->u.enc.data, me, plain, date, &neighbour);
    if (st != STATUS_OK) {
        return session_refuse(s, st, IBAKE_ERR_UNSPECIFIED,
                              "IBAKE does not decrypt: %s", status_name(st));
    }
    if (neighbour) {
        session_deviation(s, "IBAKE under the key of %s", date);
    }
    return take_chain(s, c, plain);
}
