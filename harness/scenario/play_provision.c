/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Gives every party its addresses, identities and keys. */
#include "harness/scenario/play_int.h"

#include "capture/keylog.h"
#include "harness/base/mem.h"
#include "harness/base/text.h"

#include <string.h>

static json_t *pixit_object(const struct play *p)
{
    json_t *o = json_object();
    for (size_t i = 0; i < p->cfg->num_pixit; i++) {
        json_object_set_new(o, p->cfg->pixit[i].item,
                            json_string(p->cfg->pixit[i].value));
    }
    for (const struct ynode *c = p->scn->pixit != NULL ? p->scn->pixit->first
                                                       : NULL;
         c != NULL; c = c->next) {
        if (c->kind == YNODE_SCALAR) {
            json_object_set_new(o, c->key, json_string(c->scalar));
        }
    }
    return o;
}

/* The user part of "sip:user@host". */
static char *user_part(const char *identity)
{
    const char *colon = strchr(identity, ':');
    const char *u = colon != NULL ? colon + 1 : identity;
    return mem_strndup(u, strcspn(u, "@"));
}

static json_t *common(struct play *p, struct party *party)
{
    struct party *core = play_party(p, "CORE");
    struct party *kms = play_party(p, "KMS");
    char *user = user_part(party->identity);
    json_t *m = json_pack(
        "{s:s s:s s:s s:i s:s s:s s:s s:s s:I}", "verb", "provision", "role",
        party->role, "address", party->address, "sip_port", PLAY_SIP_PORT,
        "transport", play_pixit(p, "PX_TRANSPORT", "tcp"), "identity",
        party->identity, "user", user != NULL ? user : "", "password",
        party->psk, "seed",
        (json_int_t)((p->cfg->seed + (uint64_t)party->address[0] * 1000003u +
                      (uint64_t)(party - p->parties) * 7919u) &
                     0x7fffffff));
    mem_free(user);
    if (m == NULL) {
        return NULL;
    }
    json_object_set_new(m, "pixit", pixit_object(p));
    json_object_set_new(m, "params",
                        json_pack("[{s:s s:s}]", "domain", "example", "der",
                                  ynode_str(p->ibe, "params", "")));
    json_object_set_new(m, "toy",
                        json_boolean(ynode_int(p->ibe, "p_bits", 0) < 512));
    if (core != NULL && party != core) {
        char *o = mem_printf("%s:%d", core->address, PLAY_SIP_PORT);
        json_object_set_new(m, "outbound", json_string(o != NULL ? o : ""));
        mem_free(o);
    }
    if (kms != NULL && party != kms) {
        json_object_set_new(m, "kms",
                            json_pack("{s:s s:i s:s s:s s:s}", "address",
                                      kms->address, "port", PLAY_KMS_PORT,
                                      "identity", kms->identity, "psk_id",
                                      party->identity, "psk", party->psk));
    }
    if (strcmp(p->scn->role, "KMS") == 0) {
        /* Keys are what is asked for by the steps, not before. */
        json_object_set_new(m, "lazy_keys", json_true());
    }
    if (!party->is_iut) {
        json_object_set_new(m, "tester", json_true());
    }
    if (p->taps) {
        json_object_set_new(m, "tap", json_true());
    }
    if (p->cfg->fault != NULL && party->is_iut) {
        json_object_set_new(m, "fault", json_string(p->cfg->fault));
    }
    return m;
}

/* The days for which keys are issued: today, tomorrow if it is near, and what
 * the scenario asks for with PX_DAYS_BACK. */
static json_t *dates(struct play *p)
{
    json_t *list = json_array();
    uint64_t now = env_now_us(&p->env);
    int back = atoi(play_pixit(p, "PX_DAYS_BACK", "0"));
    char day[9];
    for (int i = back; i > 0; i--) {
        utc_date(day, now - (uint64_t)i * 86400000000ull);
        json_array_append_new(list, json_string(day));
    }
    utc_date(day, now);
    json_array_append_new(list, json_string(day));
    char later[9];
    utc_date(later, now + 600000000ull);
    if (strcmp(day, later) != 0) {
        json_array_append_new(list, json_string(later));
    }
    return list;
}

static void add_role(struct play *p, struct party *party, json_t *m)
{
    struct party *b = play_party(p, "B");
    struct party *mb = play_party(p, "MB");
    if (strcmp(party->role, "MB") == 0) {
        char *store = mem_printf("%s/store", p->cfg->out);
        json_object_set_new(m, "store",
                            json_string(store != NULL ? store : ""));
        mem_free(store);
        json_object_set_new(m, "account",
                            json_string("sip:bob@home-b.example"));
        json_object_set_new(m, "vm_uri",
                            json_string(play_pixit(
                                p, "PX_VM_URI", "sip:vm@vm.home-b.example")));
    }
    if (strcmp(party->role, "KMS") == 0) {
        json_t *users = json_array();
        for (size_t i = 0; i < p->num_parties; i++) {
            const struct party *u = &p->parties[i];
            if (u->identity[0] == '\0' || u == party) {
                continue;
            }
            json_t *ids = json_pack("[s]", u->identity);
            if (strcmp(u->role, "MB") == 0 && !u->is_iut && b != NULL &&
                !party->is_iut) {
                /* As a tester it may answer in B's place; a KMS under test is
                 * told the truth. */
                json_array_append_new(ids, json_string(b->identity));
            }
            json_array_append_new(users, json_pack("{s:s s:s s:o}", "psk_id",
                                                   u->identity, "psk", u->psk,
                                                   "identities", ids));
        }
        json_object_set_new(m, "users", users);
        json_object_set_new(m, "port", json_integer(PLAY_KMS_PORT));
        json_object_set_new(m, "dates", dates(p));
        json_object_set_new(m, "master",
                            json_string(ynode_str(p->ibe, "master", "")));
    }
    if (strcmp(party->role, "CORE") == 0) {
        json_t *users = json_array();
        for (size_t i = 0; i < p->num_parties; i++) {
            const struct party *u = &p->parties[i];
            if (u->identity[0] != '\0' && strcmp(u->role, "KMS") != 0) {
                json_t *row =
                    json_pack("{s:s s:s s:s s:i s:s}", "role", u->role,
                              "identity", u->identity, "address", u->address,
                              "port", PLAY_SIP_PORT, "password", u->psk);
                json_array_append_new(users, row);
            }
        }
        json_object_set_new(m, "users", users);
        if (mb != NULL) {
            json_object_set_new(
                m, "mailbox",
                json_pack(
                    "{s:s s:s s:s s:i}", "account",
                    b != NULL ? b->identity : "sip:bob@home-b.example", "uri",
                    play_pixit(p, "PX_VM_URI", "sip:vm@vm.home-b.example"),
                    "address", mb->address, "port", PLAY_SIP_PORT));
        }
        json_object_set_new(
            m, "no_reply_ms",
            json_integer(atoi(play_pixit(p, "PX_NO_REPLY_MS", "200"))));
    }
}

static enum status write_keys(struct play *p, char why[512])
{
    const char *params = ynode_str(p->ibe, "params", "");
    const char *master = ynode_str(p->ibe, "master", "");
    uint8_t der[4096];
    uint8_t s[128];
    struct view vd = {der, 0};
    struct view vs = {s, 0};
    if (hex_decode(der, sizeof der, &vd.len, params, strlen(params)) ||
        hex_decode(s, sizeof s, &vs.len, master, strlen(master))) {
        snprintf(why, 512, "%s: 'params' and 'master' must be hex",
                 p->cfg->ibe);
        return STATUS_SYNTAX;
    }
    keylog_append(p->keys_path, KEYLOG_IBE_MASTER, vd, vs);
    struct view domain = {(const uint8_t *)"example", 7};
    enum status st = keylog_append(p->keys_path, KEYLOG_IBE_PARAMS, domain, vd);
    for (size_t i = 0; st == STATUS_OK && i < p->num_parties; i++) {
        const struct party *u = &p->parties[i];
        uint8_t psk[16];
        size_t n = 0;
        if (u->identity[0] != '\0' &&
            hex_decode(psk, sizeof psk, &n, u->psk, 32) == STATUS_OK) {
            st = keylog_append(p->keys_path, KEYLOG_PSK,
                               (struct view){(const uint8_t *)u->identity,
                                             strlen(u->identity)},
                               (struct view){psk, n});
        }
    }
    if (st != STATUS_OK) {
        snprintf(why, 512, "cannot write %s", p->keys_path);
    }
    return st;
}

int play_provision_one(struct play *p, struct party *party)
{
    json_t *m = common(p, party);
    if (m == NULL) {
        return 0;
    }
    add_role(p, party, m);
    char what[64];
    snprintf(what, sizeof what, "provision %s", party->role);
    return play_send(p, party, m, what, 20000);
}

/* A party that cannot be provisioned stops the run: nothing could be learnt. A
 * party under test is given the benefit of going on: silence is what some tests
 * are for. */
static enum status check(struct play *p, int from, char why[512])
{
    for (size_t i = 0; i < p->num_requests; i++) {
        const struct request *r = &p->requests[i];
        if (r->id < from || (r->answer != NULL &&
                             json_is_true(json_object_get(r->answer, "ok")))) {
            continue;
        }
        const char *text = json_string_value(json_object_get(r->answer, "why"));
        evidence_add(p, json_pack("{s:s s:s s:s s:s}", "kind", "step-failed",
                                  "role", r->party->role, "verb", "provision",
                                  "why", text != NULL ? text : "no answer"));
        if (!r->party->is_iut) {
            snprintf(why, 512, "%s cannot be provisioned: %s (see %s/%s.log)",
                     r->party->role, text != NULL ? text : "no answer",
                     p->cfg->out, r->party->role);
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

enum status play_provision(struct play *p, char why[512])
{
    enum status st = write_keys(p, why);
    /* KMS and core first: the others talk to them. */
    static const char *const first[] = {"KMS", "CORE"};
    int from = p->next_id + 1;
    for (size_t k = 0; k < 2 && st == STATUS_OK; k++) {
        struct party *party = play_party(p, first[k]);
        if (party != NULL && !party->listen_only) {
            play_provision_one(p, party);
        }
    }
    play_wait(p, from, 0);
    st = st != STATUS_OK ? st : check(p, from, why);
    from = p->next_id + 1;
    for (size_t i = 0; i < p->num_parties && st == STATUS_OK; i++) {
        struct party *party = &p->parties[i];
        if (strcmp(party->role, "KMS") != 0 &&
            strcmp(party->role, "CORE") != 0 && !party->listen_only) {
            play_provision_one(p, party);
        }
    }
    play_wait(p, from, 0);
    return st != STATUS_OK ? st : check(p, from, why);
}
