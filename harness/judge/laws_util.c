/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What the laws of structure, identity, replay and secrecy share. */
#include "harness/judge/laws_int.h"

#include "harness/base/mem.h"
#include "harness/sip/sip.h"

#include <string.h>

const struct jsip *law_sip(const struct jmsg *m)
{
    return jmsg_first(m)->sip;
}

const struct jmsg *law_i2_before(const struct jleg *l, uint64_t frame)
{
    const struct jmsg *found = NULL;
    for (size_t i = 0; l != NULL && i < l->num_i2; i++) {
        if (jmsg_frame(l->i2[i]) <= frame) {
            found = l->i2[i];
        }
    }
    return found;
}

static int is_call_type(uint8_t type)
{
    return type >= MIKEY_DT_I_MESSAGE_1 && type <= MIKEY_DT_R_MESSAGE_2;
}

uint8_t law_turn(const struct jmsg *m)
{
    const struct jsip *s = law_sip(m);
    if (s == NULL || m->x == NULL || m->x->kind == JX_REQUEST ||
        m->type == MIKEY_DT_ERROR) {
        return 0;
    }
    if (s->request && m->leg == NULL) {
        return MIKEY_DT_I_MESSAGE_1;
    }
    if (s->request) {
        return m->type == MIKEY_DT_I_MESSAGE_2 || !is_call_type(m->type)
                   ? MIKEY_DT_I_MESSAGE_2
                   : 0;
    }
    if (m->type == MIKEY_DT_R_MESSAGE_1 || m->type == MIKEY_DT_R_MESSAGE_2) {
        return m->type;
    }
    return law_i2_before(m->leg, jmsg_frame(m)) != NULL ? MIKEY_DT_R_MESSAGE_2
                                                        : MIKEY_DT_R_MESSAGE_1;
}

void law_each(struct judge *j, const struct law *law, uint8_t turn,
              law_msg_fn fn)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        const struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_msgs; k++) {
            if (law_turn(x->msgs[k]) == turn) {
                fn(j, law, x->msgs[k]);
            }
        }
    }
}

void law_each_leg(struct judge *j, const struct law *law, law_leg_fn fn)
{
    for (size_t i = 0; i < j->num_xs; i++) {
        struct jx *x = j->xs[i];
        for (size_t k = 0; k < x->num_legs && x->kind != JX_REQUEST; k++) {
            if (x->legs[k]->r1 != NULL) {
                fn(j, law, x, x->legs[k]);
            }
        }
    }
}

int law_decoded(const struct jform *f)
{
    return f != NULL && f->text_status == STATUS_OK && f->msg != NULL &&
           (f->err == NULL || f->err->status == STATUS_OK);
}

static void error_at(struct probe *p, const struct jform *f,
                     const struct mikey_error *err, const char *expected)
{
    struct wr w;
    wr_init(&w);
    mikey_error_text(err, &w);
    uint32_t len = err->offset < f->octets.len ? 1 : 0;
    probe_octets(p, "mikey", f->octets, (struct mikey_range){err->offset, len});
    probe_fail(p, expected, "%s",
               w.err == STATUS_OK ? j_strn(p->j, w.data, w.len)
                                  : status_name(err->status));
    wr_cleanup(&w);
}

int law_decodes(struct probe *p, const struct jform *f)
{
    static const char *const want = "a MIKEY message that decodes";
    if (f->text_status != STATUS_OK) {
        probe_fail(p, "base64 of a MIKEY message (RFC 4567, 3)",
                   "text that is no base64");
        return 0;
    }
    if (f->msg == NULL) {
        probe_fail(p, want, "no octets");
        return 0;
    }
    if (f->err != NULL && f->err->status != STATUS_OK) {
        error_at(p, f, f->err, want);
        return 0;
    }
    struct mikey_error err = {0};
    enum status st = mikey_i_r_rules(f->msg, &err);
    if (st == STATUS_UNEXPECTED) {
        probe_note(p, "no SP beside the Empty map (RFC 4563, 5)",
                   "AMB-45: SP payload beside the Empty map");
    } else if (st != STATUS_OK) {
        error_at(p, f, &err,
                 "T, RAND, IBAKE, ESK, V and each IDR role once, V last");
        return 0;
    }
    return 1;
}

const struct mikey_payload *law_has(struct probe *p, const struct jform *f,
                                    uint8_t type, uint8_t role)
{
    const struct mikey_payload *pl =
        role != 0 ? mikey_find_idr(f->msg, role) : mikey_find(f->msg, type);
    if (pl != NULL) {
        return pl;
    }
    const char *name = role == MIKEY_ROLE_INITIATOR   ? "IDRi"
                       : role == MIKEY_ROLE_RESPONDER ? "IDRr"
                       : role == MIKEY_ROLE_KMS       ? "IDRkms"
                                                : mikey_payload_name(type);
    probe_octets(p, "mikey", f->octets, (struct mikey_range){0, 0});
    probe_fail(p, j_printf(p->j, "mikey.%s present", name), "mikey.%s absent",
               name);
    return NULL;
}

void law_field(struct probe *p, const struct jform *f,
               const struct mikey_payload *pl, const char *name)
{
    struct mikey_field fd;
    if (f->msg != NULL &&
        mikey_field_find(&f->msg->hdr, pl, name, &fd) == STATUS_OK) {
        probe_octets(p, "mikey", f->octets, fd.range);
    } else if (pl != NULL) {
        probe_payload(p, "mikey", f->octets, pl);
    }
}

static int five_one(struct probe *p, const struct jform *f, const char *field,
                    uint32_t have, uint32_t want, const char *whose)
{
    law_field(p, f, NULL, field);
    return probe_must(
        p, have == want,
        j_printf(p->j, "mikey.HDR.%s: 0x%x, as in %s", field, want, whose),
        "mikey.HDR.%s: 0x%x", field, have);
}

int law_five(struct probe *p, const struct jform *f, const struct jform *of,
             const char *whose)
{
    if (of == NULL || of->msg == NULL || of->octets.len < 10) {
        probe_lack(p, j_printf(p->j, "HDR as in %s", whose),
                   "%s did not arrive in a readable form", whose);
        return 0;
    }
    const struct mikey_hdr *a = &f->msg->hdr;
    const struct mikey_hdr *b = &of->msg->hdr;
    int ok = five_one(p, f, "version", a->version, b->version, whose);
    ok &= five_one(p, f, "PRF func", a->prf, b->prf, whose);
    ok &= five_one(p, f, "CSB ID", a->csb_id, b->csb_id, whose);
    ok &= five_one(p, f, "#CS", a->num_cs, b->num_cs, whose);
    ok &= five_one(p, f, "CS ID map type", a->map_type, b->map_type, whose);
    return ok;
}

void law_same_t(struct probe *p, const struct jform *f, const struct jform *of,
                const char *whose)
{
    const struct mikey_payload *t = mikey_find(f->msg, MIKEY_PL_T);
    if (t == NULL || of == NULL || !of->has_t) {
        if (t != NULL) {
            probe_lack(p, j_printf(p->j, "T of %s", whose),
                       "%s has no readable T", whose);
        }
        return;
    }
    probe_payload(p, "mikey", f->octets, t);
    probe_must(p, f->has_t && f->t_type == of->t_type && f->t == of->t,
               j_printf(p->j, "mikey.T: type %u, 0x%016llx, as in %s",
                        of->t_type, (unsigned long long)of->t, whose),
               "mikey.T: type %u, 0x%016llx", f->t_type,
               (unsigned long long)f->t);
}

int law_own_identity(const struct judge *j, int party, struct view id)
{
    int known = -1;
    if (party < 0 || (size_t)party >= j->num_parties) {
        return -1;
    }
    const struct jparty *me = &j->parties[party];
    for (size_t i = 0; i < j->num_parties; i++) {
        const struct jparty *p = &j->parties[i];
        /* One address may have several rows: a mailbox with an identity for
         * each account. */
        if (!p->named || p->identity[0] == '\0' ||
            strcmp(p->role, me->role) != 0 ||
            !cap_addr_same_ip(&p->addr, &me->addr)) {
            continue;
        }
        if (view_is(id, p->identity)) {
            return 1;
        }
        known = 0;
    }
    return known;
}

int law_for_answerer(const struct judge *j, const struct jx *x,
                     const struct jleg *l, const char **lack)
{
    *lack = "";
    if (x->i1 == NULL || l->r1 == NULL) {
        *lack = "I_MESSAGE_1";
        return -1;
    }
    struct view called = idr_of(x->i1->rcvd, MIKEY_ROLE_RESPONDER);
    if (called.len == 0) {
        *lack = "IDRr of I_MESSAGE_1";
        return -1;
    }
    int own = law_own_identity(j, l->r1->from, called);
    if (own < 0) {
        own = view_equal(called, idr_of(l->r1->sent, MIKEY_ROLE_RESPONDER));
    }
    if (!own) {
        return 0;
    }
    const struct jopen *o = &x->i1->rcvd->ibake;
    switch (o->state) {
    case JOPEN_OK:
        return 1;
    case JOPEN_NO_KEY:
        *lack = o->lack;
        return -1;
    case JOPEN_ABSENT:
    case JOPEN_FOREIGN:
    case JOPEN_REFUSED:
    case JOPEN_GARBLED:
        return 0; /* the answerer could not read it either */
    }
    return 0;
}

struct view law_point(const struct mikey_payload *eccpt)
{
    return eccpt != NULL ? eccpt->u.eccpt.point : (struct view){0};
}

const char *law_view(struct judge *j, struct view v)
{
    return v.len == 0 ? "nothing" : j_shown(j, v);
}

void law_point_ok(struct probe *p, const struct jopen *o, const char *in,
                  const struct mikey_payload *eccpt, const char *name)
{
    if (eccpt == NULL) {
        return;
    }
    probe_payload(p, in, o->plain, eccpt);
    const char *want =
        j_printf(p->j, "%s.%s: a finite point of its curve", in, name);
    int ok = point_valid(eccpt);
    if (ok < 0) {
        probe_lack(p, want, "no arithmetic for curve %u to tell",
                   eccpt->u.eccpt.curve);
    } else {
        probe_must(p, ok, want, "%s.%s: %s, not on curve %u", in, name,
                   j_hex(p->j, law_point(eccpt)), eccpt->u.eccpt.curve);
    }
}

int law_opened(struct probe *p, const struct jform *f, const struct jopen *o,
               const char *name, int strict)
{
    const char *want = j_printf(p->j, "mikey.%s opens with K_PR(%s)", name,
                                o->want[0] != '\0' ? o->want : "the receiver");
    probe_octets(p, "mikey", f->octets, o->encr);
    switch (o->state) {
    case JOPEN_OK:
    case JOPEN_FOREIGN:
        return 1;
    case JOPEN_ABSENT:
        probe_fail(p, want, "mikey.%s absent", name);
        return 0;
    case JOPEN_NO_KEY:
        probe_needs(p, o, want);
        return 0;
    case JOPEN_REFUSED:
        if (strict) {
            probe_fail(p, want, "mikey.%s does not open with it", name);
        } else {
            probe_lack(p, want,
                       "mikey.%s does not open, what it holds is not "
                       "known",
                       name);
        }
        return 0;
    case JOPEN_GARBLED:
        probe_fail(
            p, j_printf(p->j, "%s, and holds a chain of sub-payloads", want),
            "%s in %s at octet %u of the plaintext", status_name(o->err.status),
            o->err.field != NULL ? o->err.field : "the chain", o->err.offset);
        return 0;
    }
    return 0;
}

void law_note_reading(struct probe *p, const struct jopen *o)
{
    if (o->reading[0] != '\0') {
        probe_note(p, "the strict reading", "%s", o->reading);
    }
}

void law_inner(struct probe *p, const struct jopen *o, const char *in,
               const struct mikey_payload *id, const char *name,
               struct view want, const char *whose)
{
    const char *expected = j_printf(p->j, "%s.%s: %s, as %s", in, name,
                                    law_view(p->j, want), whose);
    if (id == NULL) {
        probe_octets(p, in, o->plain,
                     (struct mikey_range){0, (uint32_t)o->plain.len});
        probe_fail(p, expected, "%s.%s absent", in, name);
        return;
    }
    struct view have = id->type == MIKEY_PL_ID ? id->u.id.data : id->u.idr.data;
    probe_payload(p, in, o->plain, id);
    probe_must(p, view_equal(have, want), expected, "%s.%s: %s", in, name,
               law_view(p->j, have));
}

int law_lossy(struct probe *p, const char *expected)
{
    if (!p->j->lossy) {
        return 0;
    }
    probe_lack(p, expected, "the recording is incomplete: %s",
               p->j->lossy_why != NULL ? p->j->lossy_why : "octets missing");
    return 1;
}

const char *law_header(struct judge *j, const struct jsip *s, const char *name,
                       size_t nth)
{
    struct sip_msg *m = mem_alloc(sizeof *m);
    if (m == NULL) {
        j->err = STATUS_NO_MEMORY;
        return "";
    }
    sip_parse(m, s->t->octets.data, s->t->octets.len);
    struct view v = sip_value_name(m, name, nth);
    const char *out = v.data != NULL ? j_strn(j, v.data, v.len) : "";
    mem_free(m);
    return out;
}

int law_repeat(const struct jx *x, const struct jsip *s)
{
    for (size_t i = 0; i < x->num_sip && x->sip[i] != s; i++) {
        const struct jsip *e = x->sip[i];
        if (e->src == s->src && e->dst == s->dst &&
            view_equal(e->t->octets, s->t->octets)) {
            return 1;
        }
    }
    return 0;
}

int law_is(const struct jsip *s, const char *method, int party)
{
    return s->ok && s->request && !s->echo && strcmp(s->method, method) == 0 &&
           (party < 0 || s->src == party);
}

int law_reply(const struct jsip *s, const char *method, int party)
{
    return s->ok && !s->request && !s->echo && strcmp(s->method, method) == 0 &&
           (party < 0 || s->src == party);
}

int law_is_role(const struct judge *j, int party, const char *role)
{
    size_t n = strlen(role);
    const char *have = party_role(j, party);
    /* "MB 2" is the second of its kind in a recording without a plan. */
    return strncmp(have, role, n) == 0 && (have[n] == '\0' || have[n] == ' ');
}

int law_token(const char *list, const char *token)
{
    struct view rest = view_of(list);
    struct view v;
    while (sip_list_next(&rest, &v)) {
        if (sip_is_nocase(v, token)) {
            return 1;
        }
    }
    return 0;
}

uint64_t law_mwi_us(const struct judge *j)
{
    return plan_time_us(j, "PX_MWI_TIME", 10 * 1000000u, 1000000u);
}

const struct jsip *law_invite(const struct jx *x)
{
    return x->invite_last != NULL ? x->invite_last : x->invite;
}

const char *law_account(struct judge *j, const struct jx *x)
{
    const struct jsip *s = law_invite(x);
    struct sip_uri u;
    char *target = NULL;
    int cause = 0;
    const char *out = "";
    if (s != NULL && sip_uri(view_of(s->ruri), &u) == STATUS_OK) {
        sip_voicemail(&u, &target, &cause);
    }
    if (target != NULL) {
        out = jsip_bare(j, j_strn(j, target, strlen(target)));
    } else if (x->responder >= 0 &&
               strcmp(j->parties[x->responder].identity, x->called) == 0) {
        out = j->parties[x->responder].account;
    } else if (x->responder >= 0 &&
               law_own_identity(j, x->responder, view_of(x->called)) == 1) {
        out = j->parties[x->responder].account;
    } else {
        out = jsip_bare(j, x->called);
    }
    mem_free(target);
    return out;
}
