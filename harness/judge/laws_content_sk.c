/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Laws of structure: the ESK of a deferred delivery and the SK inside. */
#include "harness/judge/laws_int.h"

#include "harness/crypto/ecdh.h"
#include "harness/crypto/kdf.h"

#include <string.h>

/* ---- ESK
 * ------------------------------------------------------------------------- */

static void esk_content(struct probe *p, const struct jmsg *m)
{
    const struct jopen *o = &m->sent->esk;
    law_note_reading(p, o);
    if (o->id != NULL && o->id->type == MIKEY_PL_ID) {
        probe_payload(p, "esk", o->plain, o->id);
        probe_note(p, "esk.IDR of role 1", "AMB-07: esk.ID without a role");
    } else if (o->id != NULL && o->id->u.idr.role != MIKEY_ROLE_INITIATOR) {
        probe_payload(p, "esk", o->plain, o->id);
        probe_note(p, "esk.IDR of role 1", "AMB-23: esk.IDR of role %u",
                   o->id->u.idr.role);
    }
    law_inner(p, o, "esk", o->id, "ID", idr_of(m->sent, MIKEY_ROLE_INITIATOR),
              "IDRi");
    if (o->sk == NULL) {
        probe_octets(p, "esk", o->plain,
                     (struct mikey_range){0, (uint32_t)o->plain.len});
        probe_fail(p, "esk.SK of type 1", "esk.SK absent");
        return;
    }
    probe_payload(p, "esk", o->plain, o->sk);
    probe_must(p, o->sk->u.sk.type == 1, "esk.SK.Type: 1", "esk.SK.Type: %u",
               o->sk->u.sk.type);
}

static void i2_esk(struct judge *j, const struct law *law, const struct jmsg *m)
{
    const struct jopen *o = &m->sent->esk;
    if (m->leg == NULL || m->leg->r1 == NULL ||
        m->leg->form != JFORM_DEFERRED || m->sent->msg == NULL) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    const struct mikey_payload *pl = mikey_find(m->sent->msg, MIKEY_PL_ESK);
    if (pl == NULL) {
        probe_fail(&p, "mikey.ESK under the identity called",
                   "mikey.ESK absent");
    } else if (o->state == JOPEN_FOREIGN) {
        probe_octets(&p, "mikey", m->sent->octets, o->encr);
        probe_fail(&p, j_printf(j, "mikey.ESK opens with K_PR(%s)", o->want),
                   "it opens with K_PR(%s)", o->key);
    } else if (law_opened(&p, m->sent, o, "ESK", 1)) {
        esk_content(&p, m);
    }
    probe_end(&p, "mikey.ESK: IDR(initiator), SK of type 1",
              "opens with "
              "K_PR(%s)",
              o->key);
}

void law_i2_esk(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, i2_esk);
}

/* ---- SK profile
 * ------------------------------------------------------------------ */

static uint8_t curve_of(const struct jmsg *m)
{
    const struct jopen *o = &m->sent->ibake;
    if (jopen_has(o) && o->xp != NULL) {
        return o->xp->u.eccpt.curve;
    }
    if (jopen_has(o) && o->yp != NULL) {
        return o->yp->u.eccpt.curve;
    }
    return ECDH_P256;
}

static const char *sk_form(const struct jmsg *m, struct view key)
{
    if (key.len == 32) {
        return "SKP-STRICT";
    }
    if (key.len == 30) {
        return "SKP-SRTP";
    }
    uint8_t curve = curve_of(m);
    if (key.len == 1 + 2 * ecdh_field_octets(curve) && key.data[0] == 4 &&
        (!ecdh_supported(curve) ||
         ecdh_point_check(NULL, curve, key) == STATUS_OK)) {
        return "SKP-CR";
    }
    return "none";
}

static void sk_profile(struct judge *j, const struct law *law,
                       const struct jmsg *m)
{
    const struct jopen *o = &m->sent->esk;
    if (!jopen_has(o) || o->sk == NULL) {
        if (o->state == JOPEN_NO_KEY) {
            struct probe p = probe_msg(j, law, m);
            probe_needs(&p, o, "esk.SK of the profile in use");
        }
        return;
    }
    struct probe p = probe_msg(j, law, m);
    const char *want = plan_pixit(j, "PX_SK_PROFILE", "SKP-STRICT");
    const char *have = sk_form(m, o->sk->u.sk.key);
    probe_payload(&p, "esk", o->plain, o->sk);
    if (strcmp(want, have) != 0) {
        probe_lack(&p, j_printf(j, "esk.SK.Key data of profile %s", want),
                   "%zu octets, the form of profile %s", o->sk->u.sk.key.len,
                   have);
    }
    probe_end(&p, j_printf(j, "esk.SK.Key data of profile %s", want),
              "%zu octets", o->sk->u.sk.key.len);
}

void law_sk_profile(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, sk_profile);
}

/* ---- SK independent
 * -------------------------------------------------------------- */

/* The SK is (part of) the value, or the value is part of the SK; short chance
 * hits do not count. */
static int shares(struct view sk, struct view v)
{
    if (sk.len < 16 || v.len < 16) {
        return sk.len > 0 && view_equal(sk, v);
    }
    return view_find(sk, v) >= 0 || view_find(v, sk) >= 0;
}

static void not_value(struct probe *p, struct view sk, struct view v,
                      const char *name)
{
    if (v.len > 0 && shares(sk, v)) {
        probe_fail(p, "esk.SK.Key data independent of the exchange",
                   "esk.SK.Key data shares its octets with %s", name);
    }
}

static void not_point(struct probe *p, struct view sk,
                      const struct mikey_payload *pt, const char *name)
{
    struct view v = law_point(pt);
    if (v.len < 2) {
        return;
    }
    size_t l = ecdh_field_octets(pt->u.eccpt.curve);
    not_value(p, sk, v, name);
    if (v.len == 1 + 2 * l && !shares(sk, v)) {
        not_value(p, sk, (struct view){v.data + 1, l},
                  j_printf(p->j, "the x-coordinate of %s", name));
        not_value(p, sk, (struct view){v.data + 1 + l, l},
                  j_printf(p->j, "the y-coordinate of %s", name));
    }
    struct view scalar;
    if (p->j->kl != NULL &&
        keylog_find(p->j->kl, KEYLOG_ECDH_PRIVATE, v, &scalar) == STATUS_OK) {
        not_value(p, sk, scalar, j_printf(p->j, "the scalar of %s", name));
    }
}

static void not_derived(struct probe *p, struct view sk, const struct jkeys *k)
{
    uint8_t digest[32];
    if (k->ksession_len > 0) {
        struct view v = {k->ksession, k->ksession_len};
        size_t l = (k->ksession_len - 1) / 2;
        not_value(p, sk, v, "[x][y]P");
        if (!shares(sk, v) && k->ksession[0] == 4) {
            not_value(p, sk, (struct view){k->ksession + 1, l},
                      "the x-coordinate of [x][y]P");
        }
        kdf_sha256(digest, v);
        not_value(p, sk, (struct view){digest, 32}, "SHA-256 of [x][y]P");
    }
    not_value(p, sk, (struct view){k->mpk, k->mpk_len}, "the MPK");
    if (!k->has_hop) {
        return;
    }
    not_value(p, sk, (struct view){k->tgk, sizeof k->tgk}, "the hop TGK");
    for (int i = 0; i < 2; i++) {
        not_value(p, sk, (struct view){k->hop[i].key, 16},
                  j_printf(p->j, "the hop TEK of CS %d", i + 1));
    }
}

static void sk_independent(struct judge *j, const struct law *law,
                           const struct jmsg *m)
{
    const struct jopen *o = &m->sent->esk;
    if (o->state == JOPEN_NO_KEY) {
        struct probe p = probe_msg(j, law, m);
        probe_needs(&p, o, "esk.SK.Key data independent of the exchange");
        return;
    }
    if (!jopen_has(o) || o->sk == NULL || m->leg == NULL) {
        return;
    }
    struct probe p = probe_msg(j, law, m);
    struct view sk = o->sk->u.sk.key;
    const struct jopen *i1 = m->x->i1 != NULL ? &m->x->i1->sent->ibake : NULL;
    const struct jopen *r1 =
        m->leg->r1 != NULL ? &m->leg->r1->rcvd->ibake : NULL;
    probe_payload(&p, "esk", o->plain, o->sk);
    const struct mikey_payload *xp =
        i1 != NULL && jopen_has(i1) ? i1->xp : m->sent->ibake.xp;
    const struct mikey_payload *yp =
        r1 != NULL && jopen_has(r1) ? r1->yp : m->sent->ibake.yp;
    not_point(&p, sk, xp, "xP");
    not_point(&p, sk, yp, "yP");
    not_derived(&p, sk, &m->leg->keys);
    if (p.failed == 0 && (xp == NULL || yp == NULL || !m->leg->keys.known)) {
        probe_lack(&p, "esk.SK.Key data independent of the exchange",
                   "not compared with all: %s",
                   m->leg->keys.lack[0] != '\0'
                       ? m->leg->keys.lack
                       : "xP, yP or [x][y]P not known");
    }
    probe_end(&p,
              "esk.SK.Key data: neither xP, yP, [x][y]P nor derived from them",
              "%zu octets, none of them", sk.len);
}

void law_sk_independent(struct judge *j, const struct law *law)
{
    law_each(j, law, MIKEY_DT_I_MESSAGE_2, sk_independent);
}
