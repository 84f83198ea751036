/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* A recording made by hand for the tests of laws. */
#include "tests/unit/judge/laws_fixture.h"

#include "harness/base/env.h"
#include "harness/crypto/ecdh.h"

#include <string.h>

#define START_US UINT64_C(1795478400000000) /* 2026-11-24T00:00:00Z */

static const struct {
    const char *role, *ip, *identity, *account;
} cast[LF_PARTIES] = {
    {"A", "127.9.3.1", LF_ALICE, ""},
    {"CORE", "127.9.3.5", "", ""},
    {"MB", "127.9.3.3", LF_MBX, LF_BOB},
    {"B", "127.9.3.2", LF_BOB, ""},
    {"KMS", "127.9.3.4", "sip:kms.home-b.example", ""},
    {"C", "127.9.3.6", LF_CAROL, ""},
};

void lf_init(struct lf *f)
{
    memset(f, 0, sizeof *f);
    struct judge *j = &f->j;
    f->now_us = START_US + 36000000000u;
    j->trace = &f->trace;
    j->dir = j->tp = j->title = j->role = j->lossy_why = "";
    j->parties = j_alloc(j, LF_PARTIES * sizeof *j->parties);
    j->num_parties = LF_PARTIES;
    for (int i = 0; i < LF_PARTIES; i++) {
        struct jparty *p = &j->parties[i];
        p->role = cast[i].role;
        p->identity = cast[i].identity;
        p->account = cast[i].account;
        p->vm_uri = "";
        p->named = 1;
        CU_ASSERT_EQUAL(cap_addr_parse(&p->addr, cast[i].ip), STATUS_OK);
    }
    j->sip = j_alloc(j, LF_SIPS * sizeof *j->sip);
    j->rtp = j_alloc(j, LF_RTPS * sizeof *j->rtp);
    f->trace.info.last_us = f->now_us + 3600000000u;
    j->complete = 1;
}

void lf_done(struct lf *f)
{
    for (size_t i = 0; i < f->j.num_evs; i++) {
        json_decref(f->j.evs[i]->obj);
    }
    keylog_free(f->j.kl);
    CU_ASSERT_EQUAL(f->j.err, STATUS_OK);
    j_cleanup(&f->j);
}

/* ---- messages
 * --------------------------------------------------------------------- */

static struct mikey_payload *add(struct mikey_msg *m, uint8_t type)
{
    struct mikey_payload *p = &m->payloads[m->num_payloads++];
    p->type = type;
    return p;
}

static struct view encode(struct lf *f, const struct lf_spec *s)
{
    struct mikey_msg *m = j_alloc(&f->j, sizeof *m);
    uint8_t t[8];
    struct wr w;
    m->hdr.version = 1;
    m->hdr.data_type = s->type;
    m->hdr.v = s->v;
    m->hdr.csb_id = s->csb;
    m->hdr.prf = s->head != NULL ? s->head[0] : 0;
    m->hdr.num_cs = s->head != NULL ? s->head[1] : 1;
    m->hdr.map_type = MIKEY_MAP_EMPTY;
    for (int i = 0; i < 8; i++) {
        t[i] = (uint8_t)(i < 4 ? s->t >> (24 - 8 * i) : 0);
    }
    if (s->t != 0) {
        add(m, MIKEY_PL_T)->u.t.value = (struct view){t, 8};
    }
    if (s->rand != NULL) {
        add(m, MIKEY_PL_RAND)->u.rnd.rand = view_of(s->rand);
    }
    const char *ids[2] = {s->idi, s->idr};
    for (uint8_t i = 0; i < 2; i++) {
        if (ids[i] != NULL) {
            struct mikey_payload *p = add(m, MIKEY_PL_IDR);
            p->u.idr.role = (uint8_t)(i + 1);
            p->u.idr.type = MIKEY_ID_URI;
            p->u.idr.data = view_of(ids[i]);
        }
    }
    if (s->ibake != NULL) {
        add(m, MIKEY_PL_IBAKE)->u.enc.data = view_of(s->ibake);
    }
    if (s->esk != NULL) {
        add(m, MIKEY_PL_ESK)->u.enc.data = view_of(s->esk);
    }
    if (s->mac != NULL) {
        struct mikey_payload *p = add(m, MIKEY_PL_V);
        p->u.v.auth_alg = 1;
        p->u.v.mac = view_of(s->mac);
    }
    wr_init(&w);
    mikey_encode(m, &w);
    CU_ASSERT_EQUAL_FATAL(w.err, STATUS_OK);
    struct view out = j_copy(&f->j, (struct view){w.data, w.len});
    wr_cleanup(&w);
    return out;
}

static struct jform *decode(struct lf *f, struct view v)
{
    struct mikey_msg *m = j_alloc(&f->j, sizeof *m);
    struct mikey_error *e = j_alloc(&f->j, sizeof *e);
    e->status = mikey_decode(m, v.data, v.len, e);
    return form_of(&f->j, v, m, e, STATUS_OK);
}

struct jform *lf_form(struct lf *f, const struct lf_spec *s)
{
    struct jform *out = decode(f, encode(f, s));
    CU_ASSERT_EQUAL(out->err->status, STATUS_OK);
    return out;
}

struct jform *lf_broken(struct lf *f, const struct lf_spec *s, size_t len)
{
    struct view v = encode(f, s);
    v.len = len;
    return decode(f, v);
}

static void put_id(struct mikey_payload *pl, size_t *n, const char *id,
                   uint8_t role)
{
    if (id != NULL) {
        pl[*n] = (struct mikey_payload){.type = MIKEY_PL_IDR};
        pl[*n].u.idr.role = role;
        pl[*n].u.idr.type = MIKEY_ID_URI;
        pl[(*n)++].u.idr.data = view_of(id);
    }
}

static void put_point(struct lf *f, struct mikey_payload *pl, size_t *n,
                      unsigned scalar)
{
    uint8_t s[32] = {0};
    struct ecdh_key k;
    if (scalar == 0) {
        return;
    }
    s[30] = (uint8_t)(scalar >> 8);
    s[31] = (uint8_t)scalar;
    CU_ASSERT_EQUAL(ecdh_from_scalar(&k, ECDH_P256, (struct view){s, 32}),
                    STATUS_OK);
    pl[*n] = (struct mikey_payload){.type = MIKEY_PL_ECCPT};
    pl[*n].u.eccpt.curve = ECDH_P256;
    pl[(*n)++].u.eccpt.point =
        j_copy(&f->j, (struct view){k.pub.octets, k.pub.len});
}

void lf_open(struct lf *f, struct jopen *o, const char *want,
             const struct lf_inner *in)
{
    struct mikey_payload pl[6];
    size_t n = 0;
    struct wr w;
    memset(pl, 0, sizeof pl);
    put_id(pl, &n, in->idi, MIKEY_ROLE_INITIATOR);
    put_point(f, pl, &n, in->xp);
    put_id(pl, &n, in->idr, MIKEY_ROLE_RESPONDER);
    put_point(f, pl, &n, in->yp);
    if (in->sk.len > 0) {
        pl[n] = (struct mikey_payload){.type = MIKEY_PL_SK};
        pl[n].u.sk.type = in->sk_type;
        pl[n++].u.sk.key = in->sk;
    }
    wr_init(&w);
    mikey_chain_encode(pl, n, &w);
    *o = (struct jopen){.state = JOPEN_OK,
                        .want = want,
                        .key = want,
                        .lack = "",
                        .reading = "",
                        .plain = j_copy(&f->j, (struct view){w.data, w.len})};
    wr_cleanup(&w);
    struct mikey_chain *c = j_alloc(&f->j, sizeof *c);
    CU_ASSERT_EQUAL_FATAL(mikey_chain_decode(c, MIKEY_PL_IDR, o->plain.data,
                                             o->plain.len, &o->err),
                          STATUS_OK);
    o->chain = c;
    o->idi = mikey_chain_find_idr(c, MIKEY_ROLE_INITIATOR);
    o->idr = mikey_chain_find_idr(c, MIKEY_ROLE_RESPONDER);
    o->xp = mikey_chain_eccpt(c, MIKEY_ROLE_INITIATOR);
    o->yp = mikey_chain_eccpt(c, MIKEY_ROLE_RESPONDER);
    o->id = o->idi;
    for (size_t i = 0; i < c->num_payloads; i++) {
        o->num_points += c->payloads[i].type == MIKEY_PL_ECCPT;
        if (c->payloads[i].type == MIKEY_PL_SK) {
            o->sk = &c->payloads[i];
        }
    }
}

void lf_no_key(struct jopen *o, const char *lack)
{
    *o = (struct jopen){.state = JOPEN_NO_KEY,
                        .want = lack,
                        .key = "",
                        .lack = lack,
                        .reading = ""};
}

/* ---- exchanges
 * ---------------------------------------------------------------------- */

struct jx *lf_exchange(struct lf *f, enum jx_kind kind, int from, int to)
{
    struct judge *j = &f->j;
    struct jx *x = j_alloc(j, sizeof *x);
    unsigned n = 1;
    for (size_t i = 0; i < j->num_xs; i++) {
        n += j->xs[i]->kind == kind;
    }
    j->xs = j_room(j, j->xs, j->num_xs);
    j->xs[j->num_xs++] = x;
    x->kind = kind;
    x->n = n;
    x->place = j_printf(j, "%s %u", jx_kind_name(kind), n);
    x->call_id = j_printf(j, "call-%u", ++f->serial);
    x->initiator = from;
    x->responder = to;
    x->called = kind == JX_RETRIEVAL ? LF_MBX : LF_BOB;
    x->start_us = x->end_us = f->now_us;
    x->start_frame = f->frame + 1;
    return x;
}

struct jleg *lf_leg(struct lf *f, struct jx *x, int party)
{
    struct jleg *l = j_alloc(&f->j, sizeof *l);
    x->legs = j_room(&f->j, x->legs, x->num_legs);
    x->legs[x->num_legs++] = l;
    x->leg = x->leg == NULL ? l : x->leg;
    l->tag = j_printf(&f->j, "t-%d", party);
    l->party = party;
    l->keys.lack = l->keys.reading = l->keys.e2e_lack = l->keys.sk_profile = "";
    return l;
}

struct jsip *lf_sip(struct lf *f, struct jx *x, int src, int dst,
                    const char *method, uint32_t cseq, int status)
{
    struct judge *j = &f->j;
    CU_ASSERT_TRUE_FATAL(j->num_sip < LF_SIPS);
    struct jsip *s = &j->sip[j->num_sip++];
    struct trace_sip *t = j_alloc(j, sizeof *t);
    const char *head = status == 0 ? j_printf(j, "%s sip:x SIP/2.0", method)
                                   : j_printf(j, "SIP/2.0 %d Text", status);
    int back = x != NULL && (src == x->initiator) == (status != 0);
    s->frame = ++f->frame;
    s->time_us = f->now_us += 10000;
    t->octets = view_of(j_printf(j, "%s\r\nCSeq: %u %s\r\nX-Frame: %u\r\n\r\n",
                                 head, cseq, method, (unsigned)s->frame));
    t->frame = t->last_frame = s->frame;
    t->time_us = s->time_us;
    t->src = j->parties[src].addr;
    t->dst = j->parties[dst].addr;
    s->t = t;
    s->src = src;
    s->dst = dst;
    s->ok = 1;
    s->request = status == 0;
    s->method = method;
    s->status = status;
    s->cseq = cseq;
    s->call_id = x != NULL ? x->call_id : "other";
    s->reason = s->from_name = s->contact = s->actor = s->pai = s->event = "";
    s->substate = s->rack = s->rseq = s->require = s->warning = "";
    s->content_type = "";
    s->ruri = s->to_uri = x != NULL ? x->called : LF_BOB;
    s->from_uri = j->parties[src].identity;
    /* Tags of the call: that of the initiator, that of the answerer. */
    const char *mine = "t-i";
    const char *theirs = j_printf(j, "t-%d", x != NULL ? x->responder : dst);
    s->from_tag = back ? theirs : mine;
    s->to_tag = back ? mine : theirs;
    if (status == 0 &&
        (strcmp(method, "INVITE") == 0 || strcmp(method, "SUBSCRIBE") == 0 ||
         strcmp(method, "OPTIONS") == 0 || strcmp(method, "CANCEL") == 0)) {
        s->to_tag = "";
    }
    s->branch = j_printf(j, "z9hG4bK-%d-%u-%s", src, cseq, method);
    if (x != NULL) {
        x->sip = j_room(j, x->sip, x->num_sip);
        x->sip[x->num_sip++] = s;
        x->end_us = s->time_us;
    }
    return s;
}

struct jmsg *lf_msg(struct lf *f, struct jx *x, struct jleg *l,
                    struct jform *form, const struct jsip *sip)
{
    struct judge *j = &f->j;
    struct jmsg *m = j_alloc(j, sizeof *m);
    struct trace_mikey *t = j_alloc(j, sizeof *t);
    m->sights = j_alloc(j, sizeof *m->sights);
    t->frame = t->last_frame = sip != NULL ? sip->frame : ++f->frame;
    t->time_us = sip != NULL ? sip->time_us : (f->now_us += 10000);
    t->octets = form->octets;
    m->sights[0] = (struct jsight){.t = t, .sip = sip, .form = form};
    m->sights[0].src = sip != NULL ? sip->src : x->initiator;
    m->sights[0].dst = sip != NULL ? sip->dst : x->responder;
    m->num_sights = 1;
    m->from = m->sights[0].src;
    m->to = m->sights[0].dst;
    m->sent = m->rcvd = form;
    m->type = form->type;
    const char *name = mikey_data_type_name(form->type);
    m->name = name != NULL ? name : "MIKEY";
    m->lack = "";
    m->x = x;
    m->leg = l;
    j->msgs = j_room(j, j->msgs, j->num_msgs);
    j->msgs[j->num_msgs++] = m;
    x->msgs = j_room(j, x->msgs, x->num_msgs);
    x->msgs[x->num_msgs++] = m;
    if (l != NULL && form->type == MIKEY_DT_R_MESSAGE_1) {
        l->r1 = m;
    } else if (l != NULL && form->type == MIKEY_DT_I_MESSAGE_2) {
        l->i2 = j_room(j, l->i2, l->num_i2);
        l->i2[l->num_i2++] = m;
    } else if (l != NULL && form->type == MIKEY_DT_R_MESSAGE_2) {
        l->r2 = j_room(j, l->r2, l->num_r2);
        l->r2[l->num_r2++] = m;
    }
    return m;
}

struct jrtp *lf_rtp(struct lf *f, struct jx *x, int back, uint16_t seq,
                    const char *payload, enum jmedia_key key, int cs)
{
    struct judge *j = &f->j;
    CU_ASSERT_TRUE_FATAL(j->num_rtp < LF_RTPS);
    struct jrtp *r = &j->rtp[j->num_rtp++];
    struct trace_rtp *t = j_alloc(j, sizeof *t);
    uint8_t *o = j_alloc(j, 12 + strlen(payload));
    o[0] = 0x80;
    o[2] = (uint8_t)(seq >> 8);
    o[3] = (uint8_t)seq;
    o[11] = (uint8_t)(back + 1);
    memcpy(o + 12, payload, strlen(payload));
    t->octets = (struct view){o, 12 + strlen(payload)};
    t->frame = ++f->frame;
    t->time_us = f->now_us += 20000;
    t->src = j->parties[back ? x->responder : x->initiator].addr;
    *r = (struct jrtp){.t = t,
                       .x = x,
                       .back = back,
                       .seq = seq,
                       .ssrc = (uint32_t)back + 1,
                       .header_len = 12,
                       .ok = 1,
                       .key = key,
                       .cs = cs};
    x->rtp = j_room(j, x->rtp, x->num_rtp);
    x->rtp[x->num_rtp++] = r;
    return r;
}

void lf_evidence(struct lf *f, const char *json)
{
    struct judge *j = &f->j;
    struct jev *ev = j_alloc(j, sizeof *ev);
    ev->obj = json_loads(json, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ev->obj);
    ev->kind = json_string_value(json_object_get(ev->obj, "kind"));
    const char *role = json_string_value(json_object_get(ev->obj, "role"));
    ev->role = role != NULL ? role : "";
    j->evs = j_room(j, j->evs, j->num_evs);
    j->evs[j->num_evs++] = ev;
}

struct jdelivery *lf_deliver(struct lf *f, struct jx *retrieval,
                             struct jx *deposit, const char *from)
{
    struct judge *j = &f->j;
    struct jdelivery *d = j_alloc(j, sizeof *d);
    struct trace_mikey *t = j_alloc(j, sizeof *t);
    d->sip =
        lf_sip(f, retrieval, LF_MB, retrieval->initiator, "INVITE", 1, 200);
    t->frame = d->sip->frame;
    t->time_us = d->sip->time_us;
    d->t = t;
    d->n = (unsigned)j->num_deliveries + 1;
    d->nth = 1;
    d->x = retrieval;
    d->deposit = deposit;
    d->i2 = deposit->leg->i2[0];
    d->form = d->i2->rcvd;
    d->same = 1;
    d->frag_from = d->frag_pai = d->frag_to = d->frag_call_id = "";
    d->content_id = "";
    if (from != NULL) {
        d->has_frag = 1;
        d->frag_from = d->frag_pai = from;
        d->frag = view_of(j_printf(j,
                                   "From: <%s>\r\nP-Asserted-Identity: "
                                   "<%s>\r\n\r\n",
                                   from, from));
    }
    j->deliveries = j_room(j, j->deliveries, j->num_deliveries);
    j->deliveries[j->num_deliveries++] = d;
    return d;
}

/* ---- whole exchanges
 * ------------------------------------------------------------------ */

static const char *words(struct lf *f, const char *what, unsigned seed)
{
    return j_printf(&f->j, "%s-%u-................", what, seed);
}

static uint64_t ntp(const struct lf *f, unsigned later)
{
    return (ntp_from_us(f->now_us) >> 32) + later;
}

static void start(struct lf *f, struct jx *x, struct lf_spec *s, unsigned seed,
                  const char *called, const char *want)
{
    *s = (struct lf_spec){.type = MIKEY_DT_I_MESSAGE_1,
                          .v = 1,
                          .csb = 0x1000 + seed,
                          .t = ntp(f, 0),
                          .rand = words(f, "rand", seed),
                          .idi = f->j.parties[x->initiator].identity,
                          .idr = called,
                          .ibake = words(f, "i1", seed)};
    struct jsip *inv = lf_sip(f, x, x->initiator, x->responder, "INVITE", 1, 0);
    inv->contact = "<sip:a@127.9.3.1:5060>";
    struct jform *i1 = lf_form(f, s);
    lf_open(f, &i1->ibake, want,
            &(struct lf_inner){.idi = s->idi, .xp = 2 * seed, .idr = called});
    x->invite = x->invite_last = inv;
    x->i1 = lf_msg(f, x, NULL, i1, inv);
}

static void first_answer(struct lf *f, struct jx *x, struct jleg *l,
                         struct lf_spec s, unsigned seed, const char *own)
{
    unsigned xp = l->form == JFORM_NORMAL ? 2 * seed : 0;
    s.type = MIKEY_DT_R_MESSAGE_1;
    s.rand = NULL;
    s.idr = own;
    s.ibake = words(f, "r1", seed);
    struct jsip *r = lf_sip(f, x, LF_MB, x->initiator, "INVITE", 1, 183);
    r->contact = "<sip:mb@127.9.3.3>";
    r->require = "100rel";
    r->rseq = "1";
    r->automata = 1;
    r->actor = "msg-taker";
    struct jform *r1 = lf_form(f, &s);
    lf_open(f, &r1->ibake, s.idi,
            &(struct lf_inner){
                .idi = s.idi, .xp = xp, .idr = own, .yp = 2 * seed + 1});
    lf_msg(f, x, l, r1, r);
    lf_sip(f, x, x->initiator, LF_MB, "PRACK", 2, 0)->rack = "1 1 INVITE";
    lf_sip(f, x, LF_MB, x->initiator, "PRACK", 2, 200);
}

static void second_half(struct lf *f, struct jx *x, struct jleg *l,
                        struct lf_spec s, unsigned seed, const char *own)
{
    unsigned xp = l->form == JFORM_NORMAL ? 0 : 2 * seed;
    uint8_t *sk = j_alloc(&f->j, 32);
    for (unsigned i = 0; i < 32; i++) {
        sk[i] = (uint8_t)(seed * 37 + i * 11 + 1);
    }
    s.type = MIKEY_DT_I_MESSAGE_2;
    s.t = ntp(f, 1);
    s.idr = own;
    s.ibake = words(f, "i2", seed);
    s.esk = l->form == JFORM_DEFERRED ? words(f, "esk", seed) : NULL;
    struct jform *i2 = lf_form(f, &s);
    lf_open(f, &i2->ibake, own,
            &(struct lf_inner){
                .idi = s.idi, .xp = xp, .idr = own, .yp = 2 * seed + 1});
    if (s.esk != NULL) {
        lf_open(f, &i2->esk, LF_BOB,
                &(struct lf_inner){.idi = s.idi, .sk_type = 1, .sk = {sk, 32}});
    }
    lf_msg(f, x, l, i2, lf_sip(f, x, x->initiator, LF_MB, "UPDATE", 3, 0));
    s.type = MIKEY_DT_R_MESSAGE_2;
    s.v = 0;
    s.rand = s.esk = NULL;
    s.ibake = xp != 0 ? words(f, "r2", seed) : NULL;
    s.mac = j_strn(&f->j, words(f, "mac-", seed), 20);
    struct jform *r2 = lf_form(f, &s);
    if (xp != 0) {
        lf_open(f, &r2->ibake, s.idi,
                &(struct lf_inner){.idi = s.idi, .xp = xp});
    }
    struct jmsg *m = lf_msg(
        f, x, l, r2, lf_sip(f, x, LF_MB, x->initiator, "UPDATE", 3, 200));
    m->v_checked = m->v_ok = 1;
    struct jkeys *k = &l->keys;
    k->known = k->v_checked = k->v_ok = k->has_hop = 1;
    k->mpk_len = 32;
    memset(k->mpk, (int)seed + 100, 32);
    memset(k->hop[0].key, (int)seed + 101, 16);
    memset(k->hop[1].key, (int)seed + 102, 16);
    memset(k->tgk, (int)seed + 103, 32);
    l->ok = lf_sip(f, x, LF_MB, x->initiator, "INVITE", 1, 200);
    lf_sip(f, x, x->initiator, LF_MB, "ACK", 1, 0);
}

void lf_bye(struct lf *f, struct jx *x)
{
    x->bye = lf_sip(f, x, x->initiator, LF_MB, "BYE", 4, 0);
    lf_sip(f, x, LF_MB, x->initiator, "BYE", 4, 200);
}

struct jx *lf_deposit(struct lf *f, unsigned seed)
{
    struct lf_spec s;
    struct jx *x = lf_exchange(f, JX_DEPOSIT, LF_A, LF_MB);
    start(f, x, &s, seed, LF_BOB, LF_BOB);
    struct jleg *l = lf_leg(f, x, LF_MB);
    l->form = JFORM_DEFERRED;
    first_answer(f, x, l, s, seed, LF_MBX);
    second_half(f, x, l, s, seed, LF_MBX);
    for (uint16_t i = 0; i < 3; i++) {
        lf_rtp(f, x, 0, i, j_printf(&f->j, "content-%u-%u", seed, i), JMK_E2E,
               1);
    }
    lf_bye(f, x);
    f->now_us += 5000000; /* T counts in seconds here */
    return x;
}

struct jx *lf_retrieval(struct lf *f, unsigned seed, int who)
{
    struct lf_spec s;
    struct jx *x = lf_exchange(f, JX_RETRIEVAL, who, LF_MB);
    start(f, x, &s, seed, LF_MBX, LF_MBX);
    struct jleg *l = lf_leg(f, x, LF_MB);
    l->form = JFORM_NORMAL;
    first_answer(f, x, l, s, seed, LF_MBX);
    second_half(f, x, l, s, seed, LF_MBX);
    return x;
}

struct mikey_msg *lf_edit(const struct jform *form)
{
    return (struct mikey_msg *)(uintptr_t)form->msg;
}

struct mikey_payload *lf_payload(const struct jform *form, uint8_t type)
{
    return (struct mikey_payload *)(uintptr_t)mikey_find(form->msg, type);
}

/* ---- running
 * ----------------------------------------------------------------------------
 */

static const struct law *law_named(const char *name)
{
    const struct {
        const struct law *rows;
        size_t num;
    } tables[] = {{laws_structure, num_laws_structure},
                  {laws_structure_sip, num_laws_structure_sip},
                  {laws_structure_kms, num_laws_structure_kms},
                  {laws_identity, num_laws_identity},
                  {laws_identity_show, num_laws_identity_show},
                  {laws_replay, num_laws_replay},
                  {laws_secrecy, num_laws_secrecy},
                  {laws_secrecy_media, num_laws_secrecy_media}};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (size_t k = 0; k < tables[i].num; k++) {
            if (strcmp(tables[i].rows[k].info.name, name) == 0) {
                return &tables[i].rows[k];
            }
        }
    }
    return NULL;
}

void lf_run(struct lf *f, const char *name)
{
    const struct law *l = law_named(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    f->j.findings = NULL;
    f->j.num_findings = 0;
    f->j.sip_map = NULL;
    sip_calls(&f->j);
    l->run(&f->j, l);
}

unsigned lf_count(const struct lf *f, enum judge_verdict v)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->j.num_findings; i++) {
        n += f->j.findings[i]->f.verdict == v;
    }
    return n;
}

int lf_says(const struct lf *f, enum judge_verdict v, const char *text)
{
    for (size_t i = 0; i < f->j.num_findings; i++) {
        const struct judge_finding *g = &f->j.findings[i]->f;
        if (g->verdict == v && (strstr(g->actual, text) != NULL ||
                                strstr(g->expected, text) != NULL)) {
            return 1;
        }
    }
    return 0;
}
