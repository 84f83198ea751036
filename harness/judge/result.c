/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* What a judge found, as a result that outlives the judging. */
#include "harness/judge/judge_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- findings
 * ------------------------------------------------------------------------- */

static uint64_t sort_frame(const struct jfinding *f)
{
    return f->f.frame == 0 ? UINT64_MAX : f->f.frame;
}

/* In the order of the wire; at one frame in the order of the catalogue. */
struct order {
    const struct jfinding *f;
    size_t at;
};

static int compare(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    uint64_t fx = sort_frame(x->f), fy = sort_frame(y->f);
    if (fx != fy) {
        return fx < fy ? -1 : 1;
    }
    return x->at < y->at ? -1 : x->at > y->at;
}

static void take_findings(struct judge *j, struct judge_result *r)
{
    struct judge_finding *out = j_alloc(j, (j->num_findings + 1) * sizeof *out);
    struct order *o = j_alloc(j, (j->num_findings + 1) * sizeof *o);
    if (out == NULL || o == NULL) {
        return;
    }
    for (size_t i = 0; i < j->num_findings; i++) {
        o[i] = (struct order){j->findings[i], i};
    }
    qsort(o, j->num_findings, sizeof *o, compare);
    for (size_t i = 0; i < j->num_findings; i++) {
        out[i] = o[i].f->f;
        out[i].n = (unsigned)i + 1;
        out[i].counted = j->plan == NULL;
    }
    r->findings = out;
    r->num_findings = j->num_findings;
}

/* ---- exchanges
 * ------------------------------------------------------------------------- */

static const char *sip_label(struct judge *j, const struct jsip *s)
{
    if (s == NULL) {
        return "";
    }
    return s->request ? s->method : j_printf(j, "%d", s->status);
}

static void take_exchange(struct judge *j, const struct jx *x,
                          struct judge_exchange *out)
{
    struct judge_message *m = j_alloc(j, (x->num_msgs + 1) * sizeof *m);
    const struct jmsg *first = x->kind == JX_REQUEST ? x->request : x->i1;
    out->place = x->place;
    out->call_id = x->call_id;
    out->csb_id = first != NULL && first->sent->msg != NULL &&
                          first->sent->octets.len >= 8
                      ? j_printf(j, "%08x", first->sent->msg->hdr.csb_id)
                      : "";
    out->form =
        x->kind == JX_REQUEST
            ? ""
            : jform_kind_name(x->leg != NULL ? x->leg->form : JFORM_UNKNOWN);
    if (m == NULL) {
        return;
    }
    for (size_t i = 0; i < x->num_msgs; i++) {
        const struct jmsg *in = x->msgs[i];
        m[i] = (struct judge_message){.name = in->name,
                                      .frame = jmsg_frame(in),
                                      .from = party_role(j, in->from),
                                      .to = party_role(j, in->to),
                                      .sip = sip_label(j, jmsg_first(in)->sip)};
    }
    out->messages = m;
    out->num_messages = x->num_msgs;
}

static void take_exchanges(struct judge *j, struct judge_result *r)
{
    struct judge_exchange *out = j_alloc(j, (j->num_xs + 1) * sizeof *out);
    if (out == NULL) {
        return;
    }
    for (size_t i = 0; i < j->num_xs; i++) {
        take_exchange(j, j->xs[i], &out[i]);
    }
    r->exchanges = out;
    r->num_exchanges = j->num_xs;
}

/* ---- the ladder
 * -------------------------------------------------------------------------- */

struct rung {
    struct judge_step s;
    uint64_t us;
    size_t at;
    size_t packets; /* of RTP in a row */
    const struct jrtp *rtp;
};

struct ladder {
    struct judge *j;
    struct rung *v;
    size_t num;
};

static struct rung *rung_add(struct ladder *l, uint64_t frame, uint64_t us,
                             int src, int dst, const char *label)
{
    struct rung *r = &l->v[l->num];
    uint64_t first = l->j->trace->info.first_us;
    r->at = l->num++;
    r->us = us;
    r->s = (struct judge_step){.frame = frame,
                               .t = us > first ? (double)(us - first) / 1e6 : 0,
                               .from = party_role(l->j, src),
                               .to = party_role(l->j, dst),
                               .label = label,
                               .mikey = ""};
    return r;
}

static int rung_compare(const void *a, const void *b)
{
    const struct rung *x = a, *y = b;
    if (x->s.frame != y->s.frame) {
        return x->s.frame < y->s.frame ? -1 : 1;
    }
    return x->at < y->at ? -1 : x->at > y->at;
}

static const char *mikey_label(struct judge *j, const struct trace_mikey *t)
{
    uint8_t type = t->octets.len > 1 ? t->octets.data[1] : 0xff;
    const char *n = mikey_data_type_name(type);
    if (t->octets.len == 0) {
        return "no base64";
    }
    return n != NULL ? n : j_printf(j, "MIKEY type %u", type);
}

static void sip_rungs(struct ladder *l)
{
    struct judge *j = l->j;
    size_t m = 0;
    for (size_t i = 0; i < j->num_sip; i++) {
        const struct jsip *s = &j->sip[i];
        struct rung *r =
            rung_add(l, s->frame, s->time_us, s->src, s->dst,
                     s->request ? s->method
                                : j_printf(j, "%d %s", s->status, s->method));
        for (; m < j->trace->num_mikey && j->trace->mikey[m].sip <= (int64_t)i;
             m++) {
            const struct trace_mikey *t = &j->trace->mikey[m];
            if (t->sip == (int64_t)i) {
                const char *name = mikey_label(j, t);
                r->s.mikey = r->s.mikey[0] == '\0'
                                 ? name
                                 : j_printf(j, "%s, %s", r->s.mikey, name);
            }
        }
    }
    for (size_t i = 0; i < j->trace->num_mikey; i++) {
        const struct trace_mikey *t = &j->trace->mikey[i];
        if (t->sip < 0) {
            rung_add(l, t->frame, t->time_us, party_of(j, &t->src),
                     party_of(j, &t->dst), "MIKEY")
                ->s.mikey = mikey_label(j, t);
        }
    }
}

/* The time of the first SIP message after a time: RTP before it is one row a
 * direction. */
static void rtp_rungs(struct ladder *l)
{
    struct judge *j = l->j;
    size_t open[8], num_open = 0, next = 0;
    for (size_t i = 0; i < j->num_rtp; i++) {
        const struct jrtp *p = &j->rtp[i];
        size_t k = 0;
        int interrupted = 0;
        while (next < j->num_sip && j->sip[next].frame < p->t->frame) {
            interrupted = 1;
            next++;
        }
        num_open = interrupted ? 0 : num_open;
        while (k < num_open &&
               !(cap_addr_equal(&l->v[open[k]].rtp->t->src, &p->t->src) &&
                 cap_addr_equal(&l->v[open[k]].rtp->t->dst, &p->t->dst) &&
                 l->v[open[k]].rtp->t->rtcp == p->t->rtcp &&
                 l->v[open[k]].rtp->key == p->key)) {
            k++;
        }
        if (k < num_open) {
            l->v[open[k]].packets++;
            continue;
        }
        struct rung *r =
            rung_add(l, p->t->frame, p->t->time_us, party_of(j, &p->t->src),
                     party_of(j, &p->t->dst), p->t->rtcp ? "RTCP" : "RTP");
        r->rtp = p;
        r->packets = 1;
        if (num_open < 8) {
            open[num_open++] = r->at;
        } else {
            open[7] = r->at;
        }
    }
}

static const char *rtp_label(struct judge *j, const struct rung *r)
{
    static const char *const keys[] = {"", ", content key", ", hop key",
                                       ", under no key that is known"};
    return j_printf(j, "%s, %zu packet%s%s", r->s.label, r->packets,
                    r->packets == 1 ? "" : "s", keys[r->rtp->key]);
}

static void take_ladder(struct judge *j, struct judge_result *r)
{
    struct ladder l = {.j = j};
    size_t max = j->num_sip + j->trace->num_mikey + j->num_rtp + 1;
    l.v = j_alloc(j, max * sizeof *l.v);
    if (l.v == NULL) {
        return;
    }
    sip_rungs(&l);
    rtp_rungs(&l);
    qsort(l.v, l.num, sizeof *l.v, rung_compare);
    struct judge_step *out = j_alloc(j, (l.num + 1) * sizeof *out);
    if (out == NULL) {
        return;
    }
    for (size_t i = 0; i < l.num; i++) {
        out[i] = l.v[i].s;
        if (l.v[i].rtp != NULL) {
            out[i].label = rtp_label(j, &l.v[i]);
        }
    }
    r->ladder = out;
    r->num_steps = l.num;
}

/* ---- without a plan
 * ------------------------------------------------------------------------ */

static enum judge_verdict party_verdict(const struct judge *j,
                                        const struct judge_party_result *p)
{
    if (p->failed > 0) {
        return JUDGE_FAIL;
    }
    if (p->inconclusive > 0 || (j->lossy && p->passed > 0)) {
        return JUDGE_INCONC;
    }
    return p->passed > 0 ? JUDGE_PASS : JUDGE_NONE;
}

static void count_party(struct judge_party_result *p,
                        const struct judge_finding *f)
{
    int remark = f->verdict == JUDGE_FAIL && f->level == JUDGE_SHOULD;
    int derived = f->verdict == JUDGE_FAIL &&
                  (f->level == JUDGE_DERIVED || f->level == JUDGE_SECURITY);
    p->passed += f->verdict == JUDGE_PASS || remark;
    p->inconclusive += f->verdict == JUDGE_INCONC || derived;
    p->failed += f->verdict == JUDGE_FAIL && !remark && !derived;
}

static void take_parties(struct judge *j, struct judge_result *r)
{
    struct judge_party_result *out =
        j_alloc(j, (j->num_parties + 1) * sizeof *out);
    if (out == NULL) {
        return;
    }
    for (size_t i = 0; i < j->num_parties; i++) {
        char text[CAP_ADDR_TEXT];
        const struct jparty *p = &j->parties[i];
        cap_addr_ip_text(text, &p->addr);
        out[i] = (struct judge_party_result){.role = p->role,
                                             .address =
                                                 j_strn(j, text, strlen(text)),
                                             .identity = p->identity};
    }
    for (size_t i = 0; i < j->num_findings; i++) {
        int p = j->findings[i]->party;
        if (p >= 0 && (size_t)p < j->num_parties) {
            count_party(&out[p], &j->findings[i]->f);
        }
    }
    for (size_t i = 0; i < j->num_parties; i++) {
        out[i].verdict = party_verdict(j, &out[i]);
    }
    r->parties = out;
    r->num_parties = j->num_parties;
}

static void sum_parties(struct judge *j, struct judge_result *r)
{
    size_t passed = 0, open = 0, failed = 0;
    for (size_t i = 0; i < r->num_findings; i++) {
        struct judge_party_result one = {0};
        count_party(&one, &r->findings[i]);
        passed += one.passed;
        open += one.inconclusive;
        failed += one.failed;
    }
    r->verdict = failed > 0                             ? JUDGE_FAIL
                 : open > 0 || (passed > 0 && j->lossy) ? JUDGE_INCONC
                 : passed > 0                           ? JUDGE_PASS
                                                        : JUDGE_NONE;
    r->reason =
        r->verdict == JUDGE_NONE
            ? "nothing that a law speaks about was seen"
            : j_printf(j,
                       "%zu findings failed, %zu inconclusive, %zu "
                       "passed%s%s",
                       failed, open, passed,
                       j->lossy ? "; the recording is incomplete: " : "",
                       j->lossy ? j->lossy_why : "");
}

struct judge_result *result_make(struct judge *j)
{
    struct judge_result *r = j_alloc(j, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->tp = j->tp != NULL ? j->tp : "";
    r->title = j->title != NULL ? j->title : "";
    r->role = j->role != NULL ? j->role : "";
    r->reason = "";
    for (size_t i = 0; i < 4; i++) {
        r->inputs[i].name = j->input_name[i];
        r->inputs[i].sha256 = j->input_sha256[i];
    }
    take_findings(j, r);
    take_exchanges(j, r);
    take_ladder(j, r);
    if (j->plan != NULL) {
        verdict_rows(j, r);
    } else {
        take_parties(j, r);
        sum_parties(j, r);
    }
    r->store = j;
    return j->err == STATUS_OK ? r : NULL;
}
